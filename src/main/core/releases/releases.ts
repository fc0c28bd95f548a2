import type { EventDraft, EventLog } from '#core/events/index.ts'
import type { Clock, CrashPoints, Logger, Runtime } from '#core/platform/index.ts'
import type { Slice } from '#core/state/index.ts'
import type { Database } from '#core/store/index.ts'
import type { ReleaseView } from '#shared/contract/releases.ts'
import { ConsoleError } from '#shared/problem.ts'
import { releaseInWords, sourceInWords } from '#shared/release-words.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { Catalogue } from './catalogue.ts'
import { eventKinds } from './event-kinds.ts'
import { HelperSlots } from './helper-slots.ts'
import { planKeep } from './keep.ts'
import { askHelper } from './program/helper.ts'
import type { FilesOf, Input, Method, Output } from './program/messages.ts'
import { noCode, ReleaseFolders } from './release-folders.ts'
import { foundRecord } from './release-record.ts'
import { ReleaseTable } from './tables.ts'
import type {
  PreparedRelease,
  Release,
  ReleaseCheck,
  ReleaseDifference,
  ReleaseSource,
  Releases,
  ReleaseWork,
} from './types.ts'
import { checkSentence } from './words.ts'

export interface ReleasesOptions {
  /** `directory`: real path of the site folder. */
  readonly site: { readonly id: string; readonly directory: string }
  readonly database: Database
  readonly events: EventLog
  readonly state: Slice<ReleaseView>
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
  readonly crashPoints: CrashPoints
  /** Ids that a running deploy needs, or that are in probation. */
  readonly protects?: () => readonly string[]
  /** For specifications: bounds that are reached sooner. */
  readonly limits?: Partial<Input<'prepare'>['limits']>
}

const GiB = 1024 * 1024 * 1024
export const releaseLimits: Input<'prepare'>['limits'] = {
  entries: 200_000,
  bytes: 16 * GiB,
  ratio: 200,
  ratioFrom: GiB / 16,
  gitWithinMs: 15 * 60_000,
}

/** Looks at the releases of a site and publishes them; removes what earlier runs of the console left half done. */
export async function openReleases(options: ReleasesOptions): Promise<Releases> {
  const releases = new OpenReleases(options)
  await releases.open()
  return releases
}

/** A prepared release as only this module knows it. */
interface Staged {
  readonly place: string
  readonly letGo: () => void
}

class OpenReleases implements Releases {
  readonly #options: ReleasesOptions
  readonly #folders: ReleaseFolders
  readonly #catalogue: Catalogue
  readonly #slots = new HelperSlots()
  readonly #staged = new Map<string, Staged>()
  readonly #closing = new AbortController()
  /** Removals nobody waits for. */
  readonly #removals = new Set<Promise<void>>()
  #working: Promise<unknown> = Promise.resolve()

