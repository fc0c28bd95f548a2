import { shownKey } from '#shared/path-key.ts'
import { shellWord } from '#shared/shell-word.ts'

const mostWritten = 20

/** The command for a restore. Names that a shell cannot be given as text are left to the screen. */
export function restoreCommand(snapshot: string, paths: readonly string[] | null): string {
  return `wheelhouse restore ${snapshot}${writtenPaths(paths)}`
}

/** Paths as words behind a command, a space before each. */
export function writtenPaths(paths: readonly string[] | null): string {
  if (paths === null) return ''
  const written = paths.slice(0, mostWritten).map((path) => ` ${shellWord(shownKey(path))}`)
  return `${written.join('')}${paths.length > mostWritten ? ' …' : ''}`
}
