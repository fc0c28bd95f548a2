import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Owners, Runtime } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { ownFolder } from '../capture/scope.ts'
import { Crew } from '../crew/crew.ts'
import { type BlobIndex, loadIndex } from '../repository/blob-index.ts'
import { BlobReader } from '../repository/blob-reader.ts'
import { checked, openWithSecret } from '../repository/keys/key-folder.ts'
import { openStorage } from '../repository/open-storage.ts'
import { protectionOf } from '../repository/protection.ts'
import {
  createRepository,
  type Encryption,
  openRepository,
  prepareRepository,
  type Repository,
} from '../repository/repository.ts'
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
  await using owned = new AsyncDisposableStack()
  const raw = openStorage(targetOf(hello))
  const storage = owned.use(new SealedStorage(raw))
  const found = await openRepository(raw)
  if (!found && !lock?.create) throw missing(raw.place)
  const secrets = hello.secrets ?? noSecrets
  if (found) unseal(found, secrets, storage)
  else {
    encryptionOf(secrets, raw.place) // what must not be made leaves no folders either
    await prepareRepository(raw)
  }
  if (lock) owned.use(await storage.lock(lock.what))
  const { config } = found ?? (await create(secrets, raw, storage))
  const temporary = storage.workFolder ?? join(hello.site.directory, ownFolder, 'backup-work')
  if (lock && !storage.workFolder) await emptied(temporary)
  const index = await loadIndex(storage)
  const reader = new BlobReader(storage, index)
  const crew = owned.use(new Crew(ports.runtime, storage.protection))
  const kept = owned.move()
  return {
    ...ports,
    site: hello.site,
    repository: { storage, config },
    raw,
    temporary,
    index,
    reader,
    crew,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function emptied(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
}

const noSecrets: HelloSecrets = { key: null, passphrase: null, sealed: false }

/** Lets the storage seal and open as this repository does. Throws when it must not be used, or cannot be without its key. */
function unseal({ config }: Repository, secrets: HelloSecrets, storage: SealedStorage): void {
  if (config.cipher === 'none') {
    if (secrets.sealed) throw notSealed(storage.place)
    return
  }
  if (secrets.key === null) throw locked(storage.place)
  const { master } = checked(storage, config, Buffer.from(secrets.key, 'base64'))
  storage.open(protectionOf(master, config.id))
}

/** Makes the repository, for the holder of its lock: of several that find none at the same time, the first makes it. */
async function create(secrets: HelloSecrets, raw: Storage, storage: SealedStorage): Promise<Repository> {
  const made = await openRepository(raw)
  if (made) {
    const { passphrase, key, sealed } = secrets
    const opened = made.config.cipher !== 'none' && key === null && passphrase !== null
    const master = opened ? (await openWithSecret(raw, made.config, passphrase)).master.toString('base64') : key
    unseal(made, { key: master, passphrase, sealed }, storage)
    return made
  }
  const { config, master } = await createRepository(raw, Date.now(), encryptionOf(secrets, raw.place))
  if (master) storage.open(protectionOf(master, config.id))
  return { storage, config }
}

/** With what a new repository is encrypted. Throws when it would not be, and must be. */
function encryptionOf({ passphrase, sealed }: HelloSecrets, place: string): Encryption {
  if (sealed && passphrase === null) throw notSealed(place)
  return passphrase === null ? null : { passphrase }
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
