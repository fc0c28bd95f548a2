import { createReadStream, lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path'
import { Readable } from 'node:stream'
import { createGunzip, createGzip } from 'node:zlib'
import { z } from 'zod'
import { archiveDamaged, readTar } from '#core/archive/index.ts'
import { beginDurably, newId } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { packSnapshot } from '../archive/pack.ts'
import { Unpacking } from '../archive/unpack.ts'
import { markSnapshot } from '../repository/snapshot-file.ts'
import { unfinishedPlace } from '../unfinished-place.ts'
import { runBackup } from './backup-run.ts'
import { writeWhole } from './destination.ts'
import type { Engine } from './engine.ts'
import { removeTree } from './maintenance.ts'
import type { Input, Output } from './messages.ts'
import { selected, sizeOf } from './restore-run.ts'
import { assertRoom, freeBytes } from './space.ts'

/** What an exported archive says of the snapshot in it. */
const comment = 'WHEELHOUSE.snapshot'
const commentSchema = z.object({
  id: z.string(),
  site: z.object({ id: z.string(), name: z.string() }),
  at: z.number(),
  kind: z.enum(['full', 'data', 'restore-point']),
  note: z.string(),
  scope: z.enum(['site', 'data', 'paths']),
})

const GiB = 1024 * 1024 * 1024
const limits = { entries: 2_000_000, ratio: 200, ratioFrom: GiB }

/** Writes a snapshot as a `.tar.gz`, which appears under its name when it is whole. */
export async function runExport(engine: Engine, request: Input<'export'>): Promise<Output<'export'>> {
  const { snapshot, tree, scope } = await selected(engine, request)
  const { file } = request
  assertPlace(engine, file)
  if (lstatSync(file, { throwIfNoEntry: false }) && !(request.replace && lstatSync(file).isFile())) throw exists(file)
  const entries = [...((await tree.listing('')) ?? [])].map(([key, entry]) => ({ key, entry }))
  const total = await sizeOf(engine, entries, scope)
  const { id, site, at, kind, note } = snapshot
  const about = {
    id,
    site: { id: site.id, name: site.name },
    at,
    kind,
    note,
    scope: request.paths ? 'paths' : snapshot.scope,
  }
  let done = 0
  let files = 0
  const tar = packSnapshot({ tree, scope, comment: { [comment]: JSON.stringify(about) } }, engine.reader, (bytes) => {
    files++
    done += bytes
    engine.progress(Math.min(done, total), total, 'bytes')
  })
  await using written = await beginDurably(file, 0o600, unfinishedPlace(file, request.job)).catch((error: unknown) => {
    throw notWritten(file, error)
  })
  let bytes = 0
  const packed = Readable.from(tar, { objectMode: false, highWaterMark: 1024 * 1024 })
  const zipped = packed.pipe(createGzip({ level: 4 }))
  packed.on('error', (error) => zipped.destroy(error))
  for await (const piece of zipped) {
    await written.write(piece)
    bytes += piece.length
  }
  await engine.reach('export.before-name')
  await written.finish()
  return { files, bytes }
}

/** Unpacks a `.tar.gz` into an empty folder outside the site. */
export async function runUnpack(engine: Engine, { file, to, job }: Input<'unpack'>): Promise<Output<'unpack'>> {
  const { files, bytes, skipped } = await writeWhole(engine, to, job, (folder) => unpack(engine, file, folder))
  return { files, bytes, skipped }
}

/** Makes a snapshot of what a `.tar.gz` holds. It is pinned: the rules of keeping know nothing of where it came from. */
export async function runImport(engine: Engine, request: Input<'import'>): Promise<Output<'import'>> {
  const { file } = request
  const folder = join(engine.temporary, newId('import'))
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  try {
    const { about, files, skipped } = await unpack(engine, file, Buffer.from(folder))
    const told = about ? commentSchema.safeParse(parsed(about)).data : undefined
    if (files === 0) throw archiveDamaged('it holds no file')
    const from = told && told.site.id !== engine.site.id ? ` It was taken of ${told.site.name}.` : ''
    const note = `${request.note || told?.note || ''} Imported from ${basename(file)}.${from}`.trim()
    const onlyData = told?.scope === 'data'
    const { snapshot, verified } = await runBackup(
      engine,
      {
        kind: onlyData ? 'data' : 'full',
        scope: onlyData ? 'data' : 'site',
        note,
        exclude: [],
        job: request.job,
        before: null,
      },
      { directory: folder, at: told?.at ?? lstatSync(file).mtimeMs },
    )
    await markSnapshot(engine.repository.storage, snapshot, { what: 'pinned', pinned: true })
    return { snapshot, verified, files, skipped }
  } finally {
    await removeTree(Buffer.from(folder)).catch(() => {}) // The next who takes the lock empties the folder.
  }
}

/** Whoever gave the folder removes what is in it when this rejects. */
async function unpack(engine: Engine, file: string, folder: Buffer) {
  const size = sizeOfFile(file)
  const free = await freeBytes(folder.toString())
  await assertRoom(folder.toString(), size, 'Unpacking the archive')
  let read = 0
  const source = createReadStream(file, { highWaterMark: 256 * 1024 })
  source.on('data', (piece) => {
    read += piece.length
    engine.progress(Math.min(read, size), size, 'bytes')
  })
  const unzipped = source.pipe(createGunzip())
  source.on('error', (error) => unzipped.destroy(error))
  const unpacking = new Unpacking(folder, {
    owners: engine.owners,
    limits: { ...limits, bytes: Math.max(0, (free ?? Number.MAX_SAFE_INTEGER) - 64 * 1024 * 1024) },
    read: () => read,
    onBytes: () => {},
  })
  try {
    await readTar(unzipped, unpacking)
    return { ...unpacking.finish(), skipped: unpacking.skipped, about: unpacking.comments.get(comment) }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    throw code.startsWith('Z_') || code === 'ERR_BUFFER_OUT_OF_BOUNDS'
      ? archiveDamaged('it is no gzip file, or is damaged')
      : error
  } finally {
    source.destroy()
    unzipped.destroy()
  }
}

function sizeOfFile(file: string): number {
  const stat = isAbsolute(file) ? lstatSync(file, { throwIfNoEntry: false }) : undefined
  if (stat?.isFile()) return stat.size
  throw new ConsoleError(
    'archive-missing',
    `${file} ${stat ? 'is no file' : 'does not exist'}.`,
    'Name a .tar.gz file by its whole path.',
    {
      params: { file },
    },
  )
}

function assertPlace(engine: Engine, file: string): void {
  if (!isAbsolute(file)) throw notWritten(file, new Error('it is not an absolute path'))
  const folder = lstatSync(dirname(file), { throwIfNoEntry: false }) ? realpathSync(dirname(file)) : dirname(file)
  const { storage } = engine.repository
  const places = [realpathSync(engine.site.directory), ...(storage.kind === 'folder' ? [storage.place] : [])]
  for (const place of places) {
    const way = relative(place, folder)
    if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) continue
    throw notWritten(file, new Error(`it would lie in ${place}`))
  }
}

function exists(file: string): ConsoleError {
  return new ConsoleError(
    'export-exists',
    `${file} exists already.`,
    'Choose another name, or say that it may be replaced.',
    {
      params: { file },
    },
  )
}

function notWritten(file: string, error: unknown): ConsoleError {
  return new ConsoleError(
    'export-failed',
    `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}.`,
    'Choose a folder that exists, can be written and has room, outside the site and the backups.',
    { params: { file }, cause: error },
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
