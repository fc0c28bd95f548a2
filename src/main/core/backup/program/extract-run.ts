import { dirname } from 'node:path'
import { ConsoleError } from '#shared/problem.ts'
import { type PlacedEntry, stageEntries } from '../restore/stage.ts'
import { verifyStaged } from '../restore/verify-staged.ts'
import { makeDestination, writeWhole } from './destination.ts'
import type { Engine } from './engine.ts'
import type { Input, Output } from './messages.ts'
import { selected, sizeOf } from './restore-run.ts'
import { assertRoom } from './space.ts'

/**
 * Writes entries of a snapshot into a folder that is no part of the site, and reads them back. The folder is made where it is missing
 * and must be empty; with a `job` it appears under its name when it is whole. The live site is not touched.
 */
export async function runExtract(engine: Engine, request: Input<'extract'>): Promise<Output<'extract'>> {
  const { entries, scope } = await entriesOf(engine, request)
  const bytes = await sizeOf(engine, entries, scope)
  assertWithin(request, bytes)
  await assertRoom(dirname(request.to), bytes, 'Writing the snapshot into another folder')
  let done = 0
  let files = 0
  const write = async (folder: Buffer) => {
    await stageEntries(folder, entries, scope, {
      ...engine,
      onFile(size) {
        files++
        done += size
        engine.progress(done, bytes, 'bytes')
      },
    })
    await engine.reach('extract.after-written')
    await verifyStaged(folder, entries, scope, engine)
  }
  if (request.job === undefined) await write(makeDestination(engine, request.to))
  else await writeWhole(engine, request.to, request.job, write)
  return { files, bytes }
}

/** The entries to write, in the order of a listing. */
async function entriesOf(engine: Engine, { snapshot, top, over, paths = null }: Input<'extract'>) {
  const { tree, scope } = await selected(engine, { snapshot, paths })
  const found = new Map(await tree.listing(''))
  if (over) {
    const above = await (await selected(engine, { snapshot: over.snapshot, paths: null })).tree.listing('')
    for (const key of over.top) {
      const entry = above?.get(key)
      // What a scope covers and its snapshot does not hold was not there.
      if (entry) found.set(key, entry)
      else found.delete(key)
    }
  }
  const wanted = top === null ? null : new Set(top)
  const entries = [...found]
    .filter(([key]) => wanted?.has(key) ?? true)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, entry]): PlacedEntry => ({ key, entry }))
  return { entries, scope }
}

function assertWithin({ most, to }: Input<'extract'>, bytes: number): void {
  if (most === null || bytes <= most) return
  throw new ConsoleError(
    'extract-too-large',
    `The snapshot holds ${megabytes(bytes)} MB, and at most ${megabytes(most)} MB may be written into ${to}.`,
    'Allow more, or choose a smaller snapshot.',
    { params: { bytes, most, to } },
  )
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)
}
