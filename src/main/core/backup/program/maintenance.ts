import { chmodSync, lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs'
import { relative } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { ConsoleError } from '#shared/problem.ts'
import { ownFolder } from '../capture/scope.ts'
import { joinRaw } from '../raw-path.ts'
import { noteDamaged } from '../repository/blob-index.ts'
import { checkPacks, type PackToCheck, packsWith } from '../repository/pack-check.ts'
import { markSnapshot, readSnapshot, type Snapshot, type Verified } from '../repository/snapshot-file.ts'
import { contentsOf } from '../repository/verify.ts'
import { verdict } from './backup-run.ts'
import type { Engine } from './engine.ts'
import type { Input } from './messages.ts'

/**
 * Reads everything that a snapshot needs: its packs against their checksums, every piece decompressed against its id, every
 * database opened unless that was done and its bytes are the same. Records the verdict with the snapshot, a bad one too.
 */
export async function runVerify(engine: Engine, { snapshot: id }: Input<'verify'>): Promise<Verified> {
  const snapshot = await readSnapshot(engine.repository.storage, id)
  const verified = await verifyAll(engine, snapshot)
  await markSnapshot(engine.repository.storage, id, { what: 'verified', ...verified })
  return verified
}

/** Problems that are a verdict on what was looked at. */
const damages: ReadonlySet<string> = new Set(['repository-damaged', 'snapshot-damaged', 'snapshot-hostile'])

async function verifyAll(engine: Engine, snapshot: Snapshot): Promise<Verified> {
  try {
    const { blobs, databases } = await contentsOf(engine.reader, snapshot.tree).catch((error) =>
      noteAllDamaged(engine, error),
    )
    // Beside the packs: it is another process that opens the databases, where SQLite has not seen these bytes yet.
    const opened = verdict(engine, databases, snapshot)
    opened.catch(() => {}) // What is wrong with a pack tells more.
    await checkPacksOf(engine, packsWith(engine.index, blobs))
    return await opened
  } catch (error) {
    // A disk that cannot be read now, or is full, says nothing of the snapshot.
    if (!(error instanceof ConsoleError) || !damages.has(error.problem.code)) throw error
    return { at: Date.now(), ok: false, note: error.message, damaged: [] }
  }
}

/**
 * A listing that cannot be read does not say which packs are needed: all are looked at, so that the next backup relies on none that is
 * damaged. Rejects with `error`.
 */
async function noteAllDamaged(engine: Engine, error: unknown): Promise<never> {
  if (error instanceof ConsoleError && error.problem.code === 'repository-damaged') {
    await checkPacksOf(
      engine,
      engine.index.packs().map(({ id, size }) => ({ id, size, blobs: [] })),
    ).catch((found) => {
      if (!(found instanceof ConsoleError)) throw found
    })
  }
  throw error
}

/** Checks every pack and everything needed in it, notes those that are damaged, and then rejects with the first finding. */
async function checkPacksOf(engine: Engine, packs: readonly PackToCheck[]): Promise<void> {
  const { storage } = engine.repository
  const bytes = packs.reduce((sum, { size }) => sum + size, 0)
  let done = 0
  const faults = await checkPacks(packs, {
    storage,
    crew: engine.crew,
    onPack(size) {
      done += size
      engine.progress(done, bytes, 'bytes')
    },
  })
  const [first] = faults
  if (!first) return
  await noteDamaged(
    storage,
    faults.map(({ pack }) => pack),
  )
  throw first.error
}

/** Removes a folder tree below the site's `.wheelhouse`; names of any bytes, folders without rights included. */
export async function runRemove(engine: Pick<Engine, 'site'>, { path }: Input<'remove'>): Promise<void> {
  const below = relative(`${engine.site.directory}/${ownFolder}`, path)
  if (below === '' || below.startsWith('..')) throw new Error(`${path} is not below ${ownFolder}`)
  if (lstatSync(path, { throwIfNoEntry: false })) await removeTree(Buffer.from(path))
}

/** Removes a folder with everything in it; names of any bytes, folders without rights included. Follows no link. */
export async function removeTree(path: Buffer): Promise<void> {
  const stat = lstatSync(path)
  if (!stat.isDirectory()) return unlinkSync(path)
  if ((stat.mode & 0o700) !== 0o700) chmodSync(path, 0o700)
  for (const name of readdirSync(path, { encoding: 'buffer' })) await removeTree(joinRaw(path, name))
  rmdirSync(path)
  await turn()
}
