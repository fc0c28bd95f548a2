import { createHmac, randomBytes } from 'node:crypto'
import type { Secrets } from '#core/config/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Helper } from '../program/engine-client.ts'
import type { HelloSecrets } from '../program/messages.ts'
import { isConfigOf } from '../repository/keys/config-seal.ts'
import { noProtection, protectionOf } from '../repository/protection.ts'
import type { Repository, RepositoryConfig } from '../repository/repository.ts'
import type { SealedStorage } from '../repository/sealed-storage.ts'
import type { UsedRepository } from '../used-repository.ts'

/** What the site says of the encryption of its backups. */
export interface EncryptionWish {
  /** Name of the secret that holds the passphrase; null: not encrypted. Undefined: site.yaml cannot be read now. */
  readonly secret: string | null | undefined
}

export interface RepositoryKeyOptions {
  readonly storage: SealedStorage
  readonly wish: () => EncryptionWish
  readonly secrets: Secrets
  readonly used: UsedRepository
  /** A helper without the lock. */
  openHelper(): Helper
}

/** How a key was come by. */
export interface Unlocked {
  readonly by: 'passphrase' | 'kit'
  /** The key file of the passphrase. */
  readonly key: string | null
}

/**
 * The key of an encrypted repository, in memory for as long as the console runs: found once with the passphrase of the
 * secrets file, or given by the operator, and then handed to each helper over its standard input.
 */
export class RepositoryKey {
  readonly #options: RepositoryKeyOptions
  #open: ({ readonly repository: string; readonly master: Buffer } & Unlocked) | null = null
  /** The passphrase that was refused last, as a code of this run alone, so that it is not tried at every look. */
  #refused: { readonly code: string; readonly error: unknown } | null = null
  readonly #codes = randomBytes(32)

  constructor(options: RepositoryKeyOptions) {
    this.#options = options
  }

