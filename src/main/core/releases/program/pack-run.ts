import { lstatSync } from 'node:fs'
import { lstat, readlink } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { encodeTarHeader, padding, type TarEntry, tarEnd } from '#core/archive/index.ts'
import { beginDurably } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { digestOf, type ManifestEntry, type ManifestFiles, manifestName, sizeOf, writeManifest } from '../manifest.ts'
import { leftOutOfFolders, surveyFolder } from './folder-source.ts'
import { leadsOut } from './links.ts'
import type { Input, Output, WorkPorts } from './messages.ts'
import { foldedKey, safeParts, windowsObjection } from './names.ts'
import { releaseRefused } from './refused.ts'
import { contentOf, readFolder } from './walk.ts'

/** Writes a folder as an archive with its manifest first. It appears under its name when it is whole. */
export async function runPack(request: Input<'pack'>, ports: WorkPorts): Promise<Output<'pack'>> {
  const { file, replace, limits, site, version, schema, made } = request
  const { folder, notes } = await surveyFolder(request.folder, null, limits)
  assertPlace(folder, file, replace)
  const found = await readFolder(folder, { without: [...leftOutOfFolders] })
  const files: ManifestFiles = new Map([...found].map(([path, entry]) => [path, asDelivered(entry)]))
  const told = assertCanBeBrought(files)
  const size = sizeOf(files)
  const manifest = writeManifest({ site, version, schema, made, files })
  await using written = await beginDurably(file, 0o644).catch((error: unknown) => {
    throw notWritten(file, error instanceof Error ? error.message : String(error))
  })
  let packed = 0
  let done = 0
  const tar = tarOf(folder, files, manifest, (bytes) => {
    done += bytes
    ports.progress(done, size.bytes, 'bytes')
  })
  const source = Readable.from(tar, { objectMode: false, highWaterMark: 1024 * 1024 })
  const zipped = source.pipe(createGzip({ level: 6 }))
  source.on('error', (error) => zipped.destroy(error))
  for await (const piece of zipped) {
    await written.write(piece)
    packed += piece.length
  }
  await written.finish()
  return { ...size, packed, digest: digestOf(files), notes: [...notes, ...told] }
}

/** As the console brings it: rights are 644 or 755. */
function asDelivered(entry: ManifestEntry): ManifestEntry {
  if (!('mode' in entry)) return entry
  return { ...entry, mode: Number.parseInt(entry.mode, 8) & 0o111 ? '755' : '644' }
}

/** What would be refused when it is brought is refused now, where it can be mended. Resolves with notes. */
function assertCanBeBrought(files: ManifestFiles): readonly string[] {
  const names = new Map<string, string>()
  const links = new Map([...files].flatMap(([path, entry]) => ('link' in entry ? [[path, entry.link] as const] : [])))
  const notes: string[] = []
  for (const [path, entry] of files) {
    const parts = safeParts(path)
    const other = names.get(foldedKey(path))
    if (other !== undefined) throw releaseRefused(`"${other}" and "${path}" are the same name on some systems`)
    names.set(foldedKey(path), path)
    const out = 'link' in entry ? leadsOut(path, links) : null
    if (out && 'link' in entry)
      throw releaseRefused(
        `the link "${path}" leads to "${entry.link}", ${out}`,
        'Replace the link by what it leads to, then pack again.',
      )
    const objection = windowsObjection(parts.at(-1) ?? '')
    if (objection && notes.length < 20) notes.push(`Windows could not have "${path}": ${objection}.`)
  }
  return notes
}

async function* tarOf(
  folder: string,
  files: ManifestFiles,
  manifest: string,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  const text = Buffer.from(manifest)
  yield Buffer.concat([header(manifestName, { size: text.length }), text, padding(text.length)])
  for (const [path, entry] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if ('link' in entry) {
      if ((await readlink(join(folder, path))) !== entry.link) throw changed(path)
      yield header(path, { type: 'link', mode: 0o777, target: Buffer.from(entry.link) })
      continue
    }
    const { mtimeMs } = await lstat(join(folder, path))
    const mtime = BigInt(Math.floor(mtimeMs / 1_000)) * 1_000_000_000n
    yield header(path, { size: entry.size, mode: Number.parseInt(entry.mode, 8), mtime })
    let size = 0
    for await (const piece of contentOf(join(folder, path))) {
      size += piece.length
      if (size > entry.size) throw changed(path)
      yield piece
    }
    if (size !== entry.size) throw changed(path)
    yield padding(size)
    onBytes(size)
  }
  yield tarEnd
}

function header(path: string, more: Partial<TarEntry>): Buffer {
  return encodeTarHeader({
    path: Buffer.from(path),
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    user: '',
    group: '',
    size: 0,
    mtime: 0n,
    target: Buffer.alloc(0),
    ...more,
  })
}

function changed(path: string): ConsoleError {
  return releaseRefused(
    `"${path}" changed while it was packed`,
    'Wait until nothing writes into the folder, then try again.',
  )
}

function assertPlace(folder: string, file: string, replace: boolean): void {
  const way = relative(folder, file)
  if (!isAbsolute(file) || !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)))
    throw notWritten(file, 'it would lie in the folder that is packed')
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (found && !(replace && found.isFile()))
    throw new ConsoleError(
      'release-file-exists',
      `${file} exists already.`,
      'Choose another name, or say that it may be replaced (--replace).',
      { params: { file } },
    )
}

function notWritten(file: string, why: string): ConsoleError {
  return new ConsoleError(
    'release-not-packed',
    `${file} cannot be written: ${why}.`,
    'Choose a folder that exists, can be written and has room, outside the folder that is packed.',
    { params: { file } },
  )
}
