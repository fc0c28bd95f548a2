import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { z } from 'zod'

// Reads and writes database files with fs: only ever in a process that has no SQLite connection.

/** How many pages are overwritten at most. */
const mostPages = 3
/** What they are filled with: no b-tree page begins with it, so that SQLite meets the damage wherever it reads. */
const filler = 0xdb
/** Kinds of b-tree page, by their first byte. */
const treePages: readonly number[] = [2, 5, 10, 13]

const undoSchema = z.object({
  pageSize: z.number().int().min(512).max(65_536),
  pages: z.array(z.object({ number: z.number().int().min(2), held: z.base64() })).max(mostPages),
})

export const damageRequestSchema = z.discriminatedUnion('type', [
  /** Overwrites pages of `file`, after what they hold is in `undo`. */
  z.object({ type: z.literal('damage'), file: z.string(), undo: z.string() }),
  /** Gives the pages that still hold the filler what they held. */
  z.object({ type: z.literal('undo'), file: z.string(), undo: z.string() }),
])
export type DamageRequest = z.infer<typeof damageRequestSchema>

export const damageAnswerSchema = z.union([
  /** Numbers of the pages that were written. */
  z.object({ pages: z.array(z.number().int()) }),
  z.object({ failed: z.string() }),
])
export type DamageAnswer = z.infer<typeof damageAnswerSchema>

/** Overwrites up to three pages. Page 1, and pages that a newer version of waits in the write-ahead log, are left alone. */
export function damagePages(file: string, undo: string): readonly number[] {
  const descriptor = openSync(file, 'r+')
  try {
    const header = read(descriptor, 100, 0)
    if (header.toString('latin1', 0, 16) !== 'SQLite format 3\0') throw new Error('it is no SQLite database')
    const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16)
    const count = Math.floor(fstatSync(descriptor).size / pageSize)
    const chosen = choose(descriptor, pageSize, count, pagesInLog(`${file}-wal`))
    if (chosen.length === 0) throw new Error('it holds no page besides its first that could be damaged')
    const pages = chosen.map((number) => ({
      number,
      held: read(descriptor, pageSize, (number - 1) * pageSize).toString('base64'),
    }))
    writeWhole(undo, JSON.stringify({ pageSize, pages }))
    for (const number of chosen)
      writeSync(descriptor, Buffer.alloc(pageSize, filler), 0, pageSize, (number - 1) * pageSize)
    fsyncSync(descriptor)
    return chosen
  } finally {
    closeSync(descriptor)
  }
}

/** Gives each page that still is as the drill left it what it held; others were written since, or belong to another file. */
export function undoDamage(file: string, undo: string): readonly number[] {
  const { pageSize, pages } = undoSchema.parse(JSON.parse(readFileSync(undo, 'utf8')))
  const damaged = Buffer.alloc(pageSize, filler)
  const descriptor = openSync(file, 'r+')
  try {
    const restored = pages.filter(({ number, held }) => {
      const at = (number - 1) * pageSize
      const bytes = Buffer.from(held, 'base64')
      if (bytes.length !== pageSize || !read(descriptor, pageSize, at).equals(damaged)) return false
      writeSync(descriptor, bytes, 0, pageSize, at)
      return true
    })
    fsyncSync(descriptor)
    return restored.map(({ number }) => number)
  } finally {
    closeSync(descriptor)
  }
}

/** B-tree pages, spread evenly over the file. */
function choose(descriptor: number, pageSize: number, count: number, inLog: ReadonlySet<number>): readonly number[] {
  const found: number[] = []
  const step = Math.max(1, Math.floor(count / 64)) // looks at 64 pages or so, however large the file is
  for (let number = 2; number <= count; number += step) {
    const [kind = 0] = read(descriptor, 1, (number - 1) * pageSize)
    if (treePages.includes(kind) && !inLog.has(number)) found.push(number)
  }
  const every = Math.max(1, Math.floor(found.length / mostPages))
  return found.filter((_, index) => index % every === 0).slice(0, mostPages)
}

/** Pages of which the write-ahead log has a version that belongs to its present generation. */
function pagesInLog(log: string): ReadonlySet<number> {
  let bytes: Buffer
  try {
    bytes = readFileSync(log)
  } catch {
    return new Set() // no log
  }
  const pages = new Set<number>()
  if (bytes.length < 32) return pages
  const pageSize = bytes.readUInt32BE(8)
  const salt = bytes.subarray(16, 24)
  for (let at = 32; pageSize > 0 && at + 24 + pageSize <= bytes.length; at += 24 + pageSize) {
    if (!bytes.subarray(at + 8, at + 16).equals(salt)) break
    pages.add(bytes.readUInt32BE(at))
  }
  return pages
}

function read(descriptor: number, length: number, at: number): Buffer {
  const buffer = Buffer.alloc(length)
  return buffer.subarray(0, readSync(descriptor, buffer, 0, length, at))
}

function writeWhole(path: string, text: string): void {
  const descriptor = openSync(path, 'w', 0o600)
  try {
    ftruncateSync(descriptor, 0)
    writeSync(descriptor, text)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
