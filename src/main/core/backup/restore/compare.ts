import {
  type BigIntStats,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import type { Owners } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { databaseRested, sniff, walLook } from '../capture/database-capture.ts'
import { hadRested, lookOf, sameLook } from '../capture/look.ts'
import type { Scope } from '../capture/scope.ts'
import { dumpsFolder } from '../postgres/dump-record.ts'
import { fromRawKey, joinRaw, rawKey, shown } from '../raw-path.ts'
import type { BlobReader } from '../repository/blob-reader.ts'
import { type FileEntry, nameBytes, readTree, type TreeEntry, targetBytes } from '../repository/tree.ts'
import { assertFinite, assertPossible, assertSafeListing, assertSafeTop } from './names.ts'

/** One path that a restore would change, relative to the site folder. */
export interface Difference {
  readonly path: Buffer
  readonly what: 'add' | 'change' | 'delete'
  /** Size of the file as it will be, or of the one that goes. */
  readonly bytes: number
  /** When what lies there now was last written, wall-clock milliseconds; null for folders, links and what is not there. */
  readonly writtenAt: number | null
  /** Whether the snapshot holds a database here. */
  readonly database: boolean
}

export interface Comparison {
  readonly differences: readonly Difference[]
  /** What lies in the site folder and no snapshot covers: left out by a pattern, sockets, pipes. It is carried over. */
  readonly kept: readonly Buffer[]
}

export interface ComparePorts {
  readonly reader: BlobReader
  readonly owners: Owners
  readonly platform: NodeJS.Platform
}

/**
 * Compares a snapshot's tree, as far as the scope covers it, with the site folder as it is. `at`: when the snapshot's capture
 * began. Changes nothing. Rejects with `restore-place-strange` when something that is no folder stands on the way to a path.
 */
export async function compareSite(
  site: string,
  snapshot: { readonly tree: string; readonly at: number },
  scope: Scope,
  ports: ComparePorts,
): Promise<Comparison> {
  return new SiteComparison(snapshot.at, scope, ports).run(site, snapshot.tree)
}

class SiteComparison {
  readonly #at: number
  readonly #scope: Scope
  readonly #ports: ComparePorts
  readonly #differences: Difference[] = []
  readonly #kept: Buffer[] = []
  #seen = 0
  #listed = 0

  constructor(at: number, scope: Scope, ports: ComparePorts) {
    this.#at = at
    this.#scope = scope
    this.#ports = ports
  }

  async run(site: string, tree: string): Promise<Comparison> {
    const root = Buffer.from(site)
    const listing = await this.#listing(tree)
    assertSafeTop(listing)
    // Dumps of databases are no part of the site folder.
    const stored = listing.filter((entry) => rawKey(nameBytes(entry)) !== dumpsFolder)
    const found = readdirSync(root, { encoding: 'buffer' }).filter((name) => this.#scope.coversTop(name))
    await this.#folder(root, Buffer.alloc(0), stored, found)
    return { differences: this.#differences, kept: this.#kept }
  }

  async #folder(folder: Buffer, path: Buffer, stored: readonly TreeEntry[], found: readonly Buffer[]): Promise<void> {
    const byName = new Map(stored.map((entry) => [rawKey(nameBytes(entry)), entry]))
    const all = new Set([...byName.keys(), ...found.map(rawKey)])
    for (const key of [...all].sort()) {
      if (++this.#seen % 64 === 0) await turn()
      const name = fromRawKey(key)
      const file = joinRaw(folder, name)
      const below = joinRaw(path, name)
      const entry = byName.get(key)
      const stat = lstatSync(file, { bigint: true, throwIfNoEntry: false })
      const place = this.#scope.place(below)
      if (place === 'outside') continue
      if (place === 'above') await this.#onTheWay(file, below, entry, stat)
      else if (!entry) {
        if (stat && !isSidecar(key, byName, this.#scope.excludes(below))) await this.#gone(file, below, stat)
      } else if (!stat) await this.#missing(below, entry)
      else await this.#both(file, below, entry, stat)
    }
  }

  /** A folder that is not covered itself: only what lies in it may be. */
  async #onTheWay(
    file: Buffer,
    path: Buffer,
    entry: TreeEntry | undefined,
    stat: BigIntStats | undefined,
  ): Promise<void> {
    if ((entry && entry.type !== 'folder') || (stat && !stat.isDirectory())) throw strangePlace(path, entry)
    if (entry && !stat) return this.#missing(path, entry)
    const stored = entry ? await this.#listing(entry.tree) : []
    if (stat) await this.#folder(file, path, stored, this.#names(file, path))
  }

  async #both(file: Buffer, path: Buffer, entry: TreeEntry, stat: BigIntStats): Promise<void> {
    if (entry.type === 'folder' && stat.isDirectory()) {
      if (!this.#sameRights(entry, stat)) this.#note(path, 'change', entry, stat)
      return this.#folder(file, path, await this.#listing(entry.tree), this.#names(file, path))
    }
    if (entry.type === 'folder' || stat.isDirectory()) {
      if (stat.isDirectory()) for (const name of this.#names(file, path)) await this.#goneBelow(file, path, name)
      this.#note(path, 'change', entry, stat)
      // Nothing is looked for behind a file or a link that has taken the folder's place.
      if (entry.type === 'folder') await this.#missingIn(path, entry.tree)
      return
    }
    if (!this.#same(file, entry, stat)) this.#note(path, 'change', entry, stat)
  }

  #same(file: Buffer, entry: Exclude<TreeEntry, { type: 'folder' }>, stat: BigIntStats): boolean {
    if (entry.type === 'link')
      return stat.isSymbolicLink() && readlinkSync(file, { encoding: 'buffer' }).equals(targetBytes(entry))
    if (!stat.isFile() || !this.#sameRights(entry, stat)) return false
    const look = lookOf(stat)
    if (entry.database) return this.#sameDatabase(file, entry, stat)
    if (sameLook(entry.look, look) && hadRested(look, this.#at)) return true
    return sameTime(entry.mtime, stat.mtimeNs) && this.#sameContent(file, entry, look.size)
  }

  #sameDatabase(file: Buffer, entry: FileEntry, stat: BigIntStats): boolean {
    const look = lookOf(stat)
    const wal = walLook(file)
    const counter = withFile(file, sniff)?.counter
    if (counter !== undefined && databaseRested(entry, look, wal, counter, this.#at)) return true
    if (entry.database?.how === 'copy' && wal !== null) return false
    return sameTime(entry.mtime, stat.mtimeNs) && this.#sameContent(file, entry, look.size)
  }

  #sameContent(file: Buffer, entry: FileEntry, size: number): boolean {
    if (size !== entry.size) return false
    const same = withFile(file, (handle) => {
      let position = 0
      return entry.chunks.every((id) => {
        const bytes = Buffer.allocUnsafe(this.#ports.reader.length(id))
        for (let read = 0; read < bytes.length; ) {
          const got = readSync(handle, bytes, read, bytes.length - read, position + read)
          if (got === 0) return false
          read += got
        }
        position += bytes.length
        return this.#ports.reader.idOf(bytes) === id
      })
    })
    return same ?? false
  }

  /** In the site and not in the snapshot: goes, with everything in it, unless no snapshot would hold it anyway. */
  async #gone(file: Buffer, path: Buffer, stat: BigIntStats): Promise<void> {
    if (this.#scope.excludes(path) || !(stat.isFile() || stat.isDirectory() || stat.isSymbolicLink())) {
      this.#kept.push(path)
      return
    }
    this.#note(path, 'delete', null, stat)
    if (stat.isDirectory()) for (const name of this.#names(file, path)) await this.#goneBelow(file, path, name)
  }

  async #goneBelow(folder: Buffer, path: Buffer, name: Buffer): Promise<void> {
    if (++this.#seen % 64 === 0) await turn()
    const stat = lstatSync(joinRaw(folder, name), { bigint: true, throwIfNoEntry: false })
    if (stat) await this.#gone(joinRaw(folder, name), joinRaw(path, name), stat)
  }

  async #missing(path: Buffer, entry: TreeEntry): Promise<void> {
    if (this.#scope.place(path) === 'outside') return
    this.#note(path, 'add', entry, null)
    if (entry.type === 'folder') await this.#missingIn(path, entry.tree)
  }

  async #missingIn(path: Buffer, tree: string): Promise<void> {
    assertPossible(path)
    for (const child of await this.#listing(tree)) await this.#missing(joinRaw(path, nameBytes(child)), child)
  }

  async #listing(tree: string): Promise<readonly TreeEntry[]> {
    const entries = await readTree(this.#ports.reader, tree)
    assertSafeListing(entries, this.#ports.platform)
    this.#listed += entries.length
    assertFinite(this.#listed)
    return entries
  }

  /**
   * The names in a folder of the site. One that this user may not list is kept: it is carried over as it is, or set aside where the
   * snapshot has another. Any other failure ends the comparison, because what lies there unseen would be lost.
   */
  #names(folder: Buffer, path: Buffer): readonly Buffer[] {
    try {
      return readdirSync(folder, { encoding: 'buffer' })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error) || (error.code !== 'EACCES' && error.code !== 'EPERM'))
        throw error
      this.#kept.push(path)
      return []
    }
  }

  #sameRights(entry: TreeEntry, stat: BigIntStats): boolean {
    if (entry.mode !== Number(stat.mode & 0o7777n)) return false
    return !this.#ports.owners.mayGive || (entry.uid === Number(stat.uid) && entry.gid === Number(stat.gid))
  }

  /** `entry`: what the snapshot holds there. */
  #note(path: Buffer, what: Difference['what'], entry: TreeEntry | null, stat: BigIntStats | null): void {
    const file = entry?.type === 'file' ? entry : null
    const bytes = what === 'delete' ? (stat?.isFile() ? Number(stat.size) : 0) : (file?.size ?? 0)
    const writtenAt = stat?.isFile() ? Number(stat.mtimeMs) : null
    this.#differences.push({ path, what, bytes, writtenAt, database: file?.database !== undefined })
  }
}

function strangePlace(path: Buffer, entry: TreeEntry | undefined): ConsoleError {
  const name = shown(path)
  const where = entry && entry.type !== 'folder' ? 'in the snapshot' : 'in the site'
  return new ConsoleError(
    'restore-place-strange',
    `${name} is no folder ${where}, so nothing in it can be restored by itself.`,
    `Restore ${name} itself instead.`,
    { params: { path: name } },
  )
}

/** Log files of a database that the snapshot holds are SQLite's own affair: a log with content makes the database differ. */
function isSidecar(key: string, stored: ReadonlyMap<string, TreeEntry>, excluded: boolean): boolean {
  const base = /^(.+)-(?:wal|shm|journal)$/s.exec(key)?.[1]
  const entry = base === undefined ? undefined : stored.get(base)
  if (entry?.type !== 'file' || !entry.database) return false
  return excluded || entry.database.how === 'copy' || key.endsWith('-shm')
}

/** Times are set to microseconds only (nodejs/node#50859). */
function sameTime(stored: string, found: bigint): boolean {
  const apart = BigInt(stored) - found
  return apart > -1000n && apart < 1000n
}

function withFile<T>(path: Buffer, use: (handle: number) => T): T | undefined {
  let handle: number
  try {
    handle = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  } catch {
    return undefined // Unreadable is not the same.
  }
  try {
    return use(handle)
  } finally {
    closeSync(handle)
  }
}
