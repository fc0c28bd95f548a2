import { archiveDamaged, archiveRefused, shown } from './archive-problems.ts'

/** Bytes of the file from a position on; fewer only at its end. */
export type ReadAt = (position: number, length: number) => Promise<Buffer>

/** An entry as the central directory of a zip tells of it. */
export interface ZipEntry {
  /** As written; of folders with the slash at the end. */
  readonly name: Buffer
  /** 0: as it is, 8: deflate. */
  readonly method: number
  readonly crc: number
  readonly compressed: number
  readonly size: number
  /** Of its local header in the file. */
  readonly at: number
  /** Type and rights of Unix; null when it was made on another system. */
  readonly unixMode: number | null
}

const endSize = 22
const endMark = 0x06054b50
const wideLocatorMark = 0x07064b50
const wideEndMark = 0x06064b50
const entryMark = 0x02014b50
const entrySize = 46
/** More than any release lists; a directory is held in memory. */
const mostDirectory = 256 * 1024 * 1024
const full32 = 0xffffffff

/**
 * Reads the central directory (PKWARE APPNOTE 6.3.10, 4.3). Rejects with `archive-damaged` for what is no whole zip, and with
 * `archive-refused` for what is encrypted, spread over several files, packed in another way, or where entries overlap.
 */
export async function readZipDirectory(
  fileSize: number,
  readAt: ReadAt,
  mostEntries: number,
): Promise<readonly ZipEntry[]> {
  const { entries, size, at } = await findDirectory(fileSize, readAt)
  if (entries > mostEntries) throw archiveRefused(`it holds more than ${mostEntries} entries`)
  if (at + size > fileSize) throw archiveDamaged('its directory lies behind its end')
  if (size > mostDirectory) throw archiveRefused(`its directory has ${size} bytes`)
  const directory = await readAt(at, size)
  const found: ZipEntry[] = []
  for (let position = 0; found.length < entries; ) {
    if (position + entrySize > directory.length || directory.readUInt32LE(position) !== entryMark)
      throw archiveDamaged('its directory ends in the middle')
    const { entry, next } = readEntry(directory, position)
    found.push(entry)
    position = next
  }
  assertApart(found, at)
  return found
}

async function findDirectory(fileSize: number, readAt: ReadAt) {
  const tail = await readAt(Math.max(0, fileSize - endSize - 0xffff), endSize + 0xffff)
  const from = fileSize - tail.length
  for (let at = tail.length - endSize; at >= 0; at--) {
    // The comment must fill the rest exactly, so that nothing can pretend to be the end.
    if (tail.readUInt32LE(at) !== endMark || at + endSize + tail.readUInt16LE(at + 20) !== tail.length) continue
    if (tail.readUInt16LE(at + 4) !== tail.readUInt16LE(at + 6)) throw spread()
    const narrow = {
      entries: tail.readUInt16LE(at + 10),
      size: tail.readUInt32LE(at + 12),
      at: tail.readUInt32LE(at + 16),
    }
    const wide = await wideDirectory(from + at - 20, readAt)
    if (wide) return wide
    if (tail.readUInt16LE(at + 4) !== 0) throw spread()
    return narrow
  }
  throw archiveDamaged('it is no zip file, or its end is missing')
}

/** What a zip of over 4 GB, or over 65,535 entries, says besides (zip64). */
async function wideDirectory(locatorAt: number, readAt: ReadAt) {
  if (locatorAt < 0) return undefined
  const locator = await readAt(locatorAt, 20)
  if (locator.length < 20 || locator.readUInt32LE(0) !== wideLocatorMark) return undefined
  if (locator.readUInt32LE(16) > 1) throw spread()
  const end = await readAt(whole(locator.readBigUInt64LE(8)), 56)
  if (end.length < 56 || end.readUInt32LE(0) !== wideEndMark) throw archiveDamaged('its end for large files is missing')
  return {
    entries: whole(end.readBigUInt64LE(32)),
    size: whole(end.readBigUInt64LE(40)),
    at: whole(end.readBigUInt64LE(48)),
  }
}

function readEntry(directory: Buffer, position: number): { readonly entry: ZipEntry; readonly next: number } {
  const nameLength = directory.readUInt16LE(position + 28)
  const extraLength = directory.readUInt16LE(position + 30)
  const next = position + entrySize + nameLength + extraLength + directory.readUInt16LE(position + 32)
  if (next > directory.length) throw archiveDamaged('its directory ends in the middle')
  const nameAt = position + entrySize
  const name = directory.subarray(nameAt, nameAt + nameLength)
  const flags = directory.readUInt16LE(position + 8)
  assertReadable(flags, directory.readUInt16LE(position + 10), name)
  const wide = wideFields(directory.subarray(nameAt + nameLength, nameAt + nameLength + extraLength))
  const field = (at: number): number => {
    const value = directory.readUInt32LE(position + at)
    return value === full32 ? wide(name) : value
  }
  // In this order they stand in the extra field.
  const size = field(24)
  const compressed = field(20)
  const at = field(42)
  const madeOnUnix = directory[position + 5] === 3
  return {
    entry: {
      name,
      method: directory.readUInt16LE(position + 10),
      crc: directory.readUInt32LE(position + 16),
      compressed,
      size,
      at,
      unixMode: madeOnUnix ? directory.readUInt16LE(position + 40) : null,
    },
    next,
  }
}

/** The sizes that have no room in 32 bits, one after the other. */
function wideFields(extra: Buffer): (name: Buffer) => number {
  let fields: Buffer = Buffer.alloc(0)
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === 1) fields = extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2))
  }
  return (name) => {
    if (fields.length < 8) throw archiveDamaged(`the size of "${shown(name)}" is missing`)
    const value = whole(fields.readBigUInt64LE(0))
    fields = fields.subarray(8)
    return value
  }
}

function assertReadable(flags: number, method: number, name: Buffer): void {
  if (flags & 0x1 || flags & 0x40 || flags & 0x2000)
    throw archiveRefused(`"${shown(name)}" is encrypted; pack it without a password`)
  if (flags & 0x20) throw archiveRefused(`"${shown(name)}" is a patch of another archive`)
  if (method !== 0 && method !== 8)
    throw archiveRefused(`"${shown(name)}" is packed in a way that cannot be read here (method ${method}); use deflate`)
}

/** Entries that share bytes unpack to far more than the file could hold. */
function assertApart(entries: readonly ZipEntry[], directoryAt: number): void {
  let end = 0
  for (const { name, at, compressed } of [...entries].sort((a, b) => a.at - b.at)) {
    if (at < end) throw archiveRefused(`"${shown(name)}" overlaps with another entry`)
    end = at + 30 + name.length + compressed
  }
  if (end > directoryAt) throw archiveRefused('an entry overlaps with its directory')
}

function whole(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw archiveDamaged('a size in it makes no sense')
  return Number(value)
}

function spread() {
  return archiveRefused('it is one part of an archive that is spread over several files')
}
