import { createHash } from 'node:crypto'
import { ConsoleError } from '#shared/problem.ts'
import { masterKeyLength } from './master-key.ts'

/**
 * The master key in letters for people: nine rows of eight characters of Crockford's base 32 (no I, L, O, U). Each of the
 * first eight carries four bytes of the key and a check byte of its own, so that a slip is found with its row; the ninth is
 * a check over the key and the repository's id, so that the kit of other backups is told from a slip.
 */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const rowLength = 8
const rowCount = 9

/** The rows, such as `K7QD-9MXA`. */
export function recoveryRows(master: Buffer, repository: string): readonly string[] {
  if (master.length !== masterKeyLength) throw new Error('a master key has 32 bytes')
  const rows: string[] = []
  for (let row = 0; row < rowCount - 1; row++) {
    const bytes = master.subarray(row * 4, row * 4 + 4)
    rows.push(letters(Buffer.concat([bytes, rowCheck(row, bytes)])))
  }
  return [...rows, letters(wholeCheck(master, repository))]
}

/** Whether a text is meant as a recovery key rather than as a passphrase: about as long, of its letters only. */
export function looksLikeRecoveryKey(text: string): boolean {
  const plain = squeezed(keyPart(text))
  return (plain.length >= rowLength * (rowCount - 1) && /^[0-9A-Z]+$/.test(plain)) || hasMark(text)
}

/**
 * Reads a recovery key that was typed in, or the file of a recovery kit. Case, spaces, hyphens and the numbers of rows do
 * not matter; O is read as 0, I and L as 1. Throws `kit-unreadable`, naming the row, or `kit-of-another-repository`.
 */
export function readRecoveryKey(text: string, repository: string): Buffer {
  const rows = rowsOf(keyPart(text))
  const master = Buffer.alloc(masterKeyLength)
  for (let row = 0; row < rowCount - 1; row++) {
    const bytes = bytesOf(rows[row] ?? '')
    if (!bytes?.subarray(4).equals(rowCheck(row, bytes.subarray(0, 4)))) throw slip(row + 1)
    bytes.copy(master, row * 4, 0, 4)
  }
  const last = bytesOf(rows[rowCount - 1] ?? '')
  if (!last) throw slip(rowCount)
  if (last.equals(wholeCheck(master, repository))) return master
  throw new ConsoleError(
    'kit-of-another-repository',
    'The recovery key was typed without a slip in its first eight rows, but it does not belong to these backups, or its last row is wrong.',
    `Compare the last row. If it is right, this is the kit of other backups: these are ${repository}, which the kit must name too.`,
    { params: { repository } },
  )
}

const mark = 'data-recovery-key'
/** The element of a kit's page that holds the rows. */
export const recoveryKeyMark = mark

function hasMark(text: string): boolean {
  return text.includes(mark)
}

/** What lies between the marks of a kit's page; a text without marks as it is. */
function keyPart(text: string): string {
  if (!hasMark(text)) return text
  const inner = new RegExp(`${mark}[^>]*>([\\s\\S]{0,4000}?)</pre>`).exec(text)?.[1] ?? ''
  return inner.replace(/<[^>]*>/g, ' ')
}

function rowsOf(text: string): readonly string[] {
  const plain = squeezed(text)
  if (plain.length !== rowLength * rowCount) {
    // Told by rows where the text has any: "row 4 has 7 characters".
    const lines = text.split(/\r?\n/).map(squeezed).filter(Boolean)
    const odd = lines.findIndex((line) => line.length !== rowLength)
    if (lines.length > 1 && odd >= 0) throw slip(odd + 1)
    throw new ConsoleError(
      'kit-unreadable',
      `The recovery key has nine rows of eight characters, 72 in all; what was given has ${plain.length}.`,
      'Type all nine rows as they stand in the kit. Spaces and hyphens do not matter.',
      { params: { characters: plain.length } },
    )
  }
  return Array.from({ length: rowCount }, (_, row) => plain.slice(row * rowLength, (row + 1) * rowLength))
}

/** Without numbers of rows, spaces and hyphens, and with the letters that are not used read as those they look like. */
function squeezed(text: string): string {
  return text
    .slice(0, 8_000)
    .replace(/(^|\s)\d\s*[.:)](?=\s)/g, ' ')
    .replace(/[\s\-–—_]/g, '')
    .toUpperCase()
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1')
}

function letters(bytes: Buffer): string {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  let text = ''
  for (let at = 0; at < rowLength; at++) {
    text = alphabet.charAt(Number(value & 31n)) + text
    value >>= 5n
  }
  return `${text.slice(0, 4)}-${text.slice(4)}`
}

function bytesOf(row: string): Buffer | undefined {
  let value = 0n
  for (const letter of row) {
    const digit = alphabet.indexOf(letter)
    if (digit < 0) return undefined
    value = (value << 5n) | BigInt(digit)
  }
  const bytes = Buffer.alloc(5)
  bytes.writeUIntBE(Number(value), 0, 5)
  return row.length === rowLength ? bytes : undefined
}

function rowCheck(row: number, bytes: Buffer): Buffer {
  return createHash('sha256').update('wheelhouse row ').update(Uint8Array.of(row)).update(bytes).digest().subarray(0, 1)
}

function wholeCheck(master: Buffer, repository: string): Buffer {
  return createHash('sha256').update('wheelhouse kit ').update(repository).update(master).digest().subarray(0, 5)
}

function slip(row: number): ConsoleError {
  return new ConsoleError(
    'kit-unreadable',
    `Row ${row} of the recovery key is not right.`,
    'Compare it with the kit letter by letter; there is no I, L, O or U in it.',
    { params: { row } },
  )
}
