import { ConsoleError } from '#shared/problem.ts'
import { protectionOf } from '../protection.ts'
import type { RepositoryConfig } from '../repository.ts'
import type { Storage } from '../storage.ts'
import { isConfigOf } from './config-seal.ts'
import {
  decodeKeyFile,
  encodeKeyFile,
  type KeyFile,
  keyIdSchema,
  lockKey,
  mostKeyFileBytes,
  unlockKey,
} from './key-file.ts'
import { looksLikeRecoveryKey, readRecoveryKey } from './recovery-key.ts'

/** Key files that are looked at: each takes half a second to try, and anybody with the folder can put some there. */
const mostKeyFiles = 8
const area = 'keys/'

export interface FoundKey {
  readonly id: string
  /** Absent: it cannot be used. */
  readonly file?: KeyFile
  readonly problem?: ConsoleError
}

/** What a secret opened a repository as. */
export interface OpenedKey {
  readonly master: Buffer
  readonly by: 'passphrase' | 'kit'
  /** The key file of the passphrase. */
  readonly key: string | null
}

/** The key files of a repository, oldest first as far as they can be read, and what is wrong with the others. */
export async function listKeys(storage: Storage, repository: string): Promise<readonly FoundKey[]> {
  const found: FoundKey[] = []
  for (const { key, size } of await storage.list(area)) {
    const id = key.slice(area.length).replace(/\.json$/, '')
    if (!key.endsWith('.json') || !keyIdSchema.safeParse(id).success) continue
    if (found.length >= mostKeyFiles) break
    try {
      const content = size <= mostKeyFileBytes ? await storage.read(key) : Buffer.alloc(0)
      if (content) found.push({ id, file: decodeKeyFile(content.toString('utf8'), id, repository) })
    } catch (error) {
      if (!(error instanceof ConsoleError)) throw error
      found.push({ id, problem: error })
    }
  }
  return found.sort((a, b) => (a.file?.createdAt ?? Infinity) - (b.file?.createdAt ?? Infinity))
}

/**
 * Opens a repository with a passphrase or a recovery key. Rejects with `passphrase-wrong`, with what is wrong with the key
 * files, with what is wrong with the recovery key, or with `repository-altered`.
 */
export async function openWithSecret(storage: Storage, config: RepositoryConfig, secret: string): Promise<OpenedKey> {
  if (!looksLikeRecoveryKey(secret)) return openWithPassphrase(storage, config, secret)
  try {
    return { ...checked(storage, config, readRecoveryKey(secret, config.id)), by: 'kit', key: null }
  } catch (error) {
    // A passphrase of many words can look like a recovery key. If it is none either, the slip in the key is what to tell.
    if (!(error instanceof ConsoleError) || error.problem.code !== 'kit-unreadable') throw error
    return openWithPassphrase(storage, config, secret).catch(() => {
      throw error
    })
  }
}

/** As {@link openWithSecret}, with the recovery key alone: nothing in the folder `keys` is looked at. */
export function openWithKit(storage: Storage, config: RepositoryConfig, kit: string): Buffer {
  return checked(storage, config, readRecoveryKey(kit, config.id)).master
}

/** A key that is known to be that of a repository. Throws `repository-altered` when it is not. */
export function checked(storage: Storage, config: RepositoryConfig, master: Buffer): { readonly master: Buffer } {
  const { sealing } = protectionOf(master, config.id)
  if (sealing && isConfigOf(config, sealing)) return { master }
  throw new ConsoleError(
    'repository-altered',
    `The file config.json of the backups in ${storage.place} is not as it was written: somebody has changed it, or it belongs to other backups.`,
    'Nothing was read or written. Bring config.json back from a copy of the folder, and find out who can write there.',
    { params: { place: storage.place, repository: config.id } },
  )
}

/** Locks the master key with one more passphrase, reads it back, and resolves with the new file's id. */
export async function addKey(
  storage: Storage,
  config: Pick<RepositoryConfig, 'id'>,
  master: Buffer,
  given: { readonly passphrase: string; readonly label: string; readonly now: number },
): Promise<string> {
  const { passphrase, label, now } = given
  if ((await listKeys(storage, config.id)).length >= mostKeyFiles) {
    throw new ConsoleError(
      'keys-too-many',
      `The backups have ${mostKeyFiles} passphrases already.`,
      'Remove one that is not needed any more.',
    )
  }
  const file = await lockKey(master, passphrase, { repository: config.id, label, now })
  const name = `${area}${file.id}.json`
  await storage.write(name, encodeKeyFile(file), { ifAbsent: true })
  const written = decodeKeyFile(String(await storage.read(name)), file.id, config.id)
  if ((await unlockKey(written, passphrase))?.equals(master)) return file.id
  await storage.remove(name)
  throw new Error('the key file does not open with the passphrase that it was made with')
}

/** Removes a key file; the last one that can be used stays. Rejects with `key-unknown` or `key-last`. */
export async function removeKey(storage: Storage, config: Pick<RepositoryConfig, 'id'>, id: string): Promise<void> {
  const found = await listKeys(storage, config.id)
  const wanted = found.find((each) => each.id === id)
  if (!wanted) {
    throw new ConsoleError(
      'key-unknown',
      `The backups have no key ${id}.`,
      'Look at the list (wheelhouse backups keys) and take an id from there.',
      { params: { key: id } },
    )
  }
  if (wanted.file && found.filter(({ file }) => file).length === 1) {
    throw new ConsoleError(
      'key-last',
      'This is the only passphrase that opens the backups, so it stays.',
      'Add another one first, or change this one.',
      { params: { key: id } },
    )
  }
  await storage.remove(`${area}${id}.json`)
}

/** Removes what an interrupted making of a repository left. */
export async function removeStrayKeys(storage: Storage): Promise<void> {
  for (const { key } of await storage.list(area)) await storage.remove(key)
}

async function openWithPassphrase(storage: Storage, config: RepositoryConfig, passphrase: string): Promise<OpenedKey> {
  const found = await listKeys(storage, config.id)
  for (const { id, file } of found) {
    const master = file && (await unlockKey(file, passphrase))
    if (master) return { ...checked(storage, config, master), by: 'passphrase', key: id }
  }
  const problem = found.find((each) => each.problem)?.problem
  const usable = found.filter(({ file }) => file).length
  if (problem && usable === 0) throw problem
  if (usable === 0) {
    throw new ConsoleError(
      'key-missing',
      `The backups in ${storage.place} are encrypted, and their key files are gone.`,
      'Bring the folder keys back from a copy, or unlock the backups with the recovery kit.',
      { params: { place: storage.place } },
    )
  }
  throw new ConsoleError(
    'passphrase-wrong',
    `The passphrase does not open the backups in ${storage.place}.${problem ? ` One of their key files cannot be used: ${problem.message}` : ''}`,
    'Try again; small and capital letters are not the same. The recovery kit opens them without a passphrase.',
    { params: { place: storage.place } },
  )
}
