import type { PruneFigures } from '#shared/contract/keeping-views.ts'
import { ConsoleError } from '#shared/problem.ts'
import { sizeInWords } from '#shared/size-words.ts'
import { BlobStore, writeIndex } from '../repository/blob-store.ts'
import { areas, isIndexKey, keys } from '../repository/layout.ts'
import { checkPacks } from '../repository/pack-check.ts'
import { keepReserve, reserveOf, withReserve } from '../repository/reserve.ts'
import { listSnapshots, removeSnapshot } from '../repository/snapshot-file.ts'
import { isFull } from '../repository/storage-errors.ts'
import { readMarks, writeMarks } from '../repository/sweep-marks.ts'
import { type PackUse, planSweep, type SweepMark, type SweepPlan } from '../repository/sweep-plan.ts'
import { contentsOf } from '../repository/verify.ts'
import type { Engine } from './engine.ts'
import type { Input, Output } from './messages.ts'

const MiB = 1024 * 1024
/** Packs are written anew in batches of so many bytes, so that old and new ones never take up much at the same time. */
const batchBytes = 128 * MiB
/** Left free while packs are written anew. */
const spareBytes = MiB / 4

/** Removes snapshots, and unless told otherwise prunes then. */
export async function runForget(
  engine: Engine,
  { snapshots, prune = true, now: given }: Omit<Input<'forget'>, 'prune' | 'now'> & Partial<Input<'forget'>>,
  now = given ?? Date.now(),
): Promise<Output<'forget'>> {
  for (const id of snapshots) await removeSnapshot(engine.repository.storage, id)
  return prune ? await runPrune(engine, { dryRun: false, now }) : nothing()
}

/**
 * Frees what no snapshot needs: whole packs first, which takes next to no room, then packs that are mostly waste, by writing anew what
 * is needed of them. Frees nothing while any snapshot cannot be read, because what that one needs is not known. A full disk is
 * given the reserve first. Everything that is removed is replaced durably, and read back, before.
 */
export async function runPrune(engine: Engine, { dryRun, now }: Input<'prune'>): Promise<Output<'prune'>> {
  const { storage } = engine.repository
  const listed = await listSnapshots(storage)
  const [problem] = listed.problems
  if (problem)
    return { ...nothing(), notes: [`Nothing was freed, because what one snapshot needs is not known. ${problem}`] }
  const packs = await packUse(engine, listed.snapshots)
  const marks = await readMarks(storage)
  const plan = planSweep(packs, marks, now)
  if (dryRun) return foreseen(plan, packs)
  const sweep = new Sweep(engine, plan, marks)
  const { gaveUp } = await withReserve(storage, () => sweep.removePacks())
  await sweep.rewritePacks()
  await keepReserve(storage, engine.index)
  return { ...sweep.figures, waiting: plan.waiting, gaveUpReserve: gaveUp || sweep.figures.gaveUpReserve }
}

/** Bytes as stored that only these snapshots need; null while a snapshot cannot be read. */
export async function runWeigh(engine: Engine, { snapshots }: Input<'weigh'>): Promise<Output<'weigh'>> {
  const listed = await listSnapshots(engine.repository.storage)
  if (listed.problems.length > 0) return { bytes: null }
  const chosen = new Set(snapshots)
  const others = await neededBy(
    engine,
    listed.snapshots.filter(({ id }) => !chosen.has(id)),
  )
  const own = await neededBy(
    engine,
    listed.snapshots.filter(({ id }) => chosen.has(id)),
  )
  let bytes = 0
  for (const id of own) if (!others.has(id)) bytes += engine.index.get(id)?.stored ?? 0
  return { bytes }
}

/** The steps of a prune, each of which leaves a whole repository behind. */
class Sweep {
  readonly #engine: Engine
  readonly #plan: SweepPlan
  readonly #marks: Map<string, SweepMark>
  readonly #removed: readonly { readonly id: string; readonly size: number }[]
  readonly figures = { ...nothing(), notes: [] as string[] }

  constructor(engine: Engine, plan: SweepPlan, marks: ReadonlyMap<string, SweepMark>) {
    this.#engine = engine
    this.#plan = plan
    const gone = new Set(plan.remove)
    this.#removed = engine.index.packs().filter(({ id }) => gone.has(id))
    // What is acted on keeps its mark until that is done.
    const acted = [...plan.remove, ...plan.rewrite.map(({ id }) => id)]
    this.#marks = new Map(plan.marks)
    for (const id of acted) this.#marks.set(id, marks.get(id) ?? { since: 0, unneeded: null })
  }

