import { timeIn } from '#core/platform/index.ts'
import type { BackupKeyView, EncryptionView } from '#shared/contract/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { eventKinds } from '../event-kinds.ts'
import { recoveryKit } from '../kit/recovery-kit.ts'
import type { StoredOptions } from '../options.ts'
import type { Helper } from '../program/engine-client.ts'
import { listKeys } from '../repository/keys/key-folder.ts'
import { recoveryRows } from '../repository/keys/recovery-key.ts'
import { type KitRecord, noKit, noteKit, readKitRecord } from '../repository/kit-record.ts'
import { openRepository, type Repository } from '../repository/repository.ts'
import { backupsLocked, kitFailed, kitNotProven } from './encryption-cards.ts'
import type { EncryptionWish, RepositoryKey } from './repository-key.ts'

/** What an operator may do about the encryption of the backups. Secrets pass through and are kept nowhere but in memory. */
export interface BackupEncryption {
  /** Opens encrypted backups with a passphrase, a recovery key, or the file of a kit. Rejects with why it does not. */
  unlock(request: { readonly secret: string; readonly cause: Cause }): Promise<{ readonly by: 'passphrase' | 'kit' }>
  keys(): Promise<readonly BackupKeyView[]>
  add(request: {
    readonly passphrase: string
    readonly label: string
    readonly cause: Cause
  }): Promise<{ readonly key: string }>
  change(request: {
    readonly passphrase: string
    /** The key file to replace; null: the one whose passphrase opened the backups. */
    readonly key: string | null
    readonly cause: Cause
  }): Promise<{ readonly key: string; readonly removed: string | null }>
  remove(request: { readonly key: string; readonly cause: Cause }): Promise<void>
  /** The page to print. `site`: the site's id, typed by whoever asks. */
  kit(request: {
    readonly site: string
    readonly cause: Cause
  }): Promise<{ readonly name: string; readonly html: string }>
  /** Decrypts the newest snapshot with nothing but this. */
  proveKit(request: {
    readonly kit: string
    readonly cause: Cause
  }): Promise<{ readonly at: number; readonly snapshot: string; readonly sentence: string }>
}

export interface EncryptionPorts {
  readonly options: StoredOptions
  readonly key: RepositoryKey
  readonly wish: () => EncryptionWish
  /** A helper that holds the repository's lock. */
  openLocked(what: string): Promise<Helper>
  /** A helper without the lock. */
  openHelper(): Helper
  refresh(): Promise<void>
}

export class Encryption implements BackupEncryption {
  readonly #ports: EncryptionPorts
  #view: EncryptionView
  #repository: Repository | undefined

  constructor(ports: EncryptionPorts) {
    this.#ports = ports
    this.#view = { on: null, configured: false, locked: null, repository: null, kit: noKit }
  }

  view(): EncryptionView {
    return this.#view
  }

