import { ConsoleError } from '#shared/problem.ts'

/** What systems and SQLite say when a disk does not do its part. SQLite's codes may be longer: SQLITE_IOERR_WRITE. */
const words: readonly (readonly [RegExp, string])[] = [
  [/^(ENOSPC|EDQUOT|SQLITE_FULL)/, 'the disk is full'],
  [/^(EIO|SQLITE_IOERR)/, 'the disk reported an error while it was read or written'],
  [/^(EACCES|EPERM|SQLITE_PERM|SQLITE_AUTH)/, 'this user may not read or write there'],
  [/^(EROFS|SQLITE_READONLY)/, 'the disk can only be read'],
  [
    /^(ENODEV|ENXIO|ENOTCONN|ESTALE|EHOSTDOWN|EHOSTUNREACH|ETIMEDOUT)/,
    'the disk does not answer; it may have been unplugged',
  ],
  [/^(ENOENT|ENOTDIR|SQLITE_CANTOPEN)/, 'a file or folder that belongs there cannot be opened'],
  [/^(ENAMETOOLONG|ELOOP)/, 'a path in it is longer than this system allows'],
  [/^(EMFILE|ENFILE)/, 'too many files are open on this machine'],
]

/** Why a disk did not do its part, from the code of the system or of SQLite; undefined for any other code. */
export function diskWords(code: string): string | undefined {
  return words.find(([pattern]) => pattern.test(code))?.[1]
}

/** The error of a disk as a problem that says what, where and why; anything else as it is. `what`: "The work on the backups". */
export function diskProblem(error: unknown, what: string): unknown {
  if (!(error instanceof Error) || error instanceof ConsoleError || !('code' in error)) return error
  const code = String(error.code)
  const why = diskWords(code)
  if (why === undefined) return error
  const path = 'path' in error && typeof error.path === 'string' ? error.path : null
  return new ConsoleError(
    'disk-failed',
    `${what} stopped because ${why}${path === null ? '' : `: ${path}`} (${code}).`,
    'Check the disk of the site and that of the backups: connection, rights, free space, and the log of the system. Then try again.',
    { params: { code, path }, retryable: true, cause: error },
  )
}
