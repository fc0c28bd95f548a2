import { mkdir, readdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { newId, syncFolder, writeDurably } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { databaseChunks, fileChunks } from './chunker.ts'
import { type Layout, layoutOf } from './layout.ts'

/** The version of the repository format that this program writes, and the highest that it reads. */
export const repositoryFormat = 1

const sizesSchema = z.object({ min: z.number().int(), average: z.number().int(), max: z.number().int() })
const configSchema = z.object({
  format: z.literal(repositoryFormat),
  id: z.string(),
  createdAt: z.number(),
  hash: z.literal('sha256'),
  cipher: z.literal('none'),
  chunker: z.object({ algorithm: z.literal('gear-1'), files: sizesSchema, databases: sizesSchema }),
})
export type RepositoryConfig = z.infer<typeof configSchema>

export interface RepositoryFolder {
  readonly layout: Layout
  readonly config: RepositoryConfig
}

/**
 * Opens an existing repository. Resolves with undefined when the folder holds none. Rejects with
 * `repository-from-the-future`, `repository-damaged`, or `repository-unreachable` with the system's reason.
 */
export async function openRepository(folder: string): Promise<RepositoryFolder | undefined> {
  const layout = layoutOf(folder)
  let text: string
  try {
    text = await readFile(layout.config, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw unreachable(folder, error)
  }
  return { layout, config: parseConfig(folder, text) }
}

/** Makes a repository in a folder that is absent or empty; the config is written last and is what makes it one. */
export async function createRepository(folder: string, now: number): Promise<RepositoryFolder> {
  const layout = layoutOf(folder)
  const config: RepositoryConfig = {
    format: repositoryFormat,
    id: newId('rp'),
    createdAt: now,
    hash: 'sha256',
    cipher: 'none',
    chunker: { algorithm: 'gear-1', files: { ...fileChunks }, databases: { ...databaseChunks } },
  }
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const strange = (await readdir(folder)).find((name) => !ownNames.has(name) && !name.startsWith('.'))
    if (strange) throw notEmpty(folder, strange)
    for (const part of [layout.packs, layout.index, layout.snapshots, layout.marks]) {
      await mkdir(part, { recursive: true, mode: 0o700 })
    }
    await writeDurably(layout.config, `${JSON.stringify(config, null, 2)}\n`)
    await syncFolder(dirname(folder))
  } catch (error) {
    throw error instanceof ConsoleError ? error : unreachable(folder, error)
  }
  return { layout, config }
}

const ownNames = new Set([
  'packs',
  'index',
  'snapshots',
  'marks',
  'tmp',
  'lock.db',
  'owner.json',
  'sweep.json',
  'damaged.json',
  'lost+found',
])

function parseConfig(folder: string, text: string): RepositoryConfig {
  const parsed = configSchema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  const newer = z.object({ format: z.number().gt(repositoryFormat) }).safeParse(parseJson(text))
  if (newer.success) {
    throw new ConsoleError(
      'repository-from-the-future',
      `The backups in ${folder} were written by a newer version of the console (format ${newer.data.format}; this one knows up to ${repositoryFormat}).`,
      'Update this console, or choose another backup folder in site.yaml. Nothing was changed.',
      { params: { folder, format: newer.data.format } },
    )
  }
  throw new ConsoleError(
    'repository-damaged',
    `The file config.json of the backups in ${folder} cannot be understood.`,
    'Check the disk that holds the backups; bring config.json back from a copy of the folder.',
    { params: { folder } },
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function unreachable(folder: string, error: unknown): ConsoleError {
  const reason = error instanceof Error ? error.message : String(error)
  return new ConsoleError(
    'repository-unreachable',
    `The backup folder ${folder} cannot be used: ${reason}.`,
    'Check that its disk is connected and that this user may write to it.',
    { params: { folder }, retryable: true, cause: error },
  )
}

function notEmpty(folder: string, found: string): ConsoleError {
  return new ConsoleError(
    'repository-folder-not-empty',
    `The backup folder ${folder} holds other files (such as "${found}") and no backups.`,
    'Choose an empty folder for the backups.',
    { params: { folder, found } },
  )
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
