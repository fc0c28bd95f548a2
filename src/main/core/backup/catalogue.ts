import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { BackupsView, EncryptionView } from '#shared/contract/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { StoredOptions } from './options.ts'
import { areas } from './repository/layout.ts'
import { openRepository, type Repository } from './repository/repository.ts'
import { reserveOf } from './repository/reserve.ts'
import { listSnapshots, type Snapshot } from './repository/snapshot-file.ts'
import type { Storage } from './repository/storage.ts'
import { CopyRecords } from './targets/copy-records.ts'
import { isAbsence } from './targets/target-address.ts'
import { nameOf, newestGood, snapshotView, undoTarget } from './views.ts'

/** What the catalogue needs of who knows the keys. */
interface CatalogueEncryption {
  /** Makes the storage fit a repository that was just opened. Rejects with why it cannot be used. */
  settle(repository: Repository | undefined): Promise<void>
  failed(error: unknown): void
  view(): EncryptionView
}

/** What is known of the repository without its helper: the snapshots, read again after each change, and published. */
export class Catalogue {
  readonly #options: StoredOptions
  readonly #encryption: CatalogueEncryption
  #snapshots: readonly Snapshot[] = []
  #view: BackupsView
  /** Why the repository cannot be used, or null. */
  problem: ConsoleError | null = null
  /** The repository whose snapshots these are, when every one of them could be read; else null. */
  repository: string | null = null
  /** Bytes kept in reserve on the disk of the repository; null where there is none. */
  reserve: number | null = null

