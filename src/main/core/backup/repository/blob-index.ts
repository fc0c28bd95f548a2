import { z } from 'zod'
import { ConsoleError } from '#shared/problem.ts'
import { decodeIndex, type IndexedPack } from './index-format.ts'
import { areas, isIndexKey, keys, packIdOf } from './layout.ts'
import { type PackedBlob, readPack } from './pack-format.ts'
import type { Storage } from './storage.ts'

export interface BlobLocation extends PackedBlob {
  readonly pack: string
  /** In an encrypted repository what the pack's key is made with, hex. */
  readonly salt?: string
}

/** Where every blob lies. Built from the index files; those are only a copy of what the packs say of themselves. */
export class BlobIndex {
  readonly #blobs = new Map<string, BlobLocation>()
  readonly #packs = new Map<string, IndexedPack>()
  readonly #damaged: Set<string>
  readonly #unnamed = new Set<string>()
  /** Index files that cannot be read. */
  readonly damagedFiles: readonly string[]

  constructor(damaged: Iterable<string> = [], damagedFiles: readonly string[] = []) {
    this.#damaged = new Set(damaged)
    this.damagedFiles = damagedFiles
  }

  get(id: string): BlobLocation | undefined {
    return this.#blobs.get(id)
  }

  /** Whether a new snapshot may rely on the blob: it lies in a pack that an index names and nobody found damaged. */
  isGood(id: string): boolean {
    const at = this.#blobs.get(id)
    return at !== undefined && !this.#damaged.has(at.pack) && !this.#unnamed.has(at.pack)
  }

  /** The pack is not as the index says: what lies in it is read while it can be, and stored again by the next backup. */
  distrust(pack: string): void {
    this.#damaged.add(pack)
  }

  /** Packs that no index file names: remains of a backup that was cut off, or of an index that is damaged or gone. */
  unnamed(): readonly IndexedPack[] {
    return this.packs().filter(({ id }) => this.#unnamed.has(id))
  }

  /** An index file names the pack now. */
  nowNamed(pack: string): void {
    this.#unnamed.delete(pack)
  }

  hasPack(id: string): boolean {
    return this.#packs.has(id)
  }

  packs(): readonly IndexedPack[] {
    return [...this.#packs.values()]
  }

  /** Adds a pack. A blob that lies in several is read from one that is not damaged, if there is one. */
  add(pack: IndexedPack, named = true): void {
    if (this.#packs.has(pack.id)) return
    // One object for each blob, whichever way it is asked for: a repository has hundreds of thousands of them.
    const blobs = pack.blobs.map((blob) => locationIn(pack, blob))
    this.#packs.set(pack.id, { ...pack, blobs })
    if (!named) this.#unnamed.add(pack.id)
    for (const blob of blobs) if (!this.isGood(blob.id)) this.#blobs.set(blob.id, blob)
  }

  /** Forgets packs; a blob that lies in another one as well is read from there. */
  drop(gone: ReadonlySet<string>): void {
    const left = this.packs().filter(({ id }) => !gone.has(id))
    if (left.length === this.#packs.size) return
    this.#packs.clear()
    this.#blobs.clear()
    for (const pack of left) this.add(pack)
  }

  /** The same without some packs, for whoever writes anew what lies in them. */
  without(gone: ReadonlySet<string>): BlobIndex {
    const other = new BlobIndex(this.#damaged)
    for (const pack of this.packs()) if (!gone.has(pack.id)) other.add(pack)
    return other
  }
}

function locationIn({ id: pack, salt }: IndexedPack, blob: PackedBlob): BlobLocation {
  const { id, type, codec, offset, stored, length } = blob
  return salt === undefined
    ? { id, type, codec, offset, stored, length, pack }
    : { id, type, codec, offset, stored, length, pack, salt }
}

/**
 * Reads all index files, leaving out packs that are not there any more. Packs that none of them names say themselves what they
 * hold, so that a damaged or missing index costs nothing but time.
 */
export async function loadIndex(storage: Storage): Promise<BlobIndex> {
  const damaged: string[] = []
  const index = new BlobIndex(await damagedPacks(storage), damaged)
  const there = new Map((await storage.list(areas.packs)).map(({ key, size }) => [key, size]))
  for (const { key } of await storage.list(areas.index)) {
    if (!isIndexKey(key)) continue
    // One that is damaged, or sealed by somebody else, is as good as missing.
    const content = await storage.read(key).catch(orDamaged)
    const packs = content && decodeIndex(content)
    if (!packs) damaged.push(key)
    for (const pack of packs ?? []) {
      const size = there.get(keys.pack(pack.id))
      if (size === undefined) continue
      if (size !== pack.size) index.distrust(pack.id)
      index.add(pack)
    }
  }
  for (const pack of await unindexedPacks(storage, index)) index.add(pack, false)
  return index
}

function orDamaged(error: unknown): undefined {
  if (error instanceof ConsoleError && error.problem.code === 'repository-damaged') return
  throw error
}

/** Notes packs as damaged: the next backup stores again what lies in them. */
export async function noteDamaged(storage: Storage, packs: readonly string[]): Promise<void> {
  const all = new Set([...(await damagedPacks(storage)), ...packs])
  await storage.write(keys.damaged, JSON.stringify([...all]))
}

async function damagedPacks(storage: Storage): Promise<readonly string[]> {
  try {
    return z.array(z.string()).parse(JSON.parse(String(await storage.read(keys.damaged))))
  } catch {
    return [] // A finding that can be found again.
  }
}

/** Packs in the storage that the index does not know and that can be read. */
async function unindexedPacks(storage: Storage, index: BlobIndex): Promise<readonly IndexedPack[]> {
  const found: IndexedPack[] = []
  for (const { key } of await storage.list(areas.packs)) {
    const id = packIdOf(key)
    if (!id || index.hasPack(id)) continue
    const pack = await storage.read(key)
    const said = pack && readPack(pack, storage.protection.sealing)
    if (said) found.push({ id, size: pack.length, ...said })
  }
  return found
}
