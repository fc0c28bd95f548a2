import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { z } from 'zod'
import type { ListedEntry } from '../support/tree-listing.ts'

/** One entry of a snapshot as this reader found it. */
export interface StoredEntry {
  readonly type: 'folder' | 'file' | 'link'
  readonly mode: number
  readonly mtime: bigint
  readonly size: number
  /** SHA-256 of a file's bytes, or the target of a link. */
  readonly content: string
  readonly database: boolean
}

export interface StoredSnapshot {
  readonly id: string
  readonly kind: string
  readonly scope: string
  readonly at: number
  /** By path, one character for each byte. */
  readonly entries: ReadonlyMap<string, StoredEntry>
}

export interface RepositoryLook {
  /** Every snapshot that is listed and whole. */
  readonly snapshots: ReadonlyMap<string, StoredSnapshot>
  /** What is wrong with the repository, in sentences: each listed snapshot must be whole, down to the bytes in the packs. */
  readonly problems: readonly string[]
  /** Files that an interrupted write left. */
  readonly leftovers: readonly string[]
}

/**
 * Reads a whole unencrypted repository by docs/backup-format.md and checks that what is listed is there: snapshot → trees → chunks →
 * packs, found by way of the index files. Shares no code with the product.
 */
export function lookIntoRepository(folder: string): RepositoryLook {
  if (!existsSync(join(folder, 'config.json'))) return { snapshots: new Map(), problems: [], leftovers: [] }
  return new Look(folder).run()
}

const blobId = z.string().regex(/^[0-9a-f]{64}$/)
const entrySchema = z.object({
  type: z.enum(['folder', 'file', 'link']),
  name: z.string().optional(),
  name64: z.string().optional(),
  mode: z.number(),
  mtime: z.string(),
  tree: blobId.optional(),
  size: z.number().optional(),
  chunks: z.array(blobId).optional(),
  target: z.string().optional(),
  target64: z.string().optional(),
  database: z.unknown().optional(),
})
const treeSchema = z.object({ format: z.literal(1), entries: z.array(entrySchema) })
const snapshotSchema = z.object({ id: z.string(), kind: z.string(), scope: z.string(), at: z.number(), tree: blobId })
const configSchema = z.object({ format: z.number(), cipher: z.literal('none') })

class Look {
  readonly #folder: string
  readonly #problems: string[] = []
  /** Blobs by id, as the index files find them. */
  readonly #blobs = new Map<string, Buffer>()
  readonly #packs = new Map<string, Buffer>()

  constructor(folder: string) {
    this.#folder = folder
  }

