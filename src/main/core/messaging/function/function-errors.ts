import { relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'
import { Unsayable } from './function-answer.ts'

/** Characters of a thrown text that are passed on. */
const longest = 240

/** What was thrown, with file and line of the function where they are known: the end of a sentence. */
export function thrownIn(error: unknown, release: string): string {
  try {
    return tellThrown(error, release)
  } catch {
    return 'it threw something that cannot be looked at'
  }
}

/** Throws where what was thrown does: it is the function's own, and may do anything when it is looked at. */
function tellThrown(error: unknown, release: string): string {
  if (error instanceof Unsayable) return error.message
  if (!(error instanceof Error))
    return `it threw ${cut(typeof error === 'string' ? JSON.stringify(error) : String(error))}`
  const place = placeIn(String(error.stack ?? ''), release)
  const access = 'code' in error && error.code === 'ERR_ACCESS_DENIED'
  const message = access
    ? 'a function may read what lies in the release, and do nothing else to files and programs'
    : error.message
  return `${cut(`${error.name}: ${message}`)}${place === null ? '' : ` (${place})`}`
}

/** Why files of a function cannot be loaded: the end of a sentence. */
export function unloadable(error: unknown, release: string, sources: ReadonlyMap<string, string>): string {
  if (!(error instanceof Error)) return thrownIn(error, release)
  if ('code' in error && (error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND')) {
    // That the program of the process wanted it says nothing to anybody.
    const message = error.message.replaceAll(`${release}${sep}`, '').replace(/ imported from [\\/].*$/, '')
    return cut(message.replace(/^Cannot find/, 'cannot find'))
  }
  // The runtime does not say where a module cannot be read, so it is looked for.
  if (error instanceof SyntaxError && placeIn(String(error.stack ?? ''), release) === null) {
    for (const [url, source] of [...sources].reverse()) {
      const line = badLineOf(source)
      if (line !== null) return `${cut(`SyntaxError: ${error.message}`)} (${nameOf(url, release)}, line ${line})`
    }
  }
  return thrownIn(error, release)
}

/** Name of a file as the site knows it. */
export function nameOf(url: string, release: string): string {
  return relative(release, fileURLToPath(url))
}

/** The first place of a stack that lies in the site. */
function placeIn(stack: string, release: string): string | null {
  for (const [, url, line] of stack.matchAll(/(file:\/\/[^\s():]+|\/[^\s():]+):(\d+)/g)) {
    if (url === undefined) continue
    const path = url.startsWith('file:') ? fileURLToPath(url) : url
    if (path.startsWith(release + sep)) return `${relative(release, path)}, line ${line}`
  }
  return null
}

/** The line at which a module stops making sense, told by reading it as a script: its imports and exports are blanked out first. */
function badLineOf(source: string): number | null {
  const blank = (text: string) => text.replaceAll(/[^\n]/g, ' ')
  const script = source
    .replaceAll(/^\s*import\b[^;'"(]*?(?:from\s*)?(['"])[^'"\n]*\1(?:\s*with\s*\{[^}]*\})?/gm, blank)
    .replaceAll(/^\s*export\s*(?:\*[^;\n]*|\{[^}]*\}(?:\s*from\s*(['"])[^'"\n]*\1)?)/gm, blank)
    .replaceAll(/^(\s*)export\s+default\b/gm, '$1(0),')
    .replaceAll(/^(\s*)export\b/gm, '$1')
  const last = source.trimEnd().split('\n').length
  try {
    new Script(`async () => {${script}\n}`, { filename: 'function' })
    return null
  } catch (error) {
    const [, line] = /^function:(\d+)/.exec(error instanceof Error ? String(error.stack) : '') ?? []
    return line === undefined ? null : Math.min(Number(line), last)
  }
}

function cut(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}
