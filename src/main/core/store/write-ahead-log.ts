import { closeSync, copyFileSync, fstatSync, fsyncSync, mkdirSync, openSync, readSync, rmSync } from 'node:fs'
import { endianness } from 'node:os'
import { dirname } from 'node:path'
import type { LogDamage } from './database-answer.ts'

// Only for the database-copy program: it reads a log with fs, which would drop the locks of a process that has it open.

/** What was found in a log. `none`: there is nothing in it. Frames as in {@link LogDamage}. */
export type LogReading =
  | { readonly state: 'none' | 'whole' }
  | ({ readonly state: 'damaged' } & Pick<LogDamage, 'good' | 'after' | 'commitsAfter' | 'where'>)

const headerBytes = 32
const frameHeaderBytes = 24
const magic = 0x377f0682
const version = 3_007_000

/**
 * Reads a write-ahead log as SQLite does (https://sqlite.org/fileformat2.html#the_write_ahead_log). SQLite ends silently at the
 * first frame whose checksum is wrong. That is right for the tail of a crash; but a frame behind it that ends a transaction and
 * carries the salt of this very log was committed once, so what lies there is lost. `read` gives bytes from a position, fewer
 * at the end.
 */
export function readLog(size: number, read: (position: number, length: number) => Buffer): LogReading {
  if (size === 0) return { state: 'none' }
  const header = read(0, headerBytes)
  const known = knownHeader(header)
  const pageSize = known?.pageSize ?? 4096
  const frameBytes = frameHeaderBytes + pageSize
  const frames = Math.max(0, Math.floor((size - headerBytes) / frameBytes))
  const frameAt = (index: number) => read(headerBytes + index * frameBytes, frameBytes)
  if (!known) return behindBadHeader(header, frames, frameAt)
  let sums = known.sums
  let good = 0
  for (; good < frames; good++) {
    const frame = frameAt(good)
    const next = carriesSalt(frame, known.salt) ? sumsOf(frame, sums, known.bigEndian) : null
    if (!next || next[0] !== frame.readUInt32BE(16) || next[1] !== frame.readUInt32BE(20)) break
    sums = next
  }
  if (good === frames) return { state: 'whole' }
  const { after, commitsAfter } = count(good + 1, frames, frameAt, known.salt)
  if (commitsAfter > 0) return { state: 'damaged', good, after, commitsAfter, where: 'frame' }
  // Nothing behind it: a commit that was being written when the console was killed, or the last one, damaged since.
  const last = frameAt(good)
  const endsTransaction = carriesSalt(last, known.salt) && last.readUInt32BE(4) > 0
  return endsTransaction ? { state: 'damaged', good, after: 0, commitsAfter: 0, where: 'end' } : { state: 'whole' }
}

/** Reads the log beside a database, and copies it to `keepIn` when it is damaged. Null when all is well. */
export function keepDamagedLog(database: string, keepIn: string): LogDamage | null {
  const path = `${database}-wal`
  let reading: LogReading
  let writtenAt: number
  try {
    const file = openSync(path, 'r')
    try {
      const { size, mtimeMs } = fstatSync(file)
      writtenAt = mtimeMs
      reading = readLog(size, (position, length) => {
        const bytes = Buffer.alloc(length)
        return bytes.subarray(0, readSync(file, bytes, 0, length, position))
      })
    } finally {
      closeSync(file)
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
  if (reading.state !== 'damaged') return null
  const { good, after, commitsAfter, where } = reading
  return { good, after, commitsAfter, where, writtenAt, kept: kept(path, keepIn) }
}

interface KnownHeader {
  readonly pageSize: number
  readonly salt: Buffer
  readonly bigEndian: boolean
  readonly sums: Sums
}

type Sums = readonly [number, number]

function knownHeader(header: Buffer): KnownHeader | null {
  if (header.length < headerBytes) return null
  const found = header.readUInt32BE(0)
  if (found !== magic && found !== magic + 1) return null
  const bigEndian = found === magic + 1
  const pageSize = header.readUInt32BE(8)
  const sums = checksum(header.subarray(0, 24), [0, 0], bigEndian)
  const whole = sums[0] === header.readUInt32BE(24) && sums[1] === header.readUInt32BE(28)
  const sensible = pageSize >= 512 && pageSize <= 65_536 && (pageSize & (pageSize - 1)) === 0
  if (!whole || !sensible || header.readUInt32BE(4) !== version) return null
  return { pageSize, salt: header.subarray(16, 24), bigEndian, sums }
}

/** SQLite takes a log with a bad header for an empty one. The first frame tells the salt that the header had. */
function behindBadHeader(header: Buffer, frames: number, frameAt: (index: number) => Buffer): LogReading {
  const first = frames > 0 ? frameAt(0) : null
  // Zeros are what a power cut leaves of a log that was just begun: nothing in it was ever acknowledged.
  if (header.every((byte) => byte === 0) && (first?.every((byte) => byte === 0) ?? true)) return { state: 'none' }
  const salt = first?.subarray(8, 16)
  const counted = salt ? count(0, frames, frameAt, salt) : { after: 0, commitsAfter: 0 }
  return { state: 'damaged', good: 0, ...counted, where: 'header' }
}

function count(from: number, to: number, frameAt: (index: number) => Buffer, salt: Buffer) {
  let after = 0
  let commitsAfter = 0
  for (let index = from; index < to; index++) {
    const frame = frameAt(index)
    if (!carriesSalt(frame, salt)) continue
    after++
    // The size of the database in pages, which only the last frame of a transaction says.
    if (frame.readUInt32BE(4) > 0) commitsAfter++
  }
  return { after, commitsAfter }
}

function carriesSalt(frame: Buffer, salt: Buffer): boolean {
  return frame.subarray(8, 16).equals(salt)
}

/** The sums after a frame: over the first eight bytes of its header and its page, going on from the frame before. */
function sumsOf(frame: Buffer, before: Sums, bigEndian: boolean): Sums {
  return checksum(frame.subarray(frameHeaderBytes), checksum(frame.subarray(0, 8), before, bigEndian), bigEndian)
}

function checksum(bytes: Buffer, [first, second]: Sums, bigEndian: boolean): Sums {
  const words = new Uint32Array(bytes.length / 4)
  Buffer.from(words.buffer).set(bytes)
  if (bigEndian !== (endianness() === 'BE')) Buffer.from(words.buffer).swap32()
  let [a, b] = [first, second]
  for (let at = 0; at < words.length; at += 2) {
    a = (a + (words[at] ?? 0) + b) >>> 0
    b = (b + (words[at + 1] ?? 0) + a) >>> 0
  }
  return [a, b]
}

/** Null when there is no room for it: then it is only told of. */
function kept(path: string, to: string): string | null {
  try {
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 })
    copyFileSync(path, to)
    const file = openSync(to, 'r+')
    fsyncSync(file)
    closeSync(file)
    return to
  } catch {
    rmSync(to, { force: true })
    return null
  }
}
