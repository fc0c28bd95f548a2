import { type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { crc32, createInflateRaw } from 'node:zlib'
import { archiveDamaged, archiveRefused, shown } from './archive-problems.ts'
import { readZipDirectory, type ZipEntry } from './zip-directory.ts'

/** An entry of a zip with what it is. */
export interface ZippedEntry {
  /** Of folders without the slash at the end. */
  readonly path: Buffer
  readonly type: 'file' | 'folder' | 'link'
  readonly mode: number
  /** Bytes of a file. */
  readonly size: number
  /** Where a link leads. */
  readonly target: Buffer
}

export interface ZipVisitor {
  /** The content is read to its end before the next entry comes, by whoever. */
  entry(entry: ZippedEntry, content: AsyncIterable<Buffer>): Promise<void>
}

const pieceSize = 256 * 1024
const localSize = 30
const localMark = 0x04034b50
const mostTarget = 4_096

/** Types of Unix in the upper four bits of a mode: S_IFLNK, S_IFDIR, S_IFREG. */
const types: Readonly<Record<number, ZippedEntry['type']>> = { 10: 'link', 4: 'folder', 8: 'file' }

/**
 * Reads a zip file in the order of its directory, never more than a piece at a time. Rejects with `archive-damaged` when content does
 * not match its size or checksum, and with `archive-refused` as {@link readZipDirectory}, and for devices and pipes.
 */
export async function readZip(file: string, visitor: ZipVisitor, mostEntries: number): Promise<void> {
  await using handle = await open(file, 'r')
  const { size } = await handle.stat()
  const readAt = async (position: number, length: number) => {
    const buffer = Buffer.alloc(Math.max(0, Math.min(length, size - position)))
    let done = 0
    while (done < buffer.length) {
      const { bytesRead } = await handle.read(buffer, done, buffer.length - done, position + done)
      if (bytesRead === 0) break
      done += bytesRead
    }
    return buffer.subarray(0, done)
  }
  for (const entry of await readZipDirectory(size, readAt, mostEntries)) {
    const content = unpacked(entry, packed(handle, await contentAt(entry, readAt), entry.compressed))
    await visitor.entry(await described(entry, content), content)
    for await (const _ of content) {
      // What the visitor did not read is checked all the same.
    }
  }
}

/** Where the content begins, behind a header of its own, which must say the same as the directory. */
async function contentAt(
  entry: ZipEntry,
  readAt: (position: number, length: number) => Promise<Buffer>,
): Promise<number> {
  const header = await readAt(entry.at, localSize)
  if (header.length < localSize || header.readUInt32LE(0) !== localMark)
    throw archiveDamaged(`"${shown(entry.name)}" is not where its directory says`)
  const name = await readAt(entry.at + localSize, header.readUInt16LE(26))
  if (!name.equals(entry.name) || header.readUInt16LE(8) !== entry.method || header.readUInt16LE(6) & 1)
    throw archiveRefused(`"${shown(entry.name)}" is called "${shown(name)}" in another place of it`)
  return entry.at + localSize + name.length + header.readUInt16LE(28)
}

async function* packed(handle: FileHandle, from: number, length: number): AsyncGenerator<Buffer> {
  for (let at = from; at < from + length; ) {
    const piece = Buffer.allocUnsafe(Math.min(pieceSize, from + length - at))
    const { bytesRead } = await handle.read(piece, 0, piece.length, at)
    if (bytesRead === 0) throw archiveDamaged('it ends in the middle of a file')
    at += bytesRead
    yield piece.subarray(0, bytesRead)
  }
}

async function* unpacked(entry: ZipEntry, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let size = 0
  let sum = 0
  for await (const piece of entry.method === 0 ? source : inflated(entry, source)) {
    size += piece.length
    if (size > entry.size) throw archiveRefused(`"${shown(entry.name)}" is larger than it says`)
    sum = crc32(piece, sum)
    yield piece
  }
  if (size !== entry.size || sum !== entry.crc)
    throw archiveDamaged(`"${shown(entry.name)}" does not match its checksum`)
}

async function* inflated(entry: ZipEntry, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const packedBytes = Readable.from(source, { objectMode: false })
  const inflate = packedBytes.pipe(createInflateRaw())
  packedBytes.on('error', (error) => inflate.destroy(error))
  try {
    for await (const piece of inflate) yield piece
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    throw code.startsWith('Z_') ? archiveDamaged(`"${shown(entry.name)}" cannot be unpacked`) : error
  } finally {
    packedBytes.destroy()
    inflate.destroy()
  }
}

async function described(entry: ZipEntry, content: AsyncIterable<Buffer>): Promise<ZippedEntry> {
  const { name, unixMode, size } = entry
  const slashed = name.at(-1) === 0x2f
  const path = slashed ? name.subarray(0, -1) : name
  const kind = (unixMode ?? 0) >> 12
  const type = kind === 0 ? (slashed ? 'folder' : 'file') : types[kind]
  if (!type || (slashed && type !== 'folder')) throw archiveRefused(`"${shown(name)}" is no file, folder or link`)
  const mode = (unixMode ?? 0) & 0o7777 || (type === 'folder' ? 0o755 : 0o644)
  if (type !== 'link') return { path, type, mode, size, target: Buffer.alloc(0) }
  if (size > mostTarget) throw archiveRefused(`the link "${shown(name)}" has a target of ${size} bytes`)
  const target: Buffer[] = []
  for await (const piece of content) target.push(piece)
  return { path, type, mode, size: 0, target: Buffer.concat(target) }
}
