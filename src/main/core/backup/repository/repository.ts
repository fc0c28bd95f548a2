import { z } from 'zod'
import { newId } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { databaseChunks, fileChunks } from './chunker.ts'
import { keys } from './layout.ts'
import type { Storage } from './storage.ts'

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

export interface Repository {
  readonly storage: Storage
  readonly config: RepositoryConfig
}

/**
 * Opens an existing repository. Resolves with undefined when the storage holds none. Rejects with
 * `repository-from-the-future`, `repository-damaged`, or `repository-unreachable` with the system's reason.
 */
export async function openRepository(storage: Storage): Promise<Repository | undefined> {
  let text: Buffer | undefined
  try {
    text = await storage.read(keys.config)
  } catch (error) {
    throw error instanceof ConsoleError ? error : unreachable(storage.place, error)
  }
  return text && { storage, config: parseConfig(storage.place, text.toString('utf8')) }
}

/** Makes a repository in a storage that is absent or empty; the config is written last and is what makes it one. */
export async function createRepository(storage: Storage, now: number): Promise<Repository> {
  const config: RepositoryConfig = {
    format: repositoryFormat,
    id: newId('rp'),
    createdAt: now,
    hash: 'sha256',
    cipher: 'none',
    chunker: { algorithm: 'gear-1', files: { ...fileChunks }, databases: { ...databaseChunks } },
  }
  try {
    await storage.prepare()
    await storage.write(keys.config, `${JSON.stringify(config, null, 2)}\n`, { ifAbsent: true })
  } catch (error) {
    throw error instanceof ConsoleError ? error : unreachable(storage.place, error)
  }
  return { storage, config }
}

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
