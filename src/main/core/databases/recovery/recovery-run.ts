import { existsSync } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Attention } from '#core/attention/index.ts'
import type { JobContext } from '#core/jobs/index.ts'
import { type Clock, type CrashPoints, fileHolders, type Runtime, timeIn } from '#core/platform/index.ts'
import { checkDatabase, copyDatabase } from '#core/store/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { DatabaseRecords } from '../records.ts'
import type { ServiceHands } from '../service-hands.ts'
import { likeBefore, putInPlace, setAside, waitingName } from './files.ts'
import { clearHalfMoved, raiseHalfMoved } from './half-moved.ts'
import { salvage } from './salvage.ts'
import type { SiteCopies } from './site-copies.ts'

export interface RecoveryOptions {
  readonly service: string
  readonly where: string
  /** Absolute path. */
  readonly file: string
  /** The site's `.wheelhouse` folder. */
  readonly own: string
  /** The site's, for times. */
  readonly zone: string
  /** Services that are stopped for it. */
  readonly touched: readonly string[]
  readonly copies: SiteCopies
  readonly records: DatabaseRecords
  readonly services: ServiceHands
  readonly attention: Attention
  readonly runtime: Runtime
  readonly clock: Clock
  readonly crashPoints: CrashPoints
  /** Told once a good file is in place, before the services start on it. */
  readonly onPut: () => void
}

export interface RecoveryResult {
  readonly message: string
  readonly did: 'nothing' | 'copy' | 'salvage'
}

export const recoverySteps = [
  { id: 'check', title: 'Check the database' },
  { id: 'copy', title: 'Find the newest good copy' },
  { id: 'stop', title: 'Stop the services' },
  { id: 'salvage', title: 'Save what can still be read' },
  { id: 'put', title: 'Set the damaged files aside and put the new one in place' },
  { id: 'start', title: 'Start the services' },
] as const

/**
 * The ladder for a site's SQLite database: the newest copy that passes its check, else what can still be read of it, else nothing is
 * touched and a person is called. Never an empty database. Rejects with `database-not-recovered`, and then everything is
 * where it was; services that were stopped run again in every case.
 */
export async function recoverFile(options: RecoveryOptions, context: JobContext): Promise<RecoveryResult> {
  return new RecoveryRun(options, context).run()
}

class RecoveryRun {
  readonly #options: RecoveryOptions
  readonly #context: JobContext
  readonly #emergencyStops: number
  #stopped: readonly string[] = []
  /** Whether files of the database have begun to be moved. */
  #moving = false

  constructor(options: RecoveryOptions, context: JobContext) {
    this.#options = options
    this.#context = context
    this.#emergencyStops = options.services.emergencyStops
  }

