import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  symlinkSync,
  utimesSync,
} from 'node:fs'
import type { Owners } from '#core/platform/index.ts'
import { foldersOf } from '#shared/path-key.ts'
import type { Scope } from '../capture/scope.ts'
import type { Crew } from '../crew/crew.ts'
import type { Dress } from '../crew/tasks.ts'
import { fromRawKey, joinRaw } from '../raw-path.ts'
import type { BlobReader } from '../repository/blob-reader.ts'
import { type FileEntry, nameBytes, readTree, type TreeEntry, targetBytes } from '../repository/tree.ts'
import { FileOrders } from './file-orders.ts'
import { assertSafeListing, hostile } from './names.ts'

export interface StagePorts {
  readonly reader: BlobReader
  readonly crew: Crew
  readonly owners: Owners
  readonly platform: NodeJS.Platform
  /** Told after each file with its size. */
  readonly onFile: (bytes: number) => void
}

/** An entry of a snapshot and the key of the path where it lies below the site folder. */
export interface PlacedEntry {
  readonly key: string
  readonly entry: TreeEntry
}

/**
 * Writes entries of a snapshot, as far as the scope covers them, below an existing folder. Every folder below it is made here,
 * so no link can lead out; files that are one are one again, wherever they lie; rights and times come last, the deepest folder first.
 */
export async function stageEntries(
  folder: Buffer,
  entries: readonly PlacedEntry[],
  scope: Pick<Scope, 'place'>,
  ports: StagePorts,
): Promise<void> {
  await new Staging(scope, ports).run(folder, entries)
}

class Staging {
  readonly #scope: Pick<Scope, 'place'>
  readonly #ports: StagePorts
  readonly #files: FileOrders
  readonly #hard = new Map<string, Buffer>()
  readonly #links: { readonly existing: Buffer; readonly path: Buffer }[] = []
  readonly #folders: { readonly path: Buffer; readonly entry: TreeEntry }[] = []

  constructor(scope: Pick<Scope, 'place'>, ports: StagePorts) {
    this.#scope = scope
    this.#ports = ports
    this.#files = new FileOrders(ports)
  }

  async run(root: Buffer, entries: readonly PlacedEntry[]): Promise<void> {
    assertSafeListing(
      entries.map(({ entry }) => entry),
      this.#ports.platform,
      'alone',
    )
    try {
      for (const { key, entry } of entries) {
        const path = fromRawKey(foldersOf(key).at(-1) ?? '')
        for (const parent of foldersOf(key)) makeFolder(joinRaw(root, fromRawKey(parent)))
        await this.#entries(path.length === 0 ? root : joinRaw(root, path), path, [entry])
      }
    } catch (error) {
      await this.#files.settled().catch(() => {}) // Nothing is written any more once this has rejected.
      throw error
    }
    await this.#files.settled()
    for (const { existing, path } of this.#links) linkSync(existing, path)
    for (const { path, entry } of this.#folders.reverse()) this.#dress(path, entry)
  }

  /** `below`: the path of the folder below the site folder. */
  async #entries(folder: Buffer, below: Buffer, entries: readonly TreeEntry[]): Promise<void> {
    for (const entry of entries) {
      const place = joinRaw(below, nameBytes(entry))
      if (this.#scope.place(place) === 'outside') continue
      const path = joinRaw(folder, nameBytes(entry))
      if (entry.type === 'folder') {
        mkdirSync(path, { mode: 0o700 })
        this.#folders.push({ path, entry })
        const children = await readTree(this.#ports.reader, entry.tree)
        assertSafeListing(children, this.#ports.platform)
        await this.#entries(path, place, children)
      } else if (entry.type === 'link') {
        symlinkSync(targetBytes(entry), path)
        this.#dress(path, entry)
      } else {
        const first = entry.hard === undefined ? undefined : this.#hard.get(entry.hard)
        if (first) {
          this.#links.push({ existing: first, path })
          this.#ports.onFile(entry.size)
          continue
        }
        if (entry.hard !== undefined) this.#hard.set(entry.hard, path)
        this.#assertLength(entry)
        await this.#files.write(path, entry, this.#dressOf(entry))
      }
    }
  }

  /** A file is as long as its pieces: one that says otherwise could fill the disk. Throws `snapshot-hostile`. */
  #assertLength(entry: FileEntry): void {
    const length = entry.chunks.reduce((sum, id) => sum + this.#ports.reader.length(id), 0)
    if (length !== entry.size) throw hostile(nameBytes(entry), `it has ${length} bytes and claims ${entry.size}`)
  }

  #dressOf(entry: TreeEntry): Dress {
    const { owners } = this.#ports
    const owner = owners.mayGive
      ? {
          uid: (entry.user === null ? null : owners.userId(entry.user)) ?? entry.uid,
          gid: (entry.group === null ? null : owners.groupId(entry.group)) ?? entry.gid,
        }
      : null
    return { owner, mode: entry.mode, time: seconds(entry.mtime) }
  }

  /** Owner, then rights (a change of owner clears some), then times. */
  #dress(path: Buffer, entry: TreeEntry): void {
    const { owner, mode, time } = this.#dressOf(entry)
    const link = entry.type === 'link'
    if (owner && link) lchownSync(path, owner.uid, owner.gid)
    else if (owner) chownSync(path, owner.uid, owner.gid)
    if (!link) chmodSync(path, mode)
    if (link) lutimesSync(path, time, time)
    else utimesSync(path, time, time)
  }
}

function makeFolder(path: Buffer): void {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) mkdirSync(path, { mode: 0o700 })
}

/**
 * Nanoseconds as seconds; a number holds a time of today to a fraction of a microsecond, which is all that can be set. As text before
 * 1970: Node takes a negative number for now.
 */
export function seconds(nanoseconds: string): number | string {
  const whole = BigInt(nanoseconds)
  const second = whole / 1_000_000_000n
  const value = Number(second) + Number(whole - second * 1_000_000_000n) / 1e9
  return value < 0 ? String(value) : value
}
