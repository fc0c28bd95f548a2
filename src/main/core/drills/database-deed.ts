import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { JobContext } from '#core/jobs/index.ts'
import type { JobView, SiteDatabaseView } from '#shared/contract/state.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { askDamageTool } from './damage-tool.ts'
import { type Deed, type DeedParts, isWell } from './deed.ts'
import { msInWords } from './drill-words.ts'
import type { Undo } from './types.ts'
import { seen, type Waiting } from './waiting.ts'

/** How long the console has for beginning a recovery by itself, where site.yaml says that it does. Milliseconds. */
const automaticGraceMs = 5_000
/** Pause before a recovery that was refused, because a backup runs, is ordered again. Milliseconds. */
const againMs = 500

/** Overwrites pages of a SQLite database after a checked copy was taken, and sees it recovered. */
export class DatabaseDeed implements Deed {
  readonly #parts: DeedParts & { readonly file: string }
  #name = ''
  #copiedAt = 0
  #acted = false
  #restored = false
  #recovering: string | null = null
  #shortfall: string | null = null
  #cause: Cause = { type: 'schedule', name: 'drill' }
  #jobsBefore: readonly string[] = []

  constructor(parts: DeedParts & { readonly file: string }) {
    this.#parts = parts
  }

  get shortfall(): string | null {
    return this.#shortfall
  }

  async prepare(job: JobContext): Promise<Undo> {
    const { databases, drill, folder, clock } = this.#parts
    await job.step('copy', async () => {
      this.#copiedAt = clock.monotonic()
      const copy = await this.#ended(await databases.copy(drill.service, job.cause), job.signal)
      if (copy.state === 'completed') return
      throw new ConsoleError(
        'drill-not-now',
        `No checked copy of ${drill.service} could be taken, so its database was not touched: ${copy.message}`,
        copy.remedy ?? 'See to the copy first.',
        { params: { drill: drill.id, service: drill.service } },
      )
    })
    await mkdir(folder, { recursive: true, mode: 0o700 })
    this.#name = `${job.id}.json`
    return { type: 'pages', service: drill.service, name: this.#name }
  }

  async act(cause: Cause): Promise<void> {
    const { runtime, clock, file } = this.#parts
    this.#cause = cause
    this.#jobsBefore = Object.keys(this.#parts.state.slice('jobs').all())
    this.#acted = true
    await askDamageTool(runtime, clock, { type: 'damage', file, undo: this.#undoFile })
  }

  async noticed(waiting: Waiting, job: JobContext): Promise<string | null> {
    const { databases, drill, clock, damageGraceMs } = this.#parts
    const graceEnds = Math.min(waiting.deadline, clock.monotonic() + damageGraceMs)
    const alone = await seen(() => this.#damage(), { ...waiting, deadline: graceEnds })
    if (alone !== null) return `A look at it: ${alone}`
    // Looks see no more than the schema; what lies in the tables is found by the check, weekly by itself.
    job.log(`Not noticed by itself within ${msInWords(damageGraceMs)}; a check is ordered.`)
    const check = await this.#ended(await databases.check(drill.service, this.#cause), waiting.signal)
    if (check.state === 'completed') {
      this.#shortfall = 'the check of the database did not see the damage'
      return null
    }
    const found = await seen(() => this.#damage(), waiting)
    return found && `The check that the drill ordered, as the console does weekly by itself: ${found}`
  }

  async recovered(waiting: Waiting, job: JobContext): Promise<string | null> {
    const { service } = this.#parts
    const { id, automatic } = await this.#recovery(waiting, job)
    if (id === null) return null
    this.#recovering = id
    const recovery = await this.#ended({ job: id }, waiting.signal)
    this.#recovering = null
    if (recovery.state !== 'completed') {
      this.#shortfall = `the recovery did not succeed: ${recovery.message}`
      return null
    }
    this.#restored = true
    const look = () => (this.#view()?.health === 'healthy' && isWell(service()) ? true : null)
    if ((await seen(look, waiting)) === null) return null
    return `${automatic ? 'A recovery that the console began by itself (recover: automatic)' : 'A recovery that the drill ordered (recover: ask)'}: ${recovery.message}`
  }

  lost(): string | null {
    if (!this.#restored) return null
    const ms = this.#parts.clock.monotonic() - this.#copiedAt
    return `What was written to the database within the last ${msInWords(ms)}, between the copy and the recovery, is lost.`
  }

  async undo(): Promise<string | null> {
    if (!this.#acted) return null
    const { jobs, databases, drill, runtime, clock, file } = this.#parts
    // While a recovery moves files nothing else may.
    if (this.#recovering !== null) {
      const { state } = await jobs.finished(this.#recovering)
      this.#restored = state === 'completed'
    }
    let said: string | null = null
    if (!this.#restored) {
      const pages = await askDamageTool(runtime, clock, { type: 'undo', file, undo: this.#undoFile })
      said = `The drill put ${pages.length} ${pages.length === 1 ? 'page' : 'pages'} back as they were.`
      const check = await databases
        .check(drill.service, this.#cause)
        .then(({ job }) => jobs.finished(job))
        .catch(() => null)
      if (check?.state === 'failed') {
        throw new ConsoleError(
          'drill-pages',
          `${said} All the same the database ${drill.service} does not pass its check: ${check.message}`,
          `Recover it at once: wheelhouse database recover ${drill.service}. Its newest copy is the one that the drill took.`,
          { params: { service: drill.service } },
        )
      }
    }
    await rm(this.#undoFile, { force: true })
    return said
  }

  get #undoFile(): string {
    return join(this.#parts.folder, this.#name)
  }

  #view(): SiteDatabaseView | undefined {
    return this.#parts.state.slice('databases').get(this.#parts.drill.service)
  }

  #damage(): string | null {
    this.#parts.service() // throws when the drill must end
    const view = this.#view()
    return view?.health === 'unhealthy' ? view.sentence : null
  }

  /** The recovery that the console has begun, or that is ordered here. */
  async #recovery(
    waiting: Waiting,
    job: JobContext,
  ): Promise<{ readonly id: string | null; readonly automatic: boolean }> {
    const { databases, drill, clock } = this.#parts
    if (this.#view()?.recovery?.policy === 'automatic') {
      const graceEnds = Math.min(waiting.deadline, clock.monotonic() + automaticGraceMs)
      const begun = await seen(() => this.#newestRecovery(), { ...waiting, deadline: graceEnds })
      if (begun) return { id: begun.id, automatic: true }
      job.log('The console began no recovery by itself; one is ordered.')
    }
    const order = async () => {
      try {
        return (await databases.recover(drill.service, this.#cause)).job
      } catch (error) {
        if (error instanceof ConsoleError && error.problem.code === 'job-busy') return null
        throw error
      }
    }
    return { id: await seen(order, waiting, againMs), automatic: false }
  }

  #newestRecovery(): JobView | null {
    const { state, drill } = this.#parts
    const subject = `service:${drill.service}`
    const known = Object.values(state.slice('jobs').all())
    const isNew = ({ id }: JobView) => !this.#jobsBefore.includes(id)
    return known.find((each) => each.kind === 'database.recover' && each.subject === subject && isNew(each)) ?? null
  }

  /** A job's end, or the signal's reason when that comes first. */
  async #ended({ job }: { readonly job: string }, signal: AbortSignal): Promise<JobView> {
    signal.throwIfAborted()
    const { promise, reject } = Promise.withResolvers<never>()
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await Promise.race([this.#parts.jobs.finished(job), promise])
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }
}
