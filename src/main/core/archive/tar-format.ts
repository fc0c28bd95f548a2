/**
 * Headers of tar archives: ustar (POSIX.1-1988) with extended headers (pax, POSIX.1-2001). Names are bytes. Pure.
 */
export const blockSize = 512

export interface TarEntry {
  /** As written in the archive; of folders without the slash at the end. */
  readonly path: Buffer
  readonly type: 'file' | 'folder' | 'link' | 'hard'
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly user: string
  readonly group: string
  readonly size: number
  /** Nanoseconds since 1970. */
  readonly mtime: bigint
  /** Where a link leads, or the first name of a hard link. */
  readonly target: Buffer
}

const flags = { file: '0', hard: '1', link: '2', folder: '5' } as const
const largest = 0o77777777777
const largestId = 0o7777777

/** The header of an entry, an extended one before it. */
export function encodeTarHeader(entry: TarEntry): Buffer {
  const path = entry.type === 'folder' ? Buffer.concat([entry.path, Buffer.from('/')]) : entry.path
  const records: [string, Buffer][] = [['mtime', Buffer.from(seconds(entry.mtime))]]
  if (path.length > 100) records.push(['path', path])
  if (entry.target.length > 100) records.push(['linkpath', entry.target])
  if (entry.size > largest) records.push(['size', Buffer.from(String(entry.size))])
  if (entry.uid > largestId) records.push(['uid', Buffer.from(String(entry.uid))])
  if (entry.gid > largestId) records.push(['gid', Buffer.from(String(entry.gid))])
  for (const [name, text] of [
    ['uname', entry.user],
    ['gname', entry.group],
  ] as const) {
    if (Buffer.byteLength(text) > 31) records.push([name, Buffer.from(text)])
  }
  const raw = records.some(([, value]) => !isText(value))
  if (raw) records.unshift(['hdrcharset', Buffer.from('BINARY')])
  return Buffer.concat([encodePax('x', records), header({ ...entry, path }, flags[entry.type])])
}

/** Records that are true of the whole archive. */
export function encodeTarComment(records: Readonly<Record<string, string>>): Buffer {
  return encodePax(
    'g',
    Object.entries(records).map(([name, text]) => [name, Buffer.from(text)]),
  )
}

/** Zeros up to the next block. */
export function padding(size: number): Buffer {
  return Buffer.alloc((blockSize - (size % blockSize)) % blockSize)
}

export const tarEnd = Buffer.alloc(2 * blockSize)

function encodePax(flag: 'x' | 'g', records: readonly (readonly [string, Buffer])[]): Buffer {
  const content = Buffer.concat(records.map(([name, value]) => paxRecord(name, value)))
  const entry = {
    path: Buffer.from('PaxHeader'),
    mode: 0o644,
    uid: 0,
    gid: 0,
    user: '',
    group: '',
    size: content.length,
    mtime: 0n,
    target: Buffer.alloc(0),
  }
  return Buffer.concat([header(entry, flag), content, padding(content.length)])
}

