import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
} from 'node:fs'
import { isAbsolute, relative, resolve } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { Owners } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { fromRawKey, joinRaw, rawKey, shown } from '../raw-path.ts'
import type { BlobReader } from '../repository/blob-reader.ts'
import type { BlobStore } from '../repository/blob-store.ts'
import { release } from '../repository/release.ts'
import {
  encodeTree,
  type FileEntry,
  nameBytes,
  nameFields,
  readTree,
  type TreeEntry,
  targetFields,
} from '../repository/tree.ts'
import { type CheckedDatabase, storedDatabase } from '../repository/verify.ts'
import {
  captureDatabase,
  type DatabaseMode,
  type DatabasePorts,
  databaseRested,
  type Sidecar,
  sidecars,
  sniff,
  walLook,
} from './database-capture.ts'
import type { FileReader } from './file-reader.ts'
import { hadRested, lookOf, sameLook } from './look.ts'
import { Notes } from './notes.ts'
import type { Scope } from './scope.ts'

export interface CaptureRequest {
  /** The site folder's real path. */
  readonly site: string
  readonly scope: Scope
  readonly databases: DatabaseMode
  /** A snapshot to compare with: what has not changed since is not read again. `at`: when its capture began. */
  readonly previous: { readonly tree: string; readonly at: number } | null
  /** Dumps of databases, taken already: the entry that stands for them in the listing of the site folder. */
  readonly dumps?: TreeEntry | null
}

export interface CapturePorts {
  readonly store: BlobStore
  readonly reader: FileReader
  readonly trees: BlobReader
  readonly owners: Owners
  readonly database: DatabasePorts
  /** Told after each file with its size. */
  readonly onFile: (bytes: number) => void
}

export interface Captured {
  readonly tree: string
  readonly files: number
  readonly bytes: number
  /** The databases, with what their checks found where they were checked. */
  readonly databases: readonly CheckedDatabase[]
  /** Names directly in the site folder that were captured. */
  readonly top: readonly Buffer[]
  readonly warnings: readonly string[]
  readonly partial: boolean
  readonly lost: readonly string[]
}

/** Walks a site folder and stores what its scope covers. Rejects with `backup-source-missing` when there is no folder. */
export async function captureSite(request: CaptureRequest, ports: CapturePorts): Promise<Captured> {
  return new Capture(request, ports).run()
}

/** Entries of one name, or soon; and the endings of names beside it that they stand for. */
interface Found {
  readonly entries: TreeEntry[] | Promise<TreeEntry[]>
  readonly covers?: readonly Sidecar[]
}

class Capture {
  readonly #request: CaptureRequest
  readonly #ports: CapturePorts
  readonly #notes = new Notes()
  readonly #databases: CheckedDatabase[] = []
  /** What checks of databases found. */
  readonly #problems = new Map<TreeEntry, string | null>()
  /** The database that is being taken: one at a time, beside everything else. */
  #turn: Promise<unknown> = Promise.resolve()
  /** Files with several names, by inode. */
  readonly #hard = new Map<string, FileEntry>()
  #files = 0
  #bytes = 0
  #seen = 0

  constructor(request: CaptureRequest, ports: CapturePorts) {
    this.#request = request
    this.#ports = ports
  }

  async run(): Promise<Captured> {
    const { site, scope, previous, dumps } = this.#request
    const root = Buffer.from(site)
    if (!lstatSync(root, { throwIfNoEntry: false })?.isDirectory()) throw missing(site)
    const names = list(root).filter((name) => scope.coversTop(name))
    const found = await this.#entries(root, Buffer.alloc(0), names, previous?.tree ?? null)
    const entries = dumps ? [...found, dumps].sort(byName) : found
    const tree = this.#listing(entries)
    return {
      tree,
      files: this.#files,
      bytes: this.#bytes,
      databases: this.#databases,
      top: found.map(nameBytes),
      warnings: this.#notes.warnings(),
      partial: this.#notes.partial,
      lost: this.#notes.lost,
    }
  }

