import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Owners, Runtime } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { ownFolder } from '../capture/scope.ts'
import { Crew } from '../crew/crew.ts'
import { type BlobIndex, loadIndex } from '../repository/blob-index.ts'
import { BlobReader } from '../repository/blob-reader.ts'
import { checked } from '../repository/keys/key-folder.ts'
import { openStorage } from '../repository/open-storage.ts'
import { protectionOf } from '../repository/protection.ts'
import { createRepository, openRepository, type Repository } from '../repository/repository.ts'
import { SealedStorage } from '../repository/sealed-storage.ts'
import type { Storage } from '../repository/storage.ts'
import { type Hello, type HelloSecrets, targetOf } from './messages.ts'

/** What the work of a helper has at hand. */
export interface Engine {
  readonly site: Hello['site']
  readonly runtime: Runtime
  readonly owners: Owners
  readonly platform: NodeJS.Platform
  readonly repository: Repository
  /** The same storage as it lies there, nothing opened: for whoever only moves files. */
  readonly raw: Storage
  /** Folder for working files, empty at the beginning; there only while the lock is held. */
  readonly temporary: string
  readonly index: BlobIndex
  readonly reader: BlobReader
  /** Threads for what takes processor time. */
  readonly crew: Crew
  progress(done: number, total: number, unit: 'files' | 'bytes'): void
  /** A named crash point; resolves when the console says to go on. */
  reach(point: string): Promise<void>
}

/** Opens the repository, for writing when `lock` says for what. Errors: `repository-missing` and those of its parts. */
export async function openEngine(
  hello: Hello,
  ports: Pick<Engine, 'runtime' | 'owners' | 'platform' | 'progress' | 'reach'>,
  lock: { readonly what: string; readonly create: boolean } | null,
): Promise<Engine & AsyncDisposable> {
  const raw = openStorage(targetOf(hello))
  const storage = new SealedStorage(raw)
  try {
    const repository = await open(hello, raw, storage, lock?.create ?? false)
    const locked = lock ? await storage.lock(lock.what) : null
    const temporary = storage.workFolder ?? join(hello.site.directory, ownFolder, 'backup-work')
    if (locked && !storage.workFolder) await emptied(temporary)
    const index = await loadIndex(storage)
    const reader = new BlobReader(storage, index)
    const crew = new Crew(ports.runtime, storage.protection)
    return {
      ...ports,
      site: hello.site,
      repository,
      raw,
      temporary,
      index,
      reader,
      crew,
      async [Symbol.asyncDispose]() {
        await crew[Symbol.asyncDispose]()
        await locked?.[Symbol.asyncDispose]()
        storage[Symbol.dispose]()
      },
    }
  } catch (error) {
    storage[Symbol.dispose]()
    throw error
  }
}

async function emptied(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
}

const noSecrets: HelloSecrets = { key: null, passphrase: null, sealed: false }

/** The repository behind a storage that seals as it asks for. */
async function open(
  { secrets = noSecrets }: Hello,
  raw: Storage,
  storage: SealedStorage,
  create: boolean,
): Promise<Repository> {
  const found = await openRepository(raw)
  if (!found && create) {
    const encryption = secrets.passphrase === null ? null : { passphrase: secrets.passphrase }
    if (secrets.sealed && !encryption) throw notSealed(raw.place)
    const { config, master } = await createRepository(raw, Date.now(), encryption)
    if (master) storage.open(protectionOf(master, config.id))
    return { storage, config }
  }
  if (!found) throw missing(raw.place)
  const { config } = found
  if (config.cipher === 'none') {
    if (secrets.sealed) throw notSealed(raw.place)
    return { storage, config }
  }
  if (secrets.key === null) throw locked(raw.place)
  const { master } = checked(raw, config, Buffer.from(secrets.key, 'base64'))
  storage.open(protectionOf(master, config.id))
  return { storage, config }
}

function missing(place: string): ConsoleError {
  return new ConsoleError(
    'repository-missing',
    `There are no backups of this site in ${place}.`,
    'Connect the disk that holds them, or name their place in site.yaml (backup.folder or backup.target).',
    { params: { folder: place }, retryable: true },
  )
}

function locked(place: string): ConsoleError {
  return new ConsoleError(
    'backups-locked',
    `The backups in ${place} are encrypted, and they are not unlocked.`,
    'Unlock them with the passphrase or the recovery kit, then try again.',
    { params: { place } },
  )
}

function notSealed(place: string): ConsoleError {
  return new ConsoleError(
    'repository-not-encrypted',
    `The backups in ${place} are not encrypted, and those of this site must be. Nothing was read or written.`,
    'Name a new, empty folder under `backup.folder`, or look who has changed the backups in this one.',
    { params: { place } },
  )
}