  /** May be called again when the disk was full. */
  async removePacks(): Promise<void> {
    const { storage } = this.#engine.repository
    if (this.#removed.length > 0) await this.#writeIndexWithout(new Set(this.#plan.remove))
    this.figures.packs = 0
    this.figures.bytes = 0
    for (const { id, size } of this.#removed) {
      await storage.remove(keys.pack(id))
      this.#marks.delete(id)
      this.figures.packs++
      this.figures.bytes += size
    }
    await writeMarks(storage, this.#marks)
  }

  async rewritePacks(): Promise<void> {
    try {
      await this.#rewriteBatches()
    } catch (error) {
      if (!isFull(error)) throw error
      this.figures.notes.push('Packs that are mostly waste were not all written anew: the disk became full meanwhile.')
    }
  }

  async #rewriteBatches(): Promise<void> {
    const left = [...this.#plan.rewrite]
    while (left.length > 0) {
      const free = await this.#engine.repository.storage.freeBytes()
      const room = Math.min(batchBytes, free === null ? batchBytes : free - spareBytes)
      const batch: SweepPlan['rewrite'][number][] = []
      let bytes = left[0]?.keptBytes ?? 0
      while (left.length > 0 && bytes <= room) {
        batch.push(...left.splice(0, 1))
        bytes += left[0]?.keptBytes ?? 0
      }
      const [next] = left
      if (batch.length === 0 && next && (await this.#giveUpReserve(next.keptBytes - room))) continue
      if (batch.length === 0 && next) {
        this.figures.notes.push(
          `${left.length} packs that are mostly waste were not written anew: the disk has no room for ${sizeInWords(next.keptBytes)} beside them.`,
        )
        return
      }
      await this.#rewrite(batch)
    }
  }

  /** When that makes the room that is missing. Resolves with whether it was done. */
  async #giveUpReserve(missing: number): Promise<boolean> {
    const { storage } = this.#engine.repository
    if (((await reserveOf(storage)) ?? 0) < missing) return false
    await storage.remove(keys.reserve)
    this.figures.gaveUpReserve = true
    return true
  }

  async #rewrite(batch: SweepPlan['rewrite']): Promise<void> {
    const { repository, index, reader, crew } = this.#engine
    const { storage } = repository
    const ids = new Set(batch.map(({ id }) => id))
    const victims = index.packs().filter(({ id }) => ids.has(id))
    const store = new BlobStore(storage, index.without(ids), crew)
    const copied = new Set<string>()
    for (const { id, blobs } of victims) {
      const { drop } = batch.find((each) => each.id === id) ?? { drop: new Set<number>() }
      try {
        for (const [nth, blob] of blobs.entries()) {
          if (drop.has(nth)) continue
          store.put(blob.type, await reader.get(blob.id))
          await store.room()
        }
        copied.add(id)
      } catch (error) {
        if (!(error instanceof ConsoleError)) throw error
        this.figures.notes.push(`The pack ${id.slice(0, 12)} was left as it is: ${error.message}`)
      }
    }
    const written = await store.finish(async () => {})
    const [fault] = await checkPacks(
      written.map((pack) => ({ ...pack, blobs: [] })),
      { storage, crew },
    )
    if (fault) throw fault.error
    for (const pack of written) index.add(pack)
    await this.#writeIndexWithout(copied)
    for (const { id } of victims) if (copied.has(id)) await storage.remove(keys.pack(id))
    for (const id of copied) this.#marks.delete(id)
    await writeMarks(storage, this.#marks)
    const saved = batch.reduce((sum, { id, droppedBytes }) => (copied.has(id) ? sum + droppedBytes : sum), 0)
    this.figures.rewritten += copied.size
    this.figures.saved += saved
  }

  /** The index first: it may lack a pack that exists, never name one that does not. */
  async #writeIndexWithout(gone: ReadonlySet<string>): Promise<void> {
    const { repository, index } = this.#engine
    const { storage } = repository
    const old = (await storage.list(areas.index)).map(({ key }) => key).filter(isIndexKey)
    index.drop(gone)
    const kept = await writeIndex(storage, index.packs())
    for (const key of old) if (key !== kept) await storage.remove(key)
  }
}

/** What snapshots make of each pack. A blob that lies in several packs is needed only where it would be read from. */
async function packUse(engine: Engine, snapshots: readonly { readonly tree: string }[]): Promise<readonly PackUse[]> {
  const needed = await neededBy(engine, snapshots)
  return engine.index.packs().map(({ id, size, blobs }) => ({
    id,
    size,
    blobs: blobs.map((blob) => ({
      stored: blob.stored,
      needed: needed.has(blob.id) && engine.index.get(blob.id)?.pack === id,
    })),
  }))
}

async function neededBy(engine: Engine, snapshots: readonly { readonly tree: string }[]): Promise<ReadonlySet<string>> {
  const needed = new Set<string>()
  for (const [nth, { tree }] of snapshots.entries()) {
    const { blobs } = await contentsOf(engine.reader, tree)
    for (const blob of blobs) needed.add(blob)
    engine.progress(nth + 1, snapshots.length, 'files')
  }
  return needed
}

function foreseen({ remove, rewrite, waiting }: SweepPlan, packs: readonly PackUse[]): PruneFigures {
  const gone = new Set(remove)
  return {
    ...nothing(),
    packs: remove.length,
    bytes: packs.reduce((sum, { id, size }) => (gone.has(id) ? sum + size : sum), 0),
    rewritten: rewrite.length,
    saved: rewrite.reduce((sum, { droppedBytes }) => sum + droppedBytes, 0),
    waiting,
  }
}

function nothing(): PruneFigures {
  return {
    packs: 0,
    bytes: 0,
    rewritten: 0,
    saved: 0,
    waiting: { packs: 0, bytes: 0, until: null },
    notes: [],
    gaveUpReserve: false,
  }
}
