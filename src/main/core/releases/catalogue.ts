import { join } from 'node:path'
import type { Clock, Logger } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Current, ReleaseFolders } from './release-folders.ts'
import { foundRecord, type ReleaseRecord } from './release-record.ts'
import type { ReleaseTable } from './tables.ts'
import { type Release, type ReleaseState, siteFolderRelease } from './types.ts'

/** So many of those that are gone are shown. */
const goneShown = 50

export interface CataloguePorts {
  readonly folders: ReleaseFolders
  readonly table: ReleaseTable
  readonly clock: Clock
  readonly logger: Logger
  /** Told after every change. */
  changed(): void
}

/** What releases there are: what is remembered of them, and what lies on the disk. One change after the other. */
export class Catalogue implements Disposable {
  readonly #ports: CataloguePorts
  readonly #records = new Map<string, ReleaseRecord>()
  readonly #reserved = new Set<number>()
  readonly #watch: Disposable
  #present: ReadonlyMap<string, number> = new Map()
  #current: Current = { kind: 'site-folder', id: siteFolderRelease }
  #elsewhereIsThere = false
  #lane: Promise<unknown> = Promise.resolve()

  constructor(ports: CataloguePorts) {
    this.#ports = ports
    this.#watch = ports.table.onReplaced(() => void this.#rewrite())
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]()
  }

  /** Waits for changes that have begun. */
  async settled(): Promise<void> {
    await this.#lane.catch(() => {})
  }

  /**
   * Reads what is remembered, the newer of database and file where they differ, then looks at the disk. A release whose adoption was
   * killed before it was moved into its place is forgotten.
   */
  async open(): Promise<void> {
    const { folders, table, logger } = this.#ports
    const stored = new Map(table.all().map((record) => [record.id, record]))
    const present = await folders.present()
    const behind: ReleaseRecord[] = []
    for (const [id, record] of await folders.records()) {
      const known = stored.get(id)
      if (known && known.revision >= record.revision) continue
      const brought = ['folder', 'archive', 'git'].includes(record.source.kind)
      if (!known && brought && !present.has(id) && !record.verdict) {
        await folders.forget(id, true)
        continue
      }
      stored.set(id, record)
      behind.push(record)
    }
    for (const [id, record] of stored) this.#records.set(id, record)
    await folders.forgetOthers(new Set(stored.keys()))
    await table
      .put(behind)
      .catch((error: unknown) =>
        logger.warn('What is known of releases could not be recorded.', { error: String(error) }),
      )
    await this.refresh()
  }

  /** Looks at the disk again, and takes up what nobody has told of. Resolves with the ids of those. */
  refresh(): Promise<readonly string[]> {
    return this.#inLane(() => this.#look())
  }

  list(): readonly Release[] {
    const all = [...this.#records.values()].map((record) => this.#release(record))
    const there = all.filter(({ state }) => state !== 'gone')
    const gone = all.filter(({ state, id }) => state === 'gone' && id !== this.#current.id).sort(newestFirst)
    const active = all.filter(({ id, state }) => id === this.#current.id && state === 'gone')
    return [...there, ...active, ...gone.slice(0, goneShown)].sort(newestFirst)
  }

  get(id: string): Release {
    const record = this.#records.get(id)
    if (record) return this.#release(record)
    const there = this.list().filter(({ state }) => state !== 'gone')
    throw new ConsoleError(
      'release-unknown',
      `There is no release "${id.slice(0, 100)}".`,
      there.length > 0 ? `There are: ${there.map((each) => each.id).join(', ')}.` : 'Deploy one first.',
      { params: { id } },
    )
  }

  active(): Release {
    return this.get(this.#current.id)
  }

  previous(): Release | null {
    const id = this.#previousId()
    return id === null ? null : this.get(id)
  }

  /** Of releases with this content, a bad one before any other. */
  byDigest(digest: string): Release | null {
    const same = [...this.#records.values()].filter((record) => record.digest === digest)
    const first = same.find(({ verdict }) => verdict?.verdict === 'bad') ?? same.at(-1)
    return first ? this.#release(first) : null
  }

  /** An id that no release has or had. Given back when nothing comes of it. */
  reserveId(): { readonly id: string; readonly release: () => void } {
    const taken = [...this.#records.keys(), ...this.#present.keys()].flatMap((id) => {
      const [, number] = /^r(\d{1,9})$/.exec(id) ?? []
      return number === undefined ? [] : [Number(number)]
    })
    const next = Math.max(0, ...taken, ...this.#reserved) + 1
    this.#reserved.add(next)
    return { id: `r${next}`, release: () => void this.#reserved.delete(next) }
  }

  /** Changes what is remembered of a release. Resolves once that survives a power cut; rejects when it does not, and nothing changed. */
  change(id: string, how: (record: ReleaseRecord) => Partial<ReleaseRecord>): Promise<Release> {
    return this.#inLane(async () => {
      this.get(id)
      const record = this.#records.get(id)
      if (!record) throw new Error(`no record of ${id}`)
      const next = { ...record, ...how(record), id, revision: record.revision + 1 }
      await this.#ports.table.put([next])
      this.#records.set(id, next)
      await this.#write(next)
      this.#ports.changed()
      return this.#release(next)
    })
  }

  /**
   * Takes up a release that is moved into its place by `move`: written down in a file before, in the database after. When the database takes
   * no records the release is there all the same, and recorded by the next opening.
   */
  adopt(record: ReleaseRecord, move: () => Promise<void>): Promise<Release> {
    return this.#inLane(async () => {
      const { folders, table, logger } = this.#ports
      await folders.writeRecord(record)
      await move()
      this.#records.set(record.id, record)
      await table.put([record]).catch((error: unknown) =>
        logger.warn(`The release ${record.id} could not be recorded; its file says what it is.`, {
          error: String(error),
        }),
      )
      await this.#look()
      return this.get(record.id)
    })
  }

  /** Changes what is active by `move`, and remembers it. */
  switched(id: string, move: (to: Current) => Promise<void>): Promise<void> {
    return this.#inLane(async () => {
      await move(this.#asCurrent(id))
      await this.#look()
    })
  }

  /** Runs what changes the folders, and looks at them then. */
  moved<T>(move: () => Promise<T>): Promise<T> {
    return this.#inLane(async () => {
      const result = await move()
      await this.#look()
      return result
    })
  }

  async #look(): Promise<readonly string[]> {
    const { folders, clock } = this.#ports
    this.#present = await folders.present()
    this.#current = await folders.current()
    const changed: ReleaseRecord[] = []
    const take = (record: ReleaseRecord) => {
      this.#records.set(record.id, record)
      changed.push(record)
    }
    for (const [id, at] of this.#present) if (!this.#records.has(id)) take(foundRecord(id, at, { kind: 'found' }))
    const current = this.#current
    if (current.kind === 'elsewhere') this.#elsewhereIsThere = await folders.isThere(current.folder)
    if (!this.#records.has(current.id)) {
      const source =
        current.kind === 'release'
          ? ({ kind: 'found' } as const)
          : current.kind === 'elsewhere'
            ? ({ kind: 'elsewhere', folder: current.folder } as const)
            : ({ kind: 'site-folder' } as const)
      take(foundRecord(current.id, clock.wall(), source))
    }
    const found = changed.map(({ id }) => id)
    const record = this.#records.get(current.id)
    const last = this.#lastNth()
    if (record && (record.activeNth === 0 || record.activeNth < last)) {
      changed.splice(0, changed.length, ...changed.filter(({ id }) => id !== record.id))
      take({ ...record, revision: record.revision + 1, activeNth: last + 1, activeSince: clock.wall() })
    }
    await this.#record(changed)
    this.#ports.changed()
    return found
  }

  /** What the disk says is so whatever the store takes; it is told again at the next look. */
  async #record(records: readonly ReleaseRecord[]): Promise<void> {
    const { table, logger } = this.#ports
    for (const record of records) await this.#write(record)
    await table
      .put(records)
      .catch((error: unknown) =>
        logger.warn('What is known of releases could not be recorded.', { error: String(error) }),
      )
  }

  async #write(record: ReleaseRecord): Promise<void> {
    const { folders, logger } = this.#ports
    await folders
      .writeRecord(record)
      .catch((error: unknown) =>
        logger.warn(`The file that says what ${record.id} is could not be written.`, { error: String(error) }),
      )
  }

  async #rewrite(): Promise<void> {
    const { table, logger } = this.#ports
    await table
      .put([...this.#records.values()])
      .catch((error: unknown) =>
        logger.warn('What is known of releases could not be recorded again.', { error: String(error) }),
      )
  }

  #release(record: ReleaseRecord): Release {
    const { revision: _, activeNth: __, ...rest } = record
    return { ...rest, folder: this.#folderOf(record), state: this.#stateOf(record) }
  }

  #folderOf({ id, source }: ReleaseRecord): string {
    const { site, releases } = this.#ports.folders
    if (source.kind === 'site-folder') return site
    return source.kind === 'elsewhere' ? source.folder : join(releases, id)
  }

  #stateOf(record: ReleaseRecord): ReleaseState {
    if (!this.#isThere(record)) return 'gone'
    if (record.id === this.#current.id) return 'active'
    return record.id === this.#previousId() ? 'previous' : 'ready'
  }

  #isThere({ id, source }: ReleaseRecord): boolean {
    if (source.kind === 'site-folder') return true
    // One elsewhere that is not active any more is not looked after: it is tried when somebody goes back to it.
    if (source.kind === 'elsewhere') return id !== this.#current.id || this.#elsewhereIsThere
    return this.#present.has(id)
  }

  #previousId(): string | null {
    let best: ReleaseRecord | null = null
    for (const record of this.#records.values()) {
      if (record.id === this.#current.id || record.activeNth === 0 || !this.#isThere(record)) continue
      if (record.verdict?.verdict === 'bad') continue
      if (!best || record.activeNth > best.activeNth) best = record
    }
    return best?.id ?? null
  }

  #lastNth(): number {
    return Math.max(0, ...[...this.#records.values()].map(({ activeNth }) => activeNth))
  }

  #asCurrent(id: string): Current {
    const { source, folder } = this.get(id)
    if (source.kind === 'site-folder') return { kind: 'site-folder', id: siteFolderRelease }
    return source.kind === 'elsewhere' ? { kind: 'elsewhere', id, folder } : { kind: 'release', id }
  }

  #inLane<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#lane.then(work)
    this.#lane = done.catch(() => {})
    return done
  }
}

function newestFirst(a: Release, b: Release): number {
  return b.at - a.at || (a.id < b.id ? 1 : -1)
}
