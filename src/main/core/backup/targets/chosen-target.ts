import type { SiteDefinition, TargetDefinition } from '#core/config/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { Database } from '#core/store/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { StorageAddress } from '../repository/open-storage.ts'
import { addressOf, keyOf, placeOf, type TargetPorts } from './target-address.ts'
import { TargetStorage } from './target-storage.ts'

export interface ChosenTargetOptions extends TargetPorts {
  readonly main: TargetDefinition
  readonly definition: () => SiteDefinition | null
  readonly database: Database
  readonly clock: Clock
}

/**
 * The repository that is worked with: the main one, or a copy for as long as somebody restores from that. The choice is
 * recorded, so that a restore that was interrupted finds its restore point again.
 */
export class ChosenTarget {
  readonly #options: ChosenTargetOptions
  #copy: string | null
  /** It, wherever it is at the moment. */
  readonly storage: TargetStorage

  constructor(options: ChosenTargetOptions) {
    this.#options = options
    const row = options.database.get<{ copy: string | null }>({ sql: 'SELECT copy FROM backup_in_use', values: [] })
    this.#copy = row?.copy ?? null
    this.storage = new TargetStorage(
      () => this.current(),
      () => this.address(),
    )
  }

  /** Id of the copy in use; null: the main target. One that site.yaml has no longer is not used. */
  get copy(): string | null {
    return this.#copy !== null && this.#copyNamed(this.#copy) ? this.#copy : null
  }

  get main(): TargetDefinition {
    return this.#options.main
  }

  current(): TargetDefinition {
    return (this.#copy === null ? undefined : this.#copyNamed(this.#copy)) ?? this.#options.main
  }

  get place(): string {
    return placeOf(this.current())
  }

  get key(): string {
    return keyOf(this.current())
  }

  /** Throws as {@link addressOf}. */
  address(target: TargetDefinition = this.current()): StorageAddress {
    return addressOf(target, this.#options)
  }

  /** Ids and places of the copies. */
  copies(): readonly (readonly [string, TargetDefinition])[] {
    return Object.entries(this.#options.definition()?.backup.copies ?? {})
  }

  /** Throws `copy-unknown`. */
  copyOf(id: string): TargetDefinition {
    const found = this.#copyNamed(id)
    if (found) return found
    const ids = this.copies().map(([known]) => known)
    throw new ConsoleError(
      'copy-unknown',
      `There is no copy ${id} of the backups.`,
      ids.length === 0 ? 'Name one in site.yaml (backup.copies).' : `Those in site.yaml are: ${ids.join(', ')}.`,
      { params: { copy: id } },
    )
  }

  async use(copy: string | null): Promise<void> {
    if (copy !== null) this.copyOf(copy)
    const { database, clock } = this.#options
    const sql = `INSERT INTO backup_in_use (one, copy, since) VALUES (1, ?, ?)
      ON CONFLICT (one) DO UPDATE SET copy = excluded.copy, since = excluded.since`
    await database.write([{ sql, values: [copy, clock.wall()] }], 'bookkeeping')
    this.#copy = copy
  }

  /** Throws while a copy is in use: what would be written or removed there is not meant for it. `what` does not happen. */
  assertMain(what: string): void {
    if (this.copy === null) return
    throw new ConsoleError(
      'copy-in-use',
      `Snapshots are read from the copy ${this.copy} (${this.place}) at the moment, so ${what}.`,
      'Go back to the backups themselves first: wheelhouse backups use.',
      { params: { copy: this.copy } },
    )
  }

  #copyNamed(id: string): TargetDefinition | undefined {
    const copies = this.#options.definition()?.backup.copies ?? {}
    return Object.hasOwn(copies, id) ? copies[id] : undefined
  }
}