  constructor(options: StoredOptions, encryption: CatalogueEncryption) {
    this.#options = options
    this.#encryption = encryption
    this.#view = {
      folder: options.folder,
      sharesDisk: false,
      bytes: null,
      freeBytes: null,
      lastAt: null,
      lastVerifiedAt: null,
      nextAt: null,
      undo: null,
      note: null,
      encryption: encryption.view(),
    }
  }

  /** Oldest first. */
  get snapshots(): readonly Snapshot[] {
    return this.#snapshots
  }

  view(): BackupsView {
    return this.#view
  }

  /** The snapshot of this id, or the newest good one. Throws `snapshot-unknown` or `snapshot-none`. */
  choose(id: string | null): Snapshot {
    if (this.problem) throw this.problem
    const found = id === null ? newestGood(this.#snapshots) : this.#snapshots.find((snapshot) => snapshot.id === id)
    if (found) return found
    if (id === null) {
      throw new ConsoleError(
        'snapshot-none',
        `There is no snapshot of ${this.#options.site.name} that is whole and was verified.`,
        'Look at the list of snapshots; one that is partial can be restored by naming it.',
        { params: { folder: this.#options.folder } },
      )
    }
    throw new ConsoleError(
      'snapshot-unknown',
      `There is no snapshot ${id} in this site's backups.`,
      'Look at the list of snapshots (wheelhouse snapshots) and take an id from there.',
      { params: { snapshot: id } },
    )
  }

  undoTarget(): Snapshot {
    if (this.problem) throw this.problem
    const target = undoTarget(this.#snapshots)
    if (target) return target
    throw new ConsoleError(
      'nothing-to-undo',
      `Nothing was restored on ${this.#options.site.name} yet, so there is nothing to undo.`,
      'To go back to an earlier state, restore a snapshot.',
    )
  }

  /** Reads the folder again and publishes what it holds. Never rejects: a folder that cannot be read is a state. */
  async refresh(nextAt: number | null): Promise<void> {
    const { site, storage, logger } = this.#options
    const folder = storage.place
    let problems: readonly string[] = []
    let bytes: number | null = null
    try {
      const repository = await openRepository(storage)
      this.problem = repository ? null : this.#missing()
      await this.#encryption.settle(repository)
      const listed = repository ? await listSnapshots(storage) : { snapshots: [], problems: [] }
      this.#snapshots = listed.snapshots
      problems = listed.problems
      this.repository = repository && problems.length === 0 ? repository.config.id : null
      if (repository) bytes = await sizeOf(storage)
      for (const problem of problems) logger.warn(problem)
    } catch (error) {
      this.#snapshots = []
      this.repository = null
      this.#encryption.failed(error)
      this.problem = error instanceof ConsoleError ? error : unreadable(folder, error)
    }
    const undo = undoTarget(this.#snapshots)
    this.reserve = await reserveOf(storage).catch(() => null)
    this.#view = {
      folder,
      sharesDisk: await this.#sharesDisk(site.directory),
      bytes,
      freeBytes: await storage.freeBytes(),
      lastAt: await this.#lastGoodAt(),
      lastVerifiedAt: this.#snapshots.findLast(({ verified }) => verified?.ok)?.verified?.at ?? null,
      nextAt,
      undo: undo ? { snapshot: undo.id, what: nameOf(undo, site.zone), at: undo.at } : null,
      note: this.problem?.message ?? problems[0] ?? null,
      encryption: this.#encryption.view(),
    }
    this.#publish()
  }

  /** Publishes when the next snapshot is due, where that has changed. */
  showNext(nextAt: number | null): void {
    if (this.#view.nextAt === nextAt) return
    this.#view = { ...this.#view, nextAt }
    this.#publish()
  }

  #publish(): void {
    const { state } = this.#options
    state.slice('backups').set('backups', this.#view)
    const shown = state.slice('snapshots')
    const there = new Set(this.#snapshots.map(({ id }) => id))
    for (const id of Object.keys(shown.all())) if (!there.has(id)) shown.delete(id)
    for (const snapshot of this.#snapshots) shown.set(snapshot.id, snapshotView(snapshot))
  }

  /** When the newest good snapshot was taken; of a drive that is not plugged in what was seen when it last was. */
  async #lastGoodAt(): Promise<number | null> {
    const { chosen, database, clock, logger } = this.#options
    const records = new CopyRecords(database, clock)
    const at = newestGood(this.#snapshots)?.at ?? null
    if (isAbsence(this.problem)) return records.goodAt(chosen.key)
    if (at !== null && chosen.current().kind === 'usb') {
      await records
        .noteGood(chosen.key, at)
        .catch((error: unknown) =>
          logger.warn('When the last backup was taken could not be recorded.', { error: String(error) }),
        )
    }
    return at
  }

  async #sharesDisk(site: string): Promise<boolean> {
    try {
      const address = this.#options.chosen.address()
      return address.kind === 'folder' && (await sharesDisk(site, address.folder))
    } catch {
      return false // A drive that is not plugged in shares nothing.
    }
  }

  /** A repository that was used before and is not there is a disk that is not connected; else it is only not made yet. */
  #missing(): ConsoleError | null {
    const { database, definition, chosen } = this.#options
    const folder = chosen.place
    const known = database.get<{ repository: string }>({
      sql: 'SELECT repository FROM backup_repositories WHERE folder = ?',
      values: [chosen.key],
    })
    if (!known || definition()?.backup.target == null) return null
    return new ConsoleError(
      'repository-missing',
      `The backups of this site are not in ${folder} any more, although they were there before.`,
      'Connect the disk that holds them, or name another place in site.yaml (backup.folder or backup.target).',
      { params: { folder, repository: known.repository }, retryable: true },
    )
  }
}

/** Whether two folders lie on one disk; for one that is not made yet its nearest parent counts. */
async function sharesDisk(site: string, folder: string): Promise<boolean> {
  try {
    const { dev } = await stat(site)
    for (let at = folder; ; at = dirname(at)) {
      const found = await stat(at).catch(() => null)
      if (found) return found.dev === dev
      if (at === dirname(at)) return false
    }
  } catch {
    return false
  }
}

async function sizeOf(storage: Storage): Promise<number | null> {
  try {
    const packs = await storage.list(areas.packs)
    return packs.reduce((sum, { size }) => sum + size, 0)
  } catch {
    return null
  }
}

function unreadable(folder: string, error: unknown): ConsoleError {
  return new ConsoleError(
    'repository-unreachable',
    `The backup folder ${folder} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    'Check that its disk is connected and that this user may read it.',
    { params: { folder }, retryable: true, cause: error },
  )
}