  /**
   * Makes the storage fit the repository: open, sealed, or locked. Rejects with why it cannot be used: `backups-locked` and
   * what is behind it, `repository-not-encrypted`, `repository-altered`.
   */
  async settle(repository: Repository | undefined): Promise<void> {
    const { storage, used } = this.#options
    if (!repository) return storage.open(noProtection())
    const { config } = repository
    if (config.cipher === 'none') {
      const refusal = this.#refusalOfPlain(config)
      if (!refusal) return storage.open(noProtection())
      storage.lockWith(refusal)
      throw refusal
    }
    try {
      const master = await this.#master(config)
      storage.open(protectionOf(master, config.id))
    } catch (error) {
      const locked = error instanceof ConsoleError ? error : unforeseen(error)
      storage.lockWith(locked)
      throw locked
    }
    await used.noteEncrypted(config.id, this.#options.wish().secret ?? null)
  }

  /** Opens the repository with what the operator gave. Rejects with why it does not. */
  async unlock({ config }: Repository, secret: string): Promise<Unlocked> {
    return this.#take(config, secret)
  }

  /** The master key of this repository; null while it is locked or not encrypted. */
  masterOf(repository: string): Buffer | null {
    return this.#open?.repository === repository ? this.#open.master : null
  }

  /** How this console came by the key. */
  unlockedBy(repository: string): Unlocked | null {
    return this.#open?.repository === repository ? this.#open : null
  }

  /**
   * What a helper is handed: the key, and for making a new repository the passphrase. Rejects with `secret-missing` when a
   * new repository should be encrypted and nobody knows with what.
   */
  forHelper(create: boolean): HelloSecrets {
    const { wish, used } = this.#options
    const { secret } = wish()
    // While site.yaml cannot be read nobody knows whether it asks for encryption; what was sealed once stays so.
    const sealed = secret === undefined ? used.everEncrypted() : secret !== null
    return {
      key: this.#open?.master.toString('base64') ?? null,
      passphrase: create && secret ? this.#passphrase().value : null,
      sealed: sealed || (this.#open !== null && used.wasEncrypted(this.#open.repository)),
    }
  }

  /** The helper made a repository, or opened one. */
  note(repository: string, key: string | null): void {
    if (key === null || this.#open?.repository === repository) return
    this.#open = { repository, master: Buffer.from(key, 'base64'), by: 'passphrase', key: null }
  }

  async #master(config: RepositoryConfig): Promise<Buffer> {
    const known = this.masterOf(config.id)
    if (known) {
      const { sealing } = protectionOf(known, config.id)
      if (sealing && isConfigOf(config, sealing)) return known
      throw altered(this.#options.storage.place, 'its config.json was changed since')
    }
    const { name, value } = this.#passphrase()
    await this.#take(config, value).catch((error: unknown) => {
      throw isWrong(error) ? wrongSecret(this.#options.storage.place, name, error) : error
    })
    const master = this.masterOf(config.id)
    if (!master) throw new Error('the helper opened another repository')
    return master
  }

  async #take(config: RepositoryConfig, secret: string): Promise<Unlocked> {
    const code = createHmac('sha256', this.#codes).update(`${config.id} ${config.seal} ${secret}`).digest('hex')
    if (this.#refused?.code === code) throw this.#refused.error
    try {
      await using helper = this.#options.openHelper()
      const { master, by, key } = await helper.ask('unlock', { secret })
      this.#open = { repository: config.id, master: Buffer.from(master, 'base64'), by, key }
      return { by, key }
    } catch (error) {
      // A damaged key file may be brought back; only a refused passphrase stays refused.
      if (isWrong(error)) this.#refused = { code, error }
      throw error
    }
  }

  #passphrase(): { readonly name: string; readonly value: string } {
    const { wish, secrets, used, storage } = this.#options
    const { secret } = wish()
    const name = secret === undefined ? used.secret() : secret
    if (!name) {
      throw new ConsoleError(
        'backups-locked',
        `The backups in ${storage.place} are encrypted, and site.yaml does not say which secret holds their passphrase.`,
        'Unlock them with the passphrase or the recovery kit, or say under `backup.encryption` in site.yaml which secret it is.',
        { params: { place: storage.place } },
      )
    }
    try {
      return { name, value: secrets(name) }
    } catch (error) {
      if (!(error instanceof ConsoleError)) throw error
      throw new ConsoleError(
        'backups-locked',
        `The backups in ${storage.place} are encrypted, and their passphrase is not at hand: ${error.problem.message}`,
        'Unlock them with the passphrase or the recovery kit, or put the secret back into the secrets file.',
        { params: { place: storage.place, secret: name }, cause: error },
      )
    }
  }

  /** Why a repository without encryption is not used; undefined when it may be. */
  #refusalOfPlain(config: RepositoryConfig): ConsoleError | undefined {
    const { wish, used, storage } = this.#options
    if (used.wasEncrypted(config.id)) {
      return altered(storage.place, 'its config.json says that it is not encrypted, and it was')
    }
    if (!wish().secret) return undefined
    return new ConsoleError(
      'repository-not-encrypted',
      `site.yaml asks for encrypted backups, and those in ${storage.place} are not encrypted. A repository is never mixed, so nothing was written.`,
      'Name a new, empty folder under `backup.folder`, which will be encrypted from its first snapshot on, and keep the old one until you do not need it any more. To go on without encryption, remove `backup.encryption`.',
      { params: { place: storage.place, repository: config.id } },
    )
  }
}

function isWrong(error: unknown): boolean {
  return error instanceof ConsoleError && error.problem.code === 'passphrase-wrong'
}

function wrongSecret(place: string, name: string, cause: unknown): ConsoleError {
  return new ConsoleError(
    'passphrase-wrong',
    `The passphrase in the secret ${name} does not open the backups in ${place}: it was changed here or there.`,
    'Put the passphrase that opens them into the secrets file, or unlock them with it or with the recovery kit.',
    { params: { place, secret: name }, cause },
  )
}

function altered(place: string, why: string): ConsoleError {
  return new ConsoleError(
    'repository-altered',
    `The backups in ${place} are not used, because somebody has changed them: ${why}.`,
    'Bring config.json back from a copy of the folder, and find out who can write there.',
    { params: { place } },
  )
}

function unforeseen(error: unknown): ConsoleError {
  return new ConsoleError(
    'backups-locked',
    `The encrypted backups could not be unlocked: ${error instanceof Error ? error.message : String(error)}.`,
    'Try again; look at the log of the console if it happens again.',
    { retryable: true, cause: error },
  )
}
