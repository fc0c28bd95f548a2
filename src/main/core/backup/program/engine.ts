import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Owners, Runtime } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { ownFolder } from '../capture/scope.ts'
import { type BlobIndex, loadIndex } from '../repository/blob-index.ts'
import { BlobReader } from '../repository/blob-reader.ts'
import { openStorage } from '../repository/open-storage.ts'
import { createRepository, openRepository, type Repository } from '../repository/repository.ts'
import type { Storage } from '../repository/storage.ts'
import type { Hello } from './messages.ts'

/** What the work of a helper has at hand. */
export interface Engine {
  readonly site: Hello['site']
  readonly runtime: Runtime
  readonly owners: Owners
  readonly platform: NodeJS.Platform
  readonly repository: Repository
  /** Folder for working files, empty at the beginning; there only while the lock is held. */
  readonly temporary: string
  readonly index: BlobIndex
  readonly reader: BlobReader
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
  const storage = openStorage(hello.target)
  try {
    const repository = await open(storage, lock?.create ?? false)
    const locked = lock ? await storage.lock(lock.what) : null
    const temporary = storage.workFolder ?? join(hello.site.directory, ownFolder, 'backup-work')
    if (locked && !storage.workFolder) await emptied(temporary)
    const index = await loadIndex(storage)
    const reader = new BlobReader(storage, index)
    return {
      ...ports,
      site: hello.site,
      repository,
      temporary,
      index,
      reader,
      async [Symbol.asyncDispose]() {
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

async function open(storage: Storage, create: boolean): Promise<Repository> {
  const found = await openRepository(storage)
  if (found) return found
  if (create) return createRepository(storage, Date.now())
  throw new ConsoleError(
    'repository-missing',
    `There are no backups of this site in ${storage.place}.`,
    'Connect the disk that holds them, or name their place in site.yaml (backup.folder or backup.target).',
    { params: { folder: storage.place }, retryable: true },
  )
}