/** Its length in decimal, which counts itself, a space, name, "=", value, a line break. */
function paxRecord(name: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${name}=`), value, Buffer.from('\n')])
  let length = rest.length
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length
  return Buffer.concat([Buffer.from(String(length)), rest])
}

function header(entry: Omit<TarEntry, 'type'>, flag: string): Buffer {
  const block = Buffer.alloc(blockSize)
  entry.path.copy(block, 0, 0, 100)
  octal(block, 100, 8, entry.mode)
  octal(block, 108, 8, Math.min(entry.uid, largestId))
  octal(block, 116, 8, Math.min(entry.gid, largestId))
  octal(block, 124, 12, Math.min(entry.size, largest))
  octal(block, 136, 12, Math.max(0, Math.min(Number(entry.mtime / 1_000_000_000n), largest)))
  block.write(flag, 156, 'latin1')
  entry.target.copy(block, 157, 0, 100)
  block.write('ustar\u000000', 257, 'latin1')
  Buffer.from(entry.user).copy(block, 265, 0, 31)
  Buffer.from(entry.group).copy(block, 297, 0, 31)
  octal(block, 148, 7, checksum(block))
  block[155] = 0x20
  return block
}

function octal(block: Buffer, at: number, width: number, value: number): void {
  block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1')
}

/** The sum of all bytes, its own field taken as spaces. */
export function checksum(block: Buffer): number {
  let sum = 8 * 0x20
  for (let at = 0; at < blockSize; at++) if (at < 148 || at >= 156) sum += block[at] ?? 0
  return sum
}

function seconds(nanoseconds: bigint): string {
  const negative = nanoseconds < 0n
  const value = negative ? -nanoseconds : nanoseconds
  const fraction = (value % 1_000_000_000n).toString().padStart(9, '0')
  return `${negative ? '-' : ''}${value / 1_000_000_000n}.${fraction}`
}

function isText(value: Buffer): boolean {
  return Buffer.from(value.toString('utf8')).equals(value)
}

/** What a header block says, before extended headers are applied; null for a block of zeros. Undefined when it is no header. */
export interface RawHeader extends Omit<TarEntry, 'type'> {
  readonly flag: string
}

export function decodeTarHeader(block: Buffer): RawHeader | null | undefined {
  if (block.every((byte) => byte === 0)) return null
  if (number(block, 148, 8) !== checksum(block)) return undefined
  const ustar = block.toString('latin1', 257, 262) === 'ustar'
  const prefix = ustar && block[262] === 0 ? text(block, 345, 155) : Buffer.alloc(0)
  const name = text(block, 0, 100)
  return {
    path: prefix.length > 0 ? Buffer.concat([prefix, Buffer.from('/'), name]) : name,
    flag: block.toString('latin1', 156, 157).replace('\0', '0'),
    mode: number(block, 100, 8) & 0o7777,
    uid: number(block, 108, 8),
    gid: number(block, 116, 8),
    size: number(block, 124, 12),
    mtime: BigInt(number(block, 136, 12)) * 1_000_000_000n,
    target: text(block, 157, 100),
    user: ustar ? text(block, 265, 32).toString('utf8') : '',
    group: ustar ? text(block, 297, 32).toString('utf8') : '',
  }
}

/** The records of an extended header; undefined when they are none. */
export function decodePax(content: Buffer): ReadonlyMap<string, Buffer> | undefined {
  const records = new Map<string, Buffer>()
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at)
    const length = space < 0 ? Number.NaN : Number(content.toString('latin1', at, space))
    if (!Number.isInteger(length) || length < space - at + 3 || at + length > content.length) return undefined
    if (content[at + length - 1] !== 0x0a) return undefined
    const equals = content.indexOf(0x3d, space)
    if (equals < 0 || equals >= at + length) return undefined
    records.set(content.toString('utf8', space + 1, equals), content.subarray(equals + 1, at + length - 1))
    at += length
  }
  return records
}

/** A header with the records that came before it. Undefined where a record makes no sense. */
export function withPax(header: RawHeader, records: ReadonlyMap<string, Buffer>): RawHeader | undefined {
  const said = (name: string) => records.get(name)?.toString('utf8')
  const whole = (name: string, otherwise: number) => (records.has(name) ? Number(said(name)) : otherwise)
  const time = said('mtime')
  const mtime = time === undefined ? header.mtime : nanoseconds(time)
  const found = {
    ...header,
    path: records.get('path') ?? header.path,
    target: records.get('linkpath') ?? header.target,
    size: whole('size', header.size),
    uid: whole('uid', header.uid),
    gid: whole('gid', header.gid),
    user: said('uname') ?? header.user,
    group: said('gname') ?? header.group,
  }
  const whole64 = [found.size, found.uid, found.gid].every((value) => Number.isSafeInteger(value) && value >= 0)
  return mtime === undefined || !whole64 ? undefined : { ...found, mtime }
}

function nanoseconds(text: string): bigint | undefined {
  const [, sign, whole = '0', fraction = ''] = /^(-?)(\d{1,12})(?:\.(\d*))?$/.exec(text) ?? []
  if (sign === undefined) return undefined
  const value = BigInt(whole) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
  return sign === '-' ? -value : value
}

function text(block: Buffer, at: number, width: number): Buffer {
  const field = block.subarray(at, at + width)
  const end = field.indexOf(0)
  return Buffer.from(end < 0 ? field : field.subarray(0, end))
}

/** Octal digits, or a number of base 256 as GNU tar writes what has no room. */
function number(block: Buffer, at: number, width: number): number {
  const first = block[at] ?? 0
  if (first & 0x80) {
    let value = BigInt(first & 0x7f)
    for (let next = at + 1; next < at + width; next++) value = (value << 8n) | BigInt(block[next] ?? 0)
    return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.NaN : Number(value)
  }
  const digits = block
    .toString('latin1', at, at + width)
    .replace(/[\0 ]+$/, '')
    .trim()
  return digits === '' ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN
}
