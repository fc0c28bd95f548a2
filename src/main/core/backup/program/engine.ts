import type { Owners, Runtime } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { type BlobIndex, loadIndex } from '../repository/blob-index.ts'
import { BlobReader } from '../repository/blob-reader.ts'
import { createRepository, openRepository, type RepositoryFolder } from '../repository/repository.ts'
import { lockRepository } from '../repository/repository-lock.ts'
import type { Hello } from './messages.ts'

/** What the work of a helper has at hand. */
export interface Engine {
  readonly site: Hello['site']
  readonly runtime: Runtime
  readonly owners: Owners
  readonly platform: NodeJS.Platform
  readonly repository: RepositoryFolder
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
  const repository = await open(hello.folder, lock?.create ?? false)
  const locked = lock ? await lockRepository(repository.layout, lock.what) : null
  const index = await loadIndex(repository.layout)
  const reader = new BlobReader(repository.layout, index)
  return {
    ...ports,
    site: hello.site,
    repository,
    index,
    reader,
    async [Symbol.asyncDispose]() {
      reader[Symbol.dispose]()
      await locked?.[Symbol.asyncDispose]()
    },
  }
}

async function open(folder: string, create: boolean): Promise<RepositoryFolder> {
  const found = await openRepository(folder)
  if (found) return found
  if (create) return createRepository(folder, Date.now())
  throw new ConsoleError(
    'repository-missing',
    `There are no backups of this site in ${folder}.`,
    'Connect the disk that holds them, or name their folder in site.yaml (backup.folder).',
    { params: { folder }, retryable: true },
  )
}
