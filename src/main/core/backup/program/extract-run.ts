import { lstatSync, mkdirSync, readdirSync, realpathSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { ConsoleError } from '#shared/problem.ts'
import { ownFolder } from '../capture/scope.ts'
import { type PlacedEntry, stageEntries } from '../restore/stage.ts'
import { verifyStaged } from '../restore/verify-staged.ts'
import type { Engine } from './engine.ts'
import type { Input, Output } from './messages.ts'
import { selected, sizeOf } from './restore-run.ts'
import { assertRoom } from './space.ts'

/** Where sandboxes lie in the console's own folder of a site. */
export const sandboxFolder = 'sandbox'

/**
 * Writes entries of a snapshot into a folder that is no part of the site, and reads them back. The folder is made where it is missing
 * and must be empty. The live site is not touched.
 */
export async function runExtract(engine: Engine, request: Input<'extract'>): Promise<Output<'extract'>> {
  const { entries, scope } = await entriesOf(engine, request)
  const bytes = await sizeOf(engine, entries, scope)
  assertWithin(request, bytes)
  await assertRoom(dirname(request.to), bytes, 'Writing the snapshot into another folder')
  const folder = makeDestination(engine, request.to)
  let done = 0
  let files = 0
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

/** Makes the folder; refuses one that lies in the site or in the repository, that holds anything, or that is a link. */
export function makeDestination(engine: Engine, to: string): Buffer {
  if (!isAbsolute(to)) throw refused(to, 'it is not an absolute path')
  mkdirSync(to, { recursive: true, mode: 0o700 })
  if (!lstatSync(to).isDirectory()) throw refused(to, 'it is not a folder')
  const real = realpathSync(to)
  const site = realpathSync(engine.site.directory)
  const own = [sandboxFolder, 'staging'].map((name) => join(site, ownFolder, name))
  if (isBelow(real, site) && !own.some((folder) => isBelow(real, folder)))
    throw refused(to, 'it lies in the folder of the site')
  if (isBelow(site, real)) throw refused(to, 'the site lies in it')
  const { kind, place } = engine.repository.storage
  if (kind === 'folder' && (isBelow(real, place) || isBelow(place, real))) throw refused(to, 'the backups lie there')
  if (readdirSync(real).length > 0) throw refused(to, 'it is not empty')
  return Buffer.from(real)
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}

function refused(to: string, why: string): ConsoleError {
  return new ConsoleError(
    'extract-destination',
    `Nothing was written into ${to}: ${why}.`,
    'Choose an empty folder outside the site and outside the backups.',
    { params: { to } },
  )
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)
}