  run(): RepositoryLook {
    configSchema.parse(JSON.parse(readFileSync(join(this.#folder, 'config.json'), 'utf8')))
    for (const name of this.#names('packs', /^[0-9a-f]{64}\.pack$/)) this.#pack(name)
    for (const name of this.#names('index', /\.index$/)) this.#index(name)
    const snapshots = new Map<string, StoredSnapshot>()
    for (const name of this.#names('snapshots', /^sn-.*\.json$/)) {
      const snapshot = this.#snapshot(name)
      if (snapshot) snapshots.set(snapshot.id, snapshot)
    }
    for (const name of this.#names('marks', /\.json$/)) this.#json(join('marks', name))
    for (const name of ['sweep.json', 'damaged.json']) {
      if (existsSync(join(this.#folder, name))) this.#json(name)
    }
    // Those of marks are removed when they are an hour old.
    const leftovers = ['packs', 'index', 'snapshots'].flatMap((part) =>
      this.#names(part, /^\.tmp-/).map((name) => join(part, name)),
    )
    return { snapshots, problems: this.#problems, leftovers }
  }

  #names(part: string, pattern: RegExp): readonly string[] {
    const folder = join(this.#folder, part)
    return existsSync(folder) ? readdirSync(folder).filter((name) => pattern.test(name)) : []
  }

  /** A pack has its final name only once it is whole. */
  #pack(name: string): void {
    const pack = readFileSync(join(this.#folder, 'packs', name))
    if (`${sha256(pack)}.pack` === name) this.#packs.set(name.slice(0, 64), pack)
    else this.#problems.push(`The pack ${name.slice(0, 12)} is not what its name says (${pack.length} bytes).`)
  }

  #index(name: string): void {
    const file = readFileSync(join(this.#folder, 'index', name))
    const body = file.subarray(0, -32)
    if (file.length < 48 || sha256(body) !== file.toString('hex', file.length - 32)) {
      this.#problems.push(`The index ${name.slice(0, 12)} is damaged.`)
      return
    }
    let at = 16
    for (let left = body.readUInt32LE(12); left > 0; left--) {
      const pack = this.#packs.get(body.toString('hex', at, at + 32))
      const count = body.readUInt32LE(at + 40)
      at += 48
      for (let entry = 0; entry < count; entry++, at += 48) if (pack) this.#blob(pack, body.subarray(at, at + 48))
    }
  }

  #blob(pack: Buffer, entry: Buffer): void {
    const id = entry.toString('hex', 0, 32)
    const offset = entry.readUInt32LE(36)
    const stored = pack.subarray(offset, offset + entry.readUInt32LE(40))
    const bytes = entry[33] === 1 ? zstdDecompressSync(stored) : stored
    if (sha256(bytes) === id) this.#blobs.set(id, bytes)
    else this.#problems.push(`The blob ${id.slice(0, 12)} is not what its id says.`)
  }

  #snapshot(name: string): StoredSnapshot | undefined {
    const [line = '', sum] = readFileSync(join(this.#folder, 'snapshots', name), 'utf8').split('\n')
    if (sha256(line) !== sum) {
      this.#problems.push(`The snapshot ${name} is damaged.`)
      return undefined
    }
    const { id, kind, scope, at, tree } = snapshotSchema.parse(JSON.parse(line))
    const entries = new Map<string, StoredEntry>()
    try {
      this.#tree(tree, '', entries)
      return { id, kind, scope, at, entries }
    } catch (error) {
      this.#problems.push(`The snapshot ${id} is listed and not whole: ${String(error)}`)
      return undefined
    }
  }

  #tree(id: string, path: string, found: Map<string, StoredEntry>): void {
    for (const entry of treeSchema.parse(JSON.parse(this.#get(id).toString())).entries) {
      const name = entry.name === undefined ? Buffer.from(entry.name64 ?? '', 'base64') : Buffer.from(entry.name)
      const below = path + name.toString('latin1')
      const { type, mode } = entry
      const common = { type, mode, mtime: BigInt(entry.mtime), database: entry.database !== undefined }
      if (type === 'file') {
        const bytes = Buffer.concat((entry.chunks ?? []).map((chunk) => this.#get(chunk)))
        if (bytes.length !== entry.size) throw new Error(`${below} has ${bytes.length} bytes instead of ${entry.size}`)
        found.set(below, { ...common, size: bytes.length, content: sha256(bytes) })
      } else if (type === 'link') {
        const target =
          entry.target === undefined ? Buffer.from(entry.target64 ?? '', 'base64') : Buffer.from(entry.target)
        found.set(below, { ...common, size: target.length, content: target.toString('latin1') })
      } else {
        found.set(below, { ...common, size: 0, content: '' })
        this.#tree(entry.tree ?? '', `${below}/`, found)
      }
    }
  }

  #get(id: string): Buffer {
    const bytes = this.#blobs.get(id)
    if (!bytes) throw new Error(`the blob ${id.slice(0, 12)} is in no pack that an index names`)
    return bytes
  }

  #json(path: string): void {
    try {
      JSON.parse(readFileSync(join(this.#folder, path), 'utf8'))
    } catch {
      this.#problems.push(`${path} is not JSON.`)
    }
  }
}

const types = { folder: 'd', file: 'f', link: 'l' } as const

/**
 * How a snapshot differs from a listing of the site at the time, in words. A database may have been taken through SQLite, so its bytes
 * and the files beside it do not count, nor the time of the folder that SQLite works in.
 */
export function snapshotDifferences(snapshot: StoredSnapshot, site: ReadonlyMap<string, ListedEntry>): string[] {
  const result: string[] = []
  const expected = new Map(
    [...site]
      .filter(([path, { type }]) => path !== '.' && 'dfl'.includes(type))
      .map(([path, entry]) => [path.slice(2), entry]),
  )
  for (const path of new Set([...expected.keys(), ...snapshot.entries.keys()])) {
    const stored = snapshot.entries.get(path)
    const there = expected.get(path)
    if (/-(wal|shm|journal)$/.test(path)) continue
    if (!stored || !there) {
      result.push(`${JSON.stringify(path)} is ${stored ? 'too much' : 'missing'} in the snapshot`)
      continue
    }
    const content = there.type === 'l' ? there.target : there.content
    const wrong = [
      types[stored.type] !== there.type && 'type',
      stored.type !== 'link' && stored.mode.toString(8) !== there.mode && 'mode',
      stored.type !== 'folder' && !stored.database && !sameTime(stored.mtime, there.mtime) && 'mtime',
      !stored.database && stored.content !== content && 'content',
    ].filter((what) => what !== false)
    if (wrong.length > 0) result.push(`${JSON.stringify(path)} has another ${wrong.join(', ')} in the snapshot`)
  }
  return result
}

/** A restore sets times to microseconds, which is all that Node can set. */
function sameTime(a: bigint, b: bigint): boolean {
  return a - b < 1000n && b - a < 1000n
}

const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')