  constructor(options: ReleasesOptions) {
    this.#options = options
    this.#folders = new ReleaseFolders(options.site.directory)
    this.#catalogue = new Catalogue({
      folders: this.#folders,
      table: new ReleaseTable(options.database),
      clock: options.clock,
      logger: options.logger,
      changed: () => this.#publish(),
    })
  }

  async open(): Promise<void> {
    await this.#catalogue.open()
    const left = await this.#folders.leftOvers()
    if (left.length > 0) this.#removeLater(left)
  }

  list(): readonly Release[] {
    return this.#catalogue.list()
  }

  get(id: string): Release {
    return this.#catalogue.get(id)
  }

  folderOf(id: string): string {
    return this.#catalogue.get(id).folder
  }

  active(): Release {
    return this.#catalogue.active()
  }

  previous(): Release | null {
    return this.#catalogue.previous()
  }

  async prepare(
    source: ReleaseSource,
    options: ReleaseWork & { readonly cause: Cause; readonly unproven?: boolean },
  ): Promise<PreparedRelease> {
    const { site, limits } = this.#options
    const { id, release: letGo } = this.#catalogue.reserveId()
    const place = await this.#folders.beginStaging(id)
    this.#staged.set(id, { place, letGo })
    try {
      const brought = await this.#ask(
        'prepare',
        { source, staging: place, site, unproven: options.unproven ?? false, limits: { ...releaseLimits, ...limits } },
        options,
      )
      await this.#writeDownActive(options)
      return {
        ...brought,
        id,
        source,
        known: this.#catalogue.byDigest(brought.digest),
        [Symbol.asyncDispose]: () => this.#discard(id),
      }
    } catch (error) {
      await this.#discard(id)
      throw error
    }
  }

  async adopt(
    prepared: PreparedRelease,
    options: ReleaseWork & { readonly cause: Cause; readonly operation?: string | null; readonly note?: string },
  ): Promise<Release> {
    const { clock, crashPoints } = this.#options
    const { id, folder, source, version, digest, proof, commit, schema } = prepared
    if (!this.#staged.has(id)) throw new Error(`${id} is not prepared, or was adopted already`)
    await this.#folders.makeRecordsFolder()
    try {
      const { files, bytes } = await this.#ask('seal', { folder, without: [], list: this.#folders.listOf(id) }, options)
      crashPoints.reach('release.after-seal')
      options.signal.throwIfAborted()
      const more = { version, digest, proof, commit, schema, files, bytes, note: options.note ?? '' }
      await this.#catalogue.adopt(foundRecord(id, clock.wall(), source, more), async () => {
        crashPoints.reach('release.before-move')
        await this.#folders.moveIn(folder, id)
        crashPoints.reach('release.after-move')
      })
    } catch (error) {
      if (!(await this.#folders.present()).has(id)) await this.#folders.forget(id, true)
      throw error
    }
    await this.#discard(id, true)
    const release = this.get(id)
    this.#emit(options, release, {
      kind: eventKinds.adopted,
      severity: 'info',
      message: `The release ${releaseInWords(release)} was brought from ${sourceInWords(release)}.`,
      data: { digest, files: release.files, bytes: release.bytes, proof },
    })
    return release
  }

  async reseal(id: string, options: ReleaseWork): Promise<Release> {
    const release = this.#assertThere(id)
    await this.#seal(release, options)
    return this.get(id)
  }

  async verify(id: string, options: ReleaseWork & { readonly cause: Cause }): Promise<ReleaseCheck> {
    const { clock } = this.#options
    const release = this.#assertThere(id)
    const known = release.files !== null
    if (!known) await this.#seal(release, options)
    const list = this.#folders.listOf(id)
    const { files, faults } = known
      ? await this.#ask('verify', { folder: release.folder, without: withoutOf(release), list }, options)
      : { files: this.get(id).files ?? 0, faults: { missing: [], changed: [], extra: [] } }
    const ok = faults.missing.length === 0 && faults.changed.length === 0
    const sentence = checkSentence(release, files, faults, known)
    await this.#catalogue.change(id, () => ({ verified: { at: clock.wall(), ok, sentence } }))
    this.#emit(options, release, {
      kind: ok ? eventKinds.verified : eventKinds.damaged,
      severity: ok ? 'info' : 'error',
      message: sentence,
      data: { missing: faults.missing.slice(0, 20), changed: faults.changed.slice(0, 20) },
    })
    const some = (paths: readonly string[]) => paths.slice(0, mostPaths)
    return { ok, sentence, missing: some(faults.missing), changed: some(faults.changed), extra: some(faults.extra) }
  }

  async switchTo(id: string, options: { readonly cause: Cause; readonly operation?: string | null }): Promise<void> {
    const { crashPoints } = this.#options
    const before = this.active()
    if (before.id === id) return
    const release = this.#assertThere(id)
    try {
      await this.#catalogue.switched(id, async (to) => {
        if (!(await this.#folders.isThere(release.folder))) throw gone(release)
        crashPoints.reach('release.before-switch')
        await this.#folders.switchTo(to)
        crashPoints.reach('release.after-switch')
      })
    } catch (error) {
      throw error instanceof ConsoleError ? error : notSwitched(release, error)
    }
    this.#emit(options, release, {
      kind: eventKinds.switched,
      severity: 'notice',
      message: `The site now runs from ${releaseInWords(release)}, before from ${releaseInWords(before)}.`,
      data: { from: before.id, to: id },
    })
  }

  async mark(
    id: string,
    verdict: 'good' | 'bad',
    why: string,
    options: { readonly cause: Cause; readonly operation?: string | null },
  ): Promise<void> {
    const at = this.#options.clock.wall()
    const release = await this.#catalogue.change(id, () => ({ verdict: { verdict, why, at } }))
    this.#emit(options, release, {
      kind: eventKinds.marked,
      severity: verdict === 'bad' ? 'warning' : 'info',
      message: `The release ${releaseInWords(release)} is ${verdict}: ${why}`,
      data: { verdict },
    })
  }

  async unmark(id: string, cause: Cause): Promise<void> {
    const release = await this.#catalogue.change(id, () => ({ verdict: null }))
    this.#emit({ cause }, release, {
      kind: eventKinds.unmarked,
      severity: 'notice',
      message: `What was found of the release ${releaseInWords(release)} was taken back; it may be chosen again.`,
    })
  }

  async bind(id: string, restorePoint: string | null): Promise<void> {
    await this.#catalogue.change(id, () => ({ restorePoint }))
  }

  async note(id: string, note: string): Promise<void> {
    await this.#catalogue.change(id, () => ({ note }))
  }

  async pin(id: string, on: boolean, cause: Cause): Promise<void> {
    if (this.get(id).pinned === on) return
    const release = await this.#catalogue.change(id, () => ({ pinned: on }))
    this.#emit({ cause }, release, {
      kind: on ? eventKinds.pinned : eventKinds.unpinned,
      severity: 'info',
      message: on
        ? `The release ${releaseInWords(release)} is kept until it is let go.`
        : `The release ${releaseInWords(release)} may be removed again.`,
    })
  }

  async remove(id: string, cause: Cause): Promise<void> {
    const release = this.#assertThere(id)
    const held = this.#held(release)
    if (held !== null) throw inUse(release, held)
    await this.#remove(release, cause)
  }

  async cleanUp(options: {
    readonly keep: number
    readonly protect?: readonly string[]
    readonly cause: Cause
  }): Promise<readonly string[]> {
    const protect = new Set(options.protect)
    const there = this.list().filter(({ state }) => state !== 'gone')
    const ids = planKeep(
      there.map((release) => ({
        id: release.id,
        at: release.at,
        removable: isRemovable(release),
        held: protect.has(release.id) || this.#held(release) !== null,
        bad: release.verdict?.verdict === 'bad',
      })),
      options.keep,
    )
    for (const id of ids) await this.#remove(this.get(id), options.cause)
    return ids
  }

  difference(
    from: string | PreparedRelease,
    to: string | PreparedRelease,
    work: Partial<ReleaseWork> = {},
  ): Promise<ReleaseDifference> {
    return this.#ask('differ', { from: this.#filesOf(from), to: this.#filesOf(to) }, work)
  }

  async refresh(): Promise<void> {
    const found = await this.#catalogue.refresh()
    for (const id of found) {
      const release = this.get(id)
      if (release.source.kind === 'site-folder') continue
      this.#emit({ cause: { type: 'observation', what: 'the folder releases was looked at' } }, release, {
        kind: eventKinds.found,
        severity: 'info',
        message: `The release ${release.id} was found in ${release.folder}.`,
      })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(closed())
    await this.#working.catch(() => {})
    await Promise.all([...this.#staged.keys()].map((id) => this.#discard(id)))
    await Promise.all(this.#removals)
    await this.#catalogue.settled()
    this.#catalogue[Symbol.dispose]()
  }

  #assertThere(id: string): Release {
    const release = this.get(id)
    if (release.state === 'gone') throw gone(release)
    return release
  }

  /** A rollback can check only what was written down before. */
  async #writeDownActive(work: ReleaseWork): Promise<void> {
    const active = this.active()
    if (active.state === 'gone' || active.files !== null) return
    await this.#seal(active, work)
  }

  async #seal(release: Release, work: ReleaseWork): Promise<void> {
    const { id, folder } = release
    await this.#folders.makeRecordsFolder()
    const sealed = await this.#ask(
      'seal',
      { folder, without: withoutOf(release), list: this.#folders.listOf(id) },
      work,
    )
    const { files, bytes, digest } = sealed
    await this.#catalogue.change(id, (record) => ({
      files,
      bytes,
      ...(record.digest === null && { digest, proof: 'computed' as const }),
    }))
  }

  #filesOf(of: string | PreparedRelease): FilesOf {
    if (typeof of !== 'string') return { folder: of.folder, without: [] }
    const release = this.#assertThere(of)
    // What lies in the site folder changes by itself: what was written down of it is old.
    if (release.files === null || release.source.kind === 'site-folder')
      return { folder: release.folder, without: [...withoutOf(release)] }
    return { list: this.#folders.listOf(release.id) }
  }

  async #remove(release: Release, cause: Cause): Promise<void> {
    const { id } = release
    const aside = await this.#catalogue.moved(() => this.#folders.moveOut(id))
    this.#options.crashPoints.reach('release.after-move-out')
    await this.#folders.forget(id, false)
    await this.#catalogue.change(id, () => ({ files: null, bytes: release.bytes, pinned: false }))
    this.#emit({ cause }, release, {
      kind: eventKinds.removed,
      severity: 'info',
      message: `The release ${releaseInWords(release)} was removed.`,
      data: { bytes: release.bytes },
    })
    await this.#removeNow([aside])
  }

  /** Lets go of a prepared release and removes what is left of it. */
  async #discard(id: string, adopted = false): Promise<void> {
    const staged = this.#staged.get(id)
    if (!staged) return
    this.#staged.delete(id)
    staged.letGo()
    if (adopted) this.#removeLater([staged.place])
    else await this.#removeNow([staged.place])
  }

  #removeLater(paths: readonly string[]): void {
    const removal = this.#removeNow(paths).finally(() => this.#removals.delete(removal))
    this.#removals.add(removal)
  }

  /** Nothing stops it once it has begun. What it leaves the next opening removes. */
  async #removeNow(paths: readonly string[]): Promise<void> {
    const { runtime, logger } = this.#options
    await askHelper('remove', { paths: [...paths] }, { runtime, logger }).catch((error: unknown) =>
      logger.warn('What is left of a release could not be removed.', { paths, error: String(error) }),
    )
  }

  #ask<M extends Method>(method: M, input: Input<M>, work: Partial<ReleaseWork>): Promise<Output<M>> {
    const { runtime, logger } = this.#options
    const closing = this.#closing.signal
    const signal = work.signal ? AbortSignal.any([work.signal, closing]) : closing
    const { onProgress, onLog } = work
    const asked = this.#slots.run(() =>
      askHelper(method, input, { runtime, logger, signal, ...(onProgress && { onProgress }), ...(onLog && { onLog }) }),
    )
    this.#working = Promise.allSettled([this.#working, asked])
    return asked
  }

  /** Why a release must stay, as the end of a sentence; null when it may go. */
  #held(release: Release): string | null {
    if (release.source.kind === 'site-folder') return 'it is the site folder itself'
    if (release.source.kind === 'elsewhere') return 'it does not lie in releases'
    if (release.state === 'active') return 'the site runs from it'
    if (release.state === 'previous') return 'a rollback goes back to it'
    if (this.#options.protects?.().includes(release.id)) return 'a deploy needs it'
    return release.pinned ? 'it is pinned' : null
  }

  #publish(): void {
    const { state } = this.#options
    const list = this.list()
    const ids = new Set(list.map(({ id }) => id))
    for (const id of Object.keys(state.all())) if (!ids.has(id)) state.delete(id)
    for (const release of list) state.set(release.id, { ...release, held: this.#held(release) })
  }

  #emit(
    { cause, operation = null }: { readonly cause?: Cause; readonly operation?: string | null },
    { id }: Release,
    event: Pick<EventDraft, 'kind' | 'severity' | 'message' | 'data'>,
  ): void {
    this.#options.events.emit({
      ...event,
      subject: `release:${id}`,
      cause: cause ?? { type: 'console', why: 'releases are looked after' },
      operation,
    })
  }
}

