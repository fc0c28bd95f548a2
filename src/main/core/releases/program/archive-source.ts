import { createReadStream } from 'node:fs'
import { lstat, open } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { createGunzip } from 'node:zlib'
import { archiveDamaged, readTar, readZip, shown, type TarVisitor } from '#core/archive/index.ts'
import type { WorkPorts } from './messages.ts'
import { releaseRefused, sourceMissing } from './refused.ts'
import type { Staging } from './staging.ts'

export interface SurveyedArchive {
  readonly file: string
  readonly size: number
  readonly kind: 'tar.gz' | 'zip'
}

/** What an archive is, from its first bytes. Rejects with `release-source-missing` or `archive-damaged`. */
export async function surveyArchive(file: string): Promise<SurveyedArchive> {
  const stat = isAbsolute(file) ? await lstat(file).catch(() => null) : null
  if (!stat?.isFile()) {
    throw sourceMissing(
      `${file} ${stat ? 'is no file' : 'does not exist'}.`,
      { file },
      'Name a .tar.gz or .zip file by its whole path.',
    )
  }
  await using handle = await open(file, 'r')
  const first = Buffer.alloc(4)
  await handle.read(first, 0, 4, 0)
  if (first[0] === 0x1f && first[1] === 0x8b) return { file, size: stat.size, kind: 'tar.gz' }
  const mark = first.toString('latin1')
  if (mark === 'PK\x03\x04') return { file, size: stat.size, kind: 'zip' }
  if (mark === 'PK\x05\x06') throw archiveDamaged('it is a zip file without anything in it')
  throw archiveDamaged('it is neither a .tar.gz nor a .zip file')
}

/** `read` of the staging must be {@link ArchiveBytes.read} of the same object, which is counted here. */
export async function stageArchive(
  { file, size, kind }: SurveyedArchive,
  {
    staging,
    read,
    mostEntries,
    ports,
  }: { staging: Staging; read: ArchiveBytes; mostEntries: number; ports: WorkPorts },
): Promise<void> {
  if (kind === 'zip') {
    read.count = size
    let done = 0
    await readZip(
      file,
      {
        entry: async ({ path, type, mode, target }, content) => {
          ports.progress(++done, 0, 'entries')
          const name = path.toString('utf8')
          if (type === 'folder') staging.folder(name)
          else if (type === 'link') staging.link(name, target)
          else await staging.file(name, mode, content)
        },
      },
      mostEntries,
    )
    return
  }
  const source = createReadStream(file, { highWaterMark: 256 * 1024 })
  source.on('data', (piece) => {
    read.count += piece.length
    ports.progress(Math.min(read.count, size), size, 'bytes')
  })
  const unzipped = source.pipe(createGunzip())
  source.on('error', (error) => unzipped.destroy(error))
  try {
    await stageTar(unzipped, staging)
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

/** Bytes of an archive that were read. */
export interface ArchiveBytes {
  count: number
}

/** Brings what a tar holds; a second name of a file becomes a file of its own. */
export async function stageTar(source: AsyncIterable<Buffer>, staging: Staging, look: FileLook = plain): Promise<void> {
  const visitor: TarVisitor = {
    comment() {},
    entry: async (entry, content) => {
      const path = entry.path.toString('utf8')
      // The root itself, as "tar -C folder ." writes it.
      if (entry.type === 'folder') staging.folder(path)
      else if (entry.type === 'link') staging.link(path, entry.target)
      else if (entry.type === 'file') await staging.file(path, entry.mode, look(path, content))
      else {
        const first = staging.fileAt(entry.target.toString('utf8'))
        if (first === null)
          throw releaseRefused(
            `"${shown(entry.path)}" is a second name of "${shown(entry.target)}", which is no file of it`,
          )
        await staging.file(path, entry.mode, createReadStream(first))
      }
    },
  }
  await readTar(source, visitor)
}

/** Sees the content of each file on its way. */
export type FileLook = (path: string, content: AsyncIterable<Buffer>) => AsyncIterable<Buffer>

const plain: FileLook = (_, content) => content