  /** The entries of one folder. `path` is relative to the site folder; `previous` the folder's tree in the snapshot before. */
  async #entries(
    folder: Buffer,
    path: Buffer,
    names: readonly Buffer[],
    previous: string | null,
  ): Promise<TreeEntry[]> {
    const before = await this.#before(previous)
    const entries = new Map<string, TreeEntry>()
    const covered = new Set<string>()
    const coming: Promise<void>[] = []
    const keep = (found: readonly TreeEntry[]) => {
      for (const entry of found) entries.set(rawKey(nameBytes(entry)), entry)
    }
    for (const name of names) {
      if (++this.#seen % 64 === 0) await turn()
      const key = rawKey(name)
      const below = joinRaw(path, name)
      const { scope } = this.#request
      if (covered.has(key) || scope.excludes(below) || scope.place(below) === 'outside') continue
      try {
        const found = await this.#entry(joinRaw(folder, name), below, name, before.get(key))
        for (const ending of found?.covers ?? []) covered.add(key + ending)
        if (!(found?.entries instanceof Promise)) keep(found?.entries ?? [])
        else {
          const kept = found.entries.then(keep).catch((error: unknown) => this.#missed(below, error))
          kept.catch(() => {}) // Told below; until then it must not count as unhandled.
          coming.push(kept)
        }
      } catch (error) {
        this.#missed(below, error)
      }
    }
    await Promise.all(coming)
    const siblings = [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry)
    for (const entry of siblings) {
      if (entry.type !== 'file' || !entry.database) continue
      const stored = storedDatabase({ path: joinRaw(path, nameBytes(entry)), entry, siblings })
      this.#databases.push({ ...stored, problem: this.#problems.get(entry) })
    }
    return siblings
  }

  #listing(entries: readonly TreeEntry[]): string {
    const bytes = encodeTree(entries)
    const id = this.#ports.store.put('tree', bytes)
    release(bytes)
    return id
  }

  /** What vanishes while a live site is read was not part of it any more. Throws what is no error of a file. */
  #missed(path: Buffer, error: unknown): void {
    if (!isSystemError(error)) throw error
    if (error.code !== 'ENOENT') this.#notes.lose(shown(path), error.message)
  }

  async #entry(file: Buffer, path: Buffer, name: Buffer, before: TreeEntry | undefined): Promise<Found | undefined> {
    const stat = lstatSync(file, { bigint: true })
    const common = { ...nameFields(name), ...this.#common(stat) }
    if (stat.isDirectory()) {
      const previous = before?.type === 'folder' ? before.tree : null
      const children = await this.#entries(file, path, list(file), previous)
      return { entries: [{ type: 'folder', ...common, tree: this.#listing(children) }] }
    }
    if (stat.isSymbolicLink()) {
      const target = readlinkSync(file, { encoding: 'buffer' })
      this.#checkLink(path, target)
      return { entries: [{ type: 'link', ...common, ...targetFields(target) }] }
    }
    if (!stat.isFile()) {
      this.#notes.warn(`${shown(path)} is a ${special(stat)} and was left out.`)
      return undefined
    }
    return this.#file(file, path, name, stat, before?.type === 'file' ? before : undefined)
  }

  async #file(file: Buffer, path: Buffer, name: Buffer, stat: BigIntStats, before: FileEntry | undefined) {
    const common = { type: 'file' as const, ...nameFields(name), ...this.#common(stat) }
    const hard = stat.nlink > 1n ? { hard: String(stat.ino) } : {}
    const sparse = stat.blocks * 512n < stat.size ? { sparse: true as const } : {}
    const twin = this.#hard.get(String(stat.ino))
    const known = twin ?? this.#unchanged(file, stat, before)
    if (known) {
      const { size, chunks, look, torn, database } = known
      const kept = {
        ...common,
        ...hard,
        ...sparse,
        size,
        chunks,
        look,
        ...(torn && { torn }),
        ...(database && { database }),
      }
      return this.#keep(kept, database?.how === 'copy' ? sidecars : database ? ['-shm' as const] : [])
    }
    const handle = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
    let database: ReturnType<typeof sniff>
    try {
      if (!fstatSync(handle).isFile()) return undefined
      // What a server has dumped is a file like others, whatever it looks like.
      database = this.#request.databases === 'as files' ? undefined : sniff(handle)
      if (!database) {
        if (before?.database)
          this.#notes.blame(`${shown(path)} was a database, and is none any more: its beginning is damaged.`)
        const { size, chunks, look, torn } = await this.#ports.reader.read(handle)
        if (torn) this.#notes.blame(`${shown(path)} changed each time it was read; its parts may not belong together.`)
        return this.#keep({ ...common, ...hard, ...sparse, size, chunks: [...chunks], look, ...(torn && { torn }) }, [])
      }
    } finally {
      closeSync(handle)
    }
    // Beside everything else: most of it is done by other processes.
    const taken = this.#turn.then(() => this.#database(file, path, name, { ...common, ...hard }))
    this.#turn = taken.catch(() => {})
    return { entries: taken, covers: sidecars }
  }

  async #database(
    file: Buffer,
    path: Buffer,
    name: Buffer,
    common: Omit<FileEntry, 'size' | 'chunks' | 'look'>,
  ): Promise<TreeEntry[]> {
    const captured = await captureDatabase(file, this.#request.databases, this.#ports.database)
    const { size, chunks, look, torn } = captured.read
    if (captured.warning)
      this.#notes.blame(`The database ${shown(path)} could not be taken through SQLite: ${captured.warning}`)
    const entry = { ...common, size, chunks: [...chunks], look, database: captured.database, ...(torn && { torn }) }
    const logs: FileEntry[] = []
    for (const { ending, read } of captured.logs) {
      const stat = lstatSync(Buffer.concat([file, Buffer.from(ending)]), { bigint: true })
      const fields = { ...nameFields(Buffer.concat([name, Buffer.from(ending)])), ...this.#common(stat) }
      logs.push({ type: 'file', ...fields, size: read.size, chunks: [...read.chunks], look: read.look })
    }
    this.#keep(entry, sidecars)
    if (captured.problem !== undefined) this.#problems.set(entry, captured.problem)
    return [entry, ...logs]
  }

  #keep(entry: FileEntry, covers: readonly Sidecar[]) {
    if (entry.hard) this.#hard.set(entry.hard, entry)
    this.#files++
    this.#bytes += entry.size
    this.#ports.onFile(entry.size)
    const entries: TreeEntry[] = [entry]
    return { entries, covers }
  }

  /** The entry of the snapshot before, if the file has rested since. */
  #unchanged(file: Buffer, stat: BigIntStats, before: FileEntry | undefined): FileEntry | undefined {
    const { previous, databases } = this.#request
    if (!before || !previous || before.torn) return undefined
    if (!before.chunks.every((id) => this.#ports.store.has(id))) return undefined
    const look = lookOf(stat)
    if (!sameLook(before.look, look) || !hadRested(look, previous.at)) return undefined
    if (!before.database) return before
    if (before.database.how !== (databases === 'as it lies' ? 'raw' : 'copy')) return undefined
    const handle = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
    try {
      const counter = sniff(handle)?.counter
      return counter !== undefined && databaseRested(before, look, walLook(file), counter, previous.at)
        ? before
        : undefined
    } finally {
      closeSync(handle)
    }
  }

  async #before(tree: string | null): Promise<ReadonlyMap<string, TreeEntry>> {
    if (tree === null) return new Map()
    try {
      const entries = await readTree(this.#ports.trees, tree)
      return new Map(entries.map((entry) => [rawKey(nameBytes(entry)), entry]))
    } catch (error) {
      if (error instanceof ConsoleError) return new Map() // Only a short cut: without it everything is read.
      throw error
    }
  }

  #common(stat: BigIntStats) {
    const uid = Number(stat.uid)
    const gid = Number(stat.gid)
    const { owners } = this.#ports
    return {
      mode: Number(stat.mode & 0o7777n),
      uid,
      gid,
      user: owners.userName(uid),
      group: owners.groupName(gid),
      mtime: String(stat.mtimeNs),
    }
  }

  /** A link directly in the site folder that leads out of it stands for content that no backup holds. */
  #checkLink(path: Buffer, target: Buffer): void {
    if (path.includes('/')) return
    const { site } = this.#request
    const leads = relative(site, resolve(site, target.toString('utf8')))
    if (!leads.startsWith('..') && !isAbsolute(leads)) return
    this.#notes.blame(
      `${shown(path)} is a link to ${shown(target)}, outside the site: what it leads to is not in the backup.`,
    )
  }
}

function byName(a: TreeEntry, b: TreeEntry): number {
  return Buffer.compare(nameBytes(a), nameBytes(b))
}

function list(folder: Buffer): readonly Buffer[] {
  return readdirSync(folder, { encoding: 'buffer' })
    .map((name) => rawKey(name))
    .sort()
    .map(fromRawKey)
}

function special(stat: BigIntStats): string {
  if (stat.isSocket()) return 'socket'
  if (stat.isFIFO()) return 'named pipe'
  return 'device'
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && !storageErrors.has(String('code' in error && error.code))
}

/** Errors of the disk that the backup is written to; they end the backup and are not blamed on a file. */
const storageErrors = new Set(['ENOSPC', 'EDQUOT', 'EROFS'])

function missing(site: string): ConsoleError {
  return new ConsoleError(
    'backup-source-missing',
    `The site folder ${site} is not there, so nothing was backed up.`,
    'Check that its disk is connected and the path is right.',
    { params: { site } },
  )
}
