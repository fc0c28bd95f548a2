/**
 * The first bytes of a payload as a column list: read as bytes, as SQLite's functions of text end at a NUL, which a payload may hold
 * (https://sqlite.org/nulinstr.html).
 */
export function firstBytes(most: number): string {
  return `substr(CAST(payload AS BLOB), 1, ${most}) AS payload, typeof(payload) = 'text' AS isText`
}

/** What {@link firstBytes} read. */
export interface FirstBytes {
  /** Null: it is empty. */
  readonly payload: Uint8Array | null
  readonly isText: number
}

/** As it is shown: text when it is that, without a character that the cut has split; else hex. */
export function shownFirst({ payload, isText }: FirstBytes): {
  readonly payload: string
  readonly encoding: 'utf8' | 'hex'
} {
  const bytes = payload ?? new Uint8Array(0)
  return isText === 0
    ? { payload: Buffer.from(bytes).toString('hex'), encoding: 'hex' }
    : { payload: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: true }), encoding: 'utf8' }
}
