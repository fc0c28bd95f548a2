/**
 * Paths as bytes. A file's name on Linux is any bytes but `/` and NUL; as text, names that are not UTF-8 would be lost.
 */
const slash = Buffer.from('/')

export function joinRaw(folder: Buffer, name: Buffer): Buffer {
  return folder.length === 0 ? name : Buffer.concat([folder, slash, name])
}

/** A path for people and for glob patterns: bytes that are not UTF-8 and control characters shown as marks. */
export function shown(path: Buffer): string {
  return path.toString('utf8').replace(/\p{Cc}/gu, '\ufffd')
}

/** A key for maps: one character for each byte, so that nothing is lost. */
export function rawKey(path: Buffer): string {
  return path.toString('latin1')
}

/** The same bytes again. */
export function fromRawKey(key: string): Buffer {
  return Buffer.from(key, 'latin1')
}
