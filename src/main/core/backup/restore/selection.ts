import { foldersOf, isWithin, outermost } from '#shared/path-key.ts'
import { ConsoleError } from '#shared/problem.ts'
import { sidecars } from '../capture/database-capture.ts'
import { fromRawKey, rawKey, shown } from '../raw-path.ts'
import type { BlobReader } from '../repository/blob-reader.ts'
import type { Snapshot } from '../repository/snapshot-file.ts'
import { nameBytes, readTree, type TreeEntry } from '../repository/tree.ts'
import { assertSafeListing, assertSafeTop } from './names.ts'

const mostListings = 2_000

/** Finds entries of one snapshot by their paths; listings are kept for a while and are not believed. */
export class SnapshotTree {
  readonly #reader: BlobReader
  readonly #root: string
  readonly #platform: NodeJS.Platform
  readonly #listings = new Map<string, Promise<ReadonlyMap<string, TreeEntry>>>()

  constructor(reader: BlobReader, root: string, platform: NodeJS.Platform) {
    this.#reader = reader
    this.#root = root
    this.#platform = platform
  }

  /** The entry at a path, undefined when there is none. */
  async find(path: string): Promise<TreeEntry | undefined> {
    const folder = foldersOf(path).at(-1)
    const name = folder === undefined ? path : path.slice(folder.length + 1)
    return (await this.listing(folder ?? ''))?.get(name)
  }

  /** What lies in a folder, by the keys of the names; undefined when there is no such folder. `''`: the site folder. */
  async listing(folder: string): Promise<ReadonlyMap<string, TreeEntry> | undefined> {
    if (folder === '') return this.at(this.#root)
    const entry = await this.find(folder)
    return entry?.type === 'folder' ? this.at(entry.tree) : undefined
  }

  /** The listing of this id. */
  at(tree: string): Promise<ReadonlyMap<string, TreeEntry>> {
    let found = this.#listings.get(tree)
    if (!found) {
      found = this.#read(tree)
      // Listings are small, but a snapshot may have very many.
      if (this.#listings.size >= mostListings) this.#listings.clear()
      this.#listings.set(tree, found)
    }
    return found
  }

  async #read(tree: string): Promise<ReadonlyMap<string, TreeEntry>> {
    const entries = await readTree(this.#reader, tree)
    assertSafeListing(entries, this.#platform)
    if (tree === this.#root) assertSafeTop(entries)
    return new Map(entries.map((entry) => [rawKey(nameBytes(entry)), entry]))
  }
}

/**
 * What is really restored when these paths are asked for: a database with its log files, nothing twice. Null is everything that
 * the snapshot covers. Rejects with `path-not-in-snapshot`; only a restore point of some paths also covers what it lacks.
 */
export async function selectionOf(
  snapshot: Snapshot,
  asked: readonly string[] | null,
  tree: SnapshotTree,
): Promise<readonly string[] | null> {
  const own = snapshot.scope === 'paths' ? (snapshot.paths ?? []) : null
  if (asked === null) return own
  const wanted: string[] = []
  for (const path of asked) {
    const entry = await tree.find(path)
    if (!entry && !own?.some((covered) => isWithin(path, covered))) throw notInSnapshot(path, snapshot)
    wanted.push(...(await wholeDatabase(path, entry, tree)))
  }
  return outermost(wanted)
}

/** A database and its logs are one thing: neither is restored without the other. */
async function wholeDatabase(path: string, entry: TreeEntry | undefined, tree: SnapshotTree): Promise<string[]> {
  const base = sidecars.flatMap((ending) => (path.endsWith(ending) ? [path.slice(0, -ending.length)] : []))[0]
  const main = base === undefined ? undefined : await tree.find(base)
  if (base !== undefined && isDatabase(main)) return withSidecars(base)
  return isDatabase(entry) ? withSidecars(path) : [path]
}

function withSidecars(path: string): string[] {
  return [path, ...sidecars.map((ending) => path + ending)]
}

export function isDatabase(entry: TreeEntry | undefined): boolean {
  return entry?.type === 'file' && entry.database !== undefined
}

function notInSnapshot(path: string, snapshot: Snapshot): ConsoleError {
  const name = shown(fromRawKey(path))
  return new ConsoleError(
    'path-not-in-snapshot',
    `The snapshot ${snapshot.id} holds no ${name}. Nothing was changed.`,
    `Look at what it holds: wheelhouse backups ls ${snapshot.id}.`,
    { params: { path: name, snapshot: snapshot.id } },
  )
}
