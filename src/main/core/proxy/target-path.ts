/** A path to call, or why it is not called. */
export type TargetPath = { readonly ok: true; readonly path: string } | { readonly ok: false; readonly why: string }

/**
 * The path to ask the other side for: its base with what the caller added. What the caller added never leads out of the base
 * and never names another host: it is joined as text, and `.` and `..` are refused in every spelling.
 * `base` begins with a slash or is empty; `rest` is empty or begins with `/` or `?`.
 */
export function targetPath(base: string, rest: string): TargetPath {
  if (rest !== '' && rest[0] !== '/' && rest[0] !== '?') return refused('it does not follow the address that was given')
  const [path = '', ...query] = rest.split('?')
  if ([...rest].some((letter) => letter <= ' ' || '\\#\u007f'.includes(letter)))
    return refused('it holds a character that no address may hold')
  const names = unescaped(path)
  if (names === null) return refused('it holds an escape (%) that is none')
  // Some servers unescape before they resolve dots, so every spelling counts.
  const dotted = names.split(/[/\\;]/).some((name) => name === '.' || name === '..')
  if (dotted) return refused('it holds “.” or “..”, which could lead out of the configured address')
  const joined = `${base}${path}` || '/'
  return { ok: true, path: query.length > 0 ? `${joined}?${query.join('?')}` : joined }
}

function refused(why: string): TargetPath {
  return { ok: false, why: `The path is not passed on: ${why}.` }
}

/** Unescaped until nothing changes, a few times at most; null when it cannot be. */
function unescaped(path: string): string | null {
  let text = path
  try {
    for (let round = 0; round < 4; round++) {
      const next = decodeURIComponent(text)
      if (next === text) return text
      text = next
    }
  } catch {
    return text === path ? null : text // a literal percent sign that was escaped
  }
  return null
}
