import { ConsoleError } from '#shared/problem.ts'

/** An archive that cannot be read. `why` ends the sentence: "it ends in the middle". */
export function archiveDamaged(why: string): ConsoleError {
  return new ConsoleError(
    'archive-damaged',
    `The archive cannot be read: ${why}.`,
    'Copy it again from where it came from, and check that it is a .tar.gz or .zip file.',
    { params: { why } },
  )
}

/** An archive that can be read and must not be used. */
export function archiveRefused(why: string): ConsoleError {
  return new ConsoleError(
    'archive-refused',
    `The archive was refused: ${why}. Nothing of it was kept.`,
    'Do not use it unless you know where it comes from; look into it with tar -tvf or unzip -l.',
    { params: { why } },
  )
}

/** A name out of an archive for people: bytes that are not UTF-8 and control characters shown as marks. */
export function shown(name: Buffer): string {
  return name.toString('utf8').replace(/\p{Cc}/gu, '\ufffd')
}
