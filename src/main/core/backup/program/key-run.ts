import { ConsoleError } from '#shared/problem.ts'
import { loadIndex } from '../repository/blob-index.ts'
import { BlobReader } from '../repository/blob-reader.ts'
import { addKey, openWithKit, openWithSecret, removeKey } from '../repository/keys/key-folder.ts'
import { openStorage } from '../repository/open-storage.ts'
import { protectionOf } from '../repository/protection.ts'
import { openRepository, type Repository } from '../repository/repository.ts'
import { SealedStorage } from '../repository/sealed-storage.ts'
import { listSnapshots } from '../repository/snapshot-file.ts'
import { walkTree } from '../repository/tree-walk.ts'
import type { Engine } from './engine.ts'
import { type Hello, type Input, type Output, targetOf } from './messages.ts'

/** Blobs, and bytes of them, that a proof decrypts beside the whole tree. */
const most = { blobs: 200, bytes: 128 * 1024 * 1024 } as const

/** Opens the repository with a passphrase or a recovery key; the key goes back to the console, over the pipe alone. */
export async function runUnlock(
  { storage, config }: Repository,
  { secret }: Input<'unlock'>,
): Promise<Output<'unlock'>> {
  const { master, by, key } = await openWithSecret(storage, config, secret)
  return { master: master.toString('base64'), by, key }
}

/** One more passphrase; in the place of `replaces` when it is given. */
export async function runAddKey(
  { repository }: Pick<Engine, 'repository'>,
  { passphrase, label, replaces, now }: Input<'add-key'>,
): Promise<Output<'add-key'>> {
  const { storage, config } = repository
  const master = storage.protection.key?.master
  if (!master) throw new Error('the repository is not encrypted')
  const key = await addKey(storage, config, Buffer.from(master), { passphrase, label, now })
  if (replaces !== null) await removeKey(storage, config, replaces)
  return { key }
}

export async function runRemoveKey({ repository }: Pick<Engine, 'repository'>, { key }: Input<'remove-key'>) {
  await removeKey(repository.storage, repository.config, key)
}

/** The repository as it lies there, with nothing of what the console knows. */
export async function withRaw<T>({ target }: Hello, use: (repository: Repository) => Promise<T>): Promise<T> {
  using storage = openStorage(targetOf({ target }))
  const repository = await openRepository(storage)
  if (repository && repository.config.cipher !== 'none') return await use(repository)
  throw new ConsoleError(
    'backups-not-encrypted',
    `The backups in ${storage.place} are not encrypted, or there are none.`,
    'There is nothing to unlock.',
    { params: { place: storage.place } },
  )
}

/**
 * Proves a recovery kit: with nothing but what it says, the newest snapshot is found and decrypted, its whole tree and a
 * sample of its content. No key file, no passphrase and nothing that this console remembers is used.
 */
export async function runProve({ storage, config }: Repository, { kit }: Input<'prove'>): Promise<Output<'prove'>> {
  const sealed = new SealedStorage(storage, protectionOf(openWithKit(storage, config, kit), config.id))
  const { snapshots, problems } = await listSnapshots(sealed)
  const newest = snapshots.findLast(({ kind }) => kind !== 'restore-point') ?? snapshots.at(-1)
  if (!newest) {
    throw new ConsoleError(
      'kit-nothing-to-prove',
      problems[0] ?? 'The key is right, but there is no snapshot yet that it could be proven on.',
      'Take a backup, then prove the kit.',
    )
  }
  const reader = new BlobReader(sealed, await loadIndex(sealed))
  let trees = 0
  const chunks = new Set<string>()
  await walkTree(reader, newest.tree, {
    tree: () => void trees++,
    file: ({ entry }) => {
      for (const id of entry.chunks) chunks.add(id)
    },
  })
  // Spread over the whole snapshot, so that many packs are touched.
  const step = Math.max(1, Math.ceil(chunks.size / most.blobs))
  let blobs = 0
  let bytes = 0
  let at = 0
  for (const id of chunks) {
    if (at++ % step !== 0 || bytes >= most.bytes) continue
    bytes += (await reader.get(id)).length
    blobs++
  }
  return { snapshot: newest.id, at: newest.at, files: newest.files, trees, blobs, bytes }
}