  async run(): Promise<RecoveryResult> {
    const context = this.#context
    const damage = await context.step('check', () => this.#check())
    if (damage === null) {
      return { did: 'nothing', message: `The database ${this.#options.where} passes its check; nothing was touched.` }
    }
    try {
      const copyAt = await context.step('copy', () => this.#prepareCopy())
      this.#reach('after-copy')
      await context.step('stop', () => this.#stop())
      const rows = copyAt === null ? await context.step('salvage', () => this.#salvage()) : 0
      const aside = await context.step('put', () => this.#put(damage))
      const started = await context.step('start', () => this.#start())
      return this.#result(copyAt, rows, aside, started)
    } catch (error) {
      await this.#tidy(error)
      const started = await this.#start()
      if (started !== '') this.#context.log(started.trim())
      throw error
    }
  }

  #reach(moment: string): void {
    this.#options.crashPoints.reach(`database.recovery.${moment}`)
  }

  /** The damage in a sentence, or null when there is none. */
  async #check(): Promise<string | null> {
    const { file, runtime, where } = this.#options
    if (!existsSync(file)) return `${where} is missing`
    const { ok, problems } = await checkDatabase(runtime, file, { signal: this.#context.signal })
    if (!ok) return problems.join('; ')
    return (await this.#isEmpty()) ? 'it holds no page' : null
  }

  /** A file of no bytes passes every check of SQLite as an empty database. */
  async #isEmpty(): Promise<boolean> {
    return (await stat(this.#options.file)).size === 0
  }

  /** Puts the newest copy that passes its check beside the database. Resolves with its time; null when there is none. */
  async #prepareCopy(): Promise<number | null> {
    const { copies, runtime, file, zone } = this.#options
    const { signal } = this.#context
    await rm(waitingName(file), { force: true })
    for (const copy of await copies.list()) {
      try {
        // Checked as it is copied: a copy that is damaged itself is passed over.
        await copyDatabase(runtime, { from: copy.path, to: waitingName(file), signal })
        return copy.at
      } catch (error) {
        signal.throwIfAborted()
        this.#context.log(
          `The copy of ${timeIn(zone, copy.at)} cannot be used: ${error instanceof Error ? error.message : error}`,
        )
      }
    }
    this.#context.log('There is no copy that can be used.')
    return null
  }

  async #stop(): Promise<void> {
    const { services, touched, file, where } = this.#options
    const { cause, operation, signal } = this.#context
    const wanted = services.wanted().filter((id) => touched.includes(id))
    await this.#context.remember({ service: this.#options.service, services: wanted })
    this.#stopped = wanted
    const { failed } = await services.stop(touched, { cause, operation, signal })
    signal.throwIfAborted()
    if (failed.length > 0) {
      throw this.#failed(
        `${failed.map(({ service, reason }) => `${service} (${reason})`).join(', ')} could not be stopped`,
      )
    }
    const holders = fileHolders(['', '-wal', '-shm', '-journal'].map((ending) => `${file}${ending}`))
    if (holders.length > 0) {
      const named = holders.map(({ pid, command }) => `${command} (process ${pid})`).join(', ')
      throw this.#failed(`${named} still has ${where} open and would go on writing into the damaged file`)
    }
  }

  async #salvage(): Promise<number> {
    const { file, own, runtime } = this.#options
    const { signal, id } = this.#context
    const scratch = join(own, 'staging', `salvage-${id}`)
    const rows = existsSync(file) ? await salvage(runtime, { file, to: waitingName(file), scratch, signal }) : 0
    if (rows > 0) return rows
    throw this.#failed('there is no good copy, and not one row of it could still be read')
  }

  async #put(damage: string): Promise<string | null> {
    const { file, own, service, records, clock, where } = this.#options
    this.#context.noReturn('The files of the database are being moved; stopping now would leave it without any.')
    const at = clock.wall()
    await likeBefore(file)
    await records.add(service, 'putting', { at, ok: true, automatic: false, note: damage })
    this.#reach('before-aside')
    const aside = existsSync(file)
      ? await setAside({ file, own, service, at, why: `The database ${where} was damaged: ${damage}` }, () => {
          this.#moving = true
          this.#reach('between-aside')
        })
      : null
    this.#moving = true
    this.#reach('after-aside')
    await putInPlace(file)
    this.#reach('after-put')
    await records.forget(service, 'putting')
    clearHalfMoved(this.#options.attention, service, this.#context.cause)
    this.#options.onPut()
    return aside
  }

  /**
   * After a failure. Once the files were moved the good one belongs in place of the damaged one, or the services would start on none; where
   * the disk does not let it, it goes on waiting, and is put there when the site is opened the next time, as where only some of the
   * files are where they were: nothing may run on these. Else everything is as before, and what waited goes.
   */
  async #tidy(error: unknown): Promise<void> {
    const { file, records, service } = this.#options
    if (error instanceof ConsoleError && error.problem.code === 'half-moved') {
      raiseHalfMoved(this.#options.attention, { service, where: this.#options.where, why: error.message })
      if (this.#stopped.length > 0) this.#context.log(`Not started again: ${this.#stopped.join(', ')}.`)
      this.#stopped = []
      return
    }
    if (this.#moving && !(error instanceof ConsoleError && error.problem.code === 'not-moved')) {
      if (!existsSync(file)) await putInPlace(file).catch(() => false)
      return
    }
    await rm(waitingName(file), { force: true })
    await records.forget(service, 'putting')
  }

  /**
   * Starts what this run stopped. What somebody has ordered to stop meanwhile stays stopped: that is the last word. Resolves with
   * sentences of what did not come back.
   */
  async #start(): Promise<string> {
    const { services } = this.#options
    const { cause, operation } = this.#context
    const stopped = this.#stopped
    this.#stopped = []
    if (stopped.length === 0) return ''
    if (services.emergencyStops !== this.#emergencyStops) return ' Services stay stopped: there was an emergency stop.'
    const isOurs = (order: string | null) => order === null || order === operation
    const again = stopped.filter((id) => isOurs(services.stopOrder(id)))
    const left = stopped.filter((id) => !again.includes(id))
    const stay = left.length === 0 ? '' : ` Not started again, because that was ordered meanwhile: ${left.join(', ')}.`
    if (again.length === 0) return stay
    const { failed } = await services.start(again, { cause, operation })
    return failed.length === 0
      ? stay
      : `${stay} Not running again: ${failed.map(({ service, reason }) => `${service} (${reason})`).join(', ')}.`
  }

  #result(copyAt: number | null, rows: number, aside: string | null, started: string): RecoveryResult {
    const { where, clock, zone } = this.#options
    const kept = aside === null ? '' : ` The damaged files are in ${aside}.`
    const message =
      copyAt === null
        ? `The ${rows} rows that could still be read took the place of ${where}: it is partial, and how much is missing cannot be told.${kept}${started}`
        : `The copy of ${timeIn(zone, copyAt)} took the place of ${where}: what was changed between then and ${timeIn(zone, clock.wall())} is lost.${kept}${started}`
    return { did: copyAt === null ? 'salvage' : 'copy', message }
  }

  #failed(why: string): ConsoleError {
    const { where, service } = this.#options
    return new ConsoleError(
      'database-not-recovered',
      `The database ${where} was not recovered: ${why}. Everything is where it was.`,
      'Restore it from a backup, or put a good file in its place and check it.',
      { params: { service } },
    )
  }
}