const mostPaths = 1_000

function withoutOf({ source }: Release): string[] {
  return source.kind === 'site-folder' ? [...noCode] : []
}

function isRemovable({ source }: Release): boolean {
  return source.kind !== 'site-folder' && source.kind !== 'elsewhere'
}

function gone(release: Release): ConsoleError {
  return new ConsoleError(
    'release-gone',
    `The release ${releaseInWords(release)} is not there any more: ${release.folder} is missing.`,
    'Choose another release, or bring this one again from its source.',
    { params: { id: release.id } },
  )
}

function notSwitched(release: Release, error: unknown): ConsoleError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const folder = ['EISDIR', 'ENOTEMPTY', 'EEXIST', 'EPERM'].includes(code)
  return new ConsoleError(
    'release-switch-failed',
    `The site could not be switched to ${releaseInWords(release)}: ${
      folder
        ? '"current" in the site folder is a folder and no link'
        : error instanceof Error
          ? error.message
          : String(error)
    }. It runs from what it ran from before.`,
    folder
      ? 'Move that folder to releases under a name of its own, and make current a link to it. Then try again.'
      : 'Check the rights of the site folder, and that its disk is healthy and not full. Then try again.',
    { params: { id: release.id, code }, cause: error },
  )
}

function inUse(release: Release, why: string): ConsoleError {
  return new ConsoleError(
    'release-in-use',
    `The release ${releaseInWords(release)} was not removed: ${why}.`,
    release.pinned ? 'Let it go first (wheelhouse releases unpin).' : 'Choose another one.',
    { params: { id: release.id } },
  )
}

function closed(): ConsoleError {
  return new ConsoleError('site-closed', 'The site was closed meanwhile.', 'Open it again, then try again.', {
    retryable: true,
  })
}
