import { shownKey } from '#shared/path-key.ts'

const mostWritten = 20

/** The command for a restore. Names that a shell cannot be given as text are left to the screen. */
export function restoreCommand(snapshot: string, paths: readonly string[] | null): string {
  return `wheelhouse restore ${snapshot}${writtenPaths(paths)}`
}

/** Paths as words behind a command, a space before each. */
export function writtenPaths(paths: readonly string[] | null): string {
  if (paths === null) return ''
  const written = paths.slice(0, mostWritten).map((path) => ` ${quoted(shownKey(path))}`)
  return `${written.join('')}${paths.length > mostWritten ? ' …' : ''}`
}

/** A word of a shell's line. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
