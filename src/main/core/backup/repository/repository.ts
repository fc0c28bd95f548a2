import { z } from 'zod'
import { newId } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { databaseChunks, fileChunks } from './chunker.ts'
import { configSeal } from './keys/config-seal.ts'
import { addKey, removeStrayKeys } from './keys/key-folder.ts'
import { newMasterKey } from './keys/master-key.ts'
import { keys } from './layout.ts'
import { protectionOf } from './protection.ts'
import type { Storage } from './storage.ts'

/** The version of the repository format that this program writes, and the highest that it reads. */
export const repositoryFormat = 2

const sizesSchema = z.object({ min: z.number().int(), average: z.number().int(), max: z.number().int() })
const common = { id: z.string().max(64), createdAt: z.number() }
const chunkerOf = <A extends string>(algorithm: A) =>
  z.object({ algorithm: z.literal(algorithm), files: sizesSchema, databases: sizesSchema })
const plainShape = { ...common, hash: z.literal('sha256'), cipher: z.literal('none'), chunker: chunkerOf('gear-1') }
/** Format 1 knows no encryption; 2 is the same where there is none. */
const configSchema = z.union([
  z.object({ format: z.union([z.literal(1), z.literal(2)]), ...plainShape, seal: z.undefined().optional() }),
  z.object({
    format: z.literal(2),
    ...common,
    hash: z.literal('hmac-sha256'),
    cipher: z.literal('aes-256-gcm'),
    chunker: chunkerOf('gear-1-keyed'),
    /** Over everything above, with the repository's key. */
    seal: z.string().max(64),
  }),
])
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

/** With what a new repository is encrypted; null: not at all. */
export type Encryption = { readonly passphrase: string } | null

/**
 * Makes a place ready for a new repository, and for the lock that whoever makes it needs. Rejects with
 * `repository-folder-not-empty`, or `repository-unreachable` with the system's reason.
 */
export async function prepareRepository(storage: Storage): Promise<void> {
  try {
    await storage.prepare()
  } catch (error) {
    throw error instanceof ConsoleError ? error : unreachable(storage.place, error)
  }
}

/**
 * Makes a repository in a storage that is prepared and holds none; the config is written last and is what makes it one. For the
 * holder of the storage's lock: two that make one at the same time would take each other's keys for remains. Resolves with its
 * master key where it is encrypted. Rejects with `passphrase-weak` too.
 */
export async function createRepository(
  storage: Storage,
  now: number,
  encryption: Encryption = null,
): Promise<Repository & { readonly master: Buffer | null }> {
  try {
    const { config, master } = encryption
      ? await encrypted(storage, now, encryption.passphrase)
      : { config: plainConfig(now), master: null }
    await storage.write(keys.config, `${JSON.stringify(config, null, 2)}\n`, { ifAbsent: true })
    return { storage, config, master }
  } catch (error) {
    throw error instanceof ConsoleError ? error : unreachable(storage.place, error)
  }
}

function plainConfig(now: number): RepositoryConfig {
  return {
    format: repositoryFormat,
    id: newId('rp'),
    createdAt: now,
    hash: 'sha256',
    cipher: 'none',
    chunker: { algorithm: 'gear-1', files: { ...fileChunks }, databases: { ...databaseChunks } },
  }
}

/** A new key, its key file, and the config that only this key can have signed. */
async function encrypted(storage: Storage, now: number, passphrase: string) {
  const bare = {
    ...plainConfig(now),
    format: 2,
    hash: 'hmac-sha256',
    cipher: 'aes-256-gcm',
    chunker: { algorithm: 'gear-1-keyed', files: { ...fileChunks }, databases: { ...databaseChunks } },
    seal: '',
  } as const
  const master = newMasterKey()
  const { sealing } = protectionOf(master, bare.id)
  if (!sealing) throw new Error('an encrypted repository seals')
  await removeStrayKeys(storage)
  await addKey(storage, bare, master, { passphrase, label: '', now })
  return { config: { ...bare, seal: configSeal(bare, sealing) }, master }
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