  /** Looks at a repository that was just opened, and makes its storage fit. Rejects with why it cannot be used. */
  async settle(repository: Repository | undefined): Promise<void> {
    const { key, wish, options } = this.#ports
    this.#repository = repository
    const configured = wish().secret != null
    const encrypted = repository ? repository.config.cipher !== 'none' : configured
    const id = repository?.config.id ?? null
    this.#view = {
      on: encrypted,
      configured,
      locked: null,
      repository: id,
      kit: this.#view.repository === id ? this.#view.kit : noKit,
    }
    try {
      await key.settle(repository)
    } catch (error) {
      if (encrypted) this.#view = { ...this.#view, locked: messageOf(error) }
      throw error
    }
    if (repository && encrypted) this.#view = { ...this.#view, kit: await readKitRecord(options.storage) }
  }

  /** The repository could not be looked at; where it is only locked that is known already. */
  failed(error: unknown): void {
    if (this.#view.locked !== null && this.#view.locked === messageOf(error)) return
    this.#repository = undefined
    this.#view = { ...this.#view, on: null, locked: null }
  }

  /** Raises and clears the cards that follow from {@link view}. */
  judge(): void {
    const { attention } = this.#ports.options
    const cause: Cause = { type: 'observation', what: 'the keys of the backups' }
    const { on, locked, repository, kit } = this.#view
    if (locked === null) attention.clear('backup-locked', cause)
    else attention.raise(backupsLocked(locked, cause))
    if (on === null || locked !== null) return // What is not known is left as it is.
    if (!on || repository === null) attention.clear('backup-kit', cause)
    else if (kit.failed) attention.raise(kitFailed(kit.failed.why, cause))
    else if (kit.proven === null) attention.raise(kitNotProven(kit.madeAt !== null, cause))
    else attention.clear('backup-kit', cause)
  }

  async unlock({ secret, cause }: { secret: string; cause: Cause }): Promise<{ by: 'passphrase' | 'kit' }> {
    const repository = await this.#encrypted()
    const { by } = await this.#ports.key.unlock(repository, secret)
    this.#tell(
      'unlocked',
      'notice',
      `The backups were unlocked with ${by === 'kit' ? 'the recovery kit' : 'a passphrase'}.`,
      cause,
    )
    await this.#ports.refresh()
    return { by }
  }

  async keys(): Promise<readonly BackupKeyView[]> {
    const repository = await openRepository(this.#ports.options.storage)
    if (!repository || repository.config.cipher === 'none') return []
    const used = this.#ports.key.unlockedBy(repository.config.id)?.key ?? null
    const found = await listKeys(this.#ports.options.storage, repository.config.id)
    return found.map(({ id, file, problem }) => ({
      id,
      label: file?.label ?? '',
      createdAt: file?.createdAt ?? 0,
      problem: problem?.message ?? null,
      used: id === used,
    }))
  }

  async add({
    passphrase,
    label,
    cause,
  }: {
    passphrase: string
    label: string
    cause: Cause
  }): Promise<{ key: string }> {
    const key = await this.#addKey(passphrase, label, null)
    this.#tell('keyChanged', 'notice', `One more passphrase opens the backups (${key}).`, cause)
    return { key }
  }

  async change(request: { passphrase: string; key: string | null; cause: Cause }) {
    const { config } = await this.#unlocked()
    const removed = request.key ?? this.#ports.key.unlockedBy(config.id)?.key ?? null
    const known = (await this.keys()).find(({ id }) => id === removed)
    if (request.key !== null && !known) throw unknownKey(request.key)
    const key = await this.#addKey(request.passphrase, known?.label ?? '', known?.id ?? null)
    const gone = known ? ` ${known.id} opens them no more.` : ''
    this.#tell('keyChanged', 'notice', `A new passphrase opens the backups (${key}).${gone}`, request.cause)
    return { key, removed: known?.id ?? null }
  }

  async remove({ key, cause }: { key: string; cause: Cause }): Promise<void> {
    await this.#unlocked()
    {
      await using helper = await this.#ports.openLocked('a change of its keys')
      await helper.ask('remove-key', { key })
    }
    this.#tell('keyChanged', 'notice', `The passphrase of ${key} opens the backups no more.`, cause)
  }

  async kit({ site: typed, cause }: { site: string; cause: Cause }): Promise<{ name: string; html: string }> {
    const { site, clock, storage, contact } = this.#ports.options
    const { config, master } = await this.#unlocked()
    if (typed !== site.id) {
      throw new ConsoleError(
        'confirmation-needed',
        'The recovery kit holds the key of all backups, so it is only made for whoever says which site it is for.',
        `Type ${site.id}, the id of this site.`,
      )
    }
    const now = clock.wall()
    const html = recoveryKit({
      site,
      place: storage.place,
      repository: config.id,
      rows: recoveryRows(master, config.id),
      madeAt: now,
      contact: contact?.() ?? null,
    })
    await noteKit(storage, { madeAt: now })
    this.#tell('kitMade', 'warning', `A recovery kit of ${site.name} was made: a page that opens every backup.`, cause)
    await this.#ports.refresh()
    return { name: `recovery-kit-${site.id}.html`, html }
  }

  async proveKit({ kit, cause }: { kit: string; cause: Cause }) {
    const { site, clock } = this.#ports.options
    await this.#encrypted()
    try {
      await using helper = this.#ports.openHelper()
      const proven = await helper.ask('prove', { kit })
      const sentence = `The recovery kit opens the backups: with nothing but its key the snapshot of ${timeIn(site.zone, proven.at)} was decrypted, its whole list of ${proven.files} files and ${proven.blobs} pieces of their content.`
      const at = clock.wall()
      await this.#noteKit({ proven: { at, snapshot: proven.snapshot, note: sentence }, failed: null })
      this.#tell('kitProven', 'info', sentence, cause)
      return { at, snapshot: proven.snapshot, sentence }
    } catch (error) {
      if (isSlip(error)) throw error
      const why = error instanceof Error ? error.message : String(error)
      await this.#noteKit({ failed: { at: clock.wall(), why } })
      this.#tell('kitFailed', 'error', `The recovery kit could not be proven: ${why}`, cause)
      throw error
    } finally {
      await this.#ports.refresh()
    }
  }

  /** With a kit alone, on a machine without the passphrase, nothing can be noted; the proof is as good. */
  async #noteKit(changed: Partial<KitRecord>): Promise<void> {
    if (this.#view.locked !== null) return
    await noteKit(this.#ports.options.storage, changed)
  }

  async #addKey(passphrase: string, label: string, replaces: string | null): Promise<string> {
    await this.#unlocked()
    await using helper = await this.#ports.openLocked('a change of its keys')
    const now = this.#ports.options.clock.wall()
    return (await helper.ask('add-key', { passphrase, label, replaces, now })).key
  }

  async #encrypted(): Promise<Repository> {
    const repository = this.#repository ?? (await openRepository(this.#ports.options.storage))
    if (repository && repository.config.cipher !== 'none') return repository
    throw new ConsoleError(
      'backups-not-encrypted',
      `The backups in ${this.#ports.options.storage.place} are not encrypted, or there are none yet.`,
      'Ask for encryption in site.yaml (backup.encryption), with a new folder for the backups, and take one.',
    )
  }

  async #unlocked() {
    const { config } = await this.#encrypted()
    const master = this.#ports.key.masterOf(config.id)
    if (master && this.#view.locked === null) return { config, master }
    throw new ConsoleError(
      'backups-locked',
      this.#view.locked ?? 'The backups are locked.',
      'Unlock them with the passphrase or the recovery kit first.',
    )
  }

  #tell(
    kind: keyof typeof eventKinds,
    severity: 'info' | 'notice' | 'warning' | 'error',
    message: string,
    cause: Cause,
  ) {
    this.#ports.options.events.emit({ kind: eventKinds[kind], subject: 'site', severity, message, cause })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** A slip in typing says nothing of the kit. */
function isSlip(error: unknown): boolean {
  const slips = ['kit-unreadable', 'kit-of-another-repository', 'kit-nothing-to-prove', 'backup-helper-ended']
  return error instanceof ConsoleError && slips.includes(error.problem.code)
}

function unknownKey(key: string): ConsoleError {
  return new ConsoleError(
    'key-unknown',
    `The backups have no key ${key}.`,
    'Look at the list (wheelhouse backups keys) and take an id from there.',
    { params: { key } },
  )
}
