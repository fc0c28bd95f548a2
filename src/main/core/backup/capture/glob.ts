/**
 * A glob pattern as a test on paths below the site folder, written with `/`. `*` and `?` stay within one name, `**` spans
 * any number of folders, `[abc]` and `{a,b}` choose. A pattern is anchored at the site folder: `**\/cache` finds every
 * `cache`, `cache` only the topmost. What lies in a folder that matches is matched with it, because it is not entered.
 */
export function globTest(pattern: string): (path: string) => boolean {
  const expression = new RegExp(`^${translate(pattern.replace(/^\.?\//, '').replace(/\/+$/, ''))}$`, 'su')
  return (path) => expression.test(path)
}

/** A pattern that matches exactly this path. */
export function globText(path: string): string {
  return path.replace(/[*?[{]/g, '[$&]')
}

function translate(pattern: string): string {
  let result = ''
  let braces = 0
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at)
    const set = character === '[' ? /^\[([!^]?)([^\]/]+)\]/.exec(pattern.slice(at)) : null
    if (set) {
      result += `[${set[1] ? '^' : ''}${(set[2] ?? '').replace(/[\\\]^[&~]/g, '\\$&')}]`
      at += set[0].length - 1
    } else if (pattern.startsWith('**/', at)) {
      result += '(?:[^/]+/)*'
      at += 2
    } else if (pattern.startsWith('**', at)) {
      result += '.*'
      at += 1
    } else if (character === '*') result += '[^/]*'
    else if (character === '?') result += '[^/]'
    else if (character === '{' && pattern.includes('}', at)) {
      braces++
      result += '(?:'
    } else if (character === '}' && braces > 0) {
      braces--
      result += ')'
    } else if (character === ',' && braces > 0) result += '|'
    else result += character.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  }
  return result + ')'.repeat(braces)
}
