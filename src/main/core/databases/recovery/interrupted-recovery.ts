import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { z } from 'zod'
import type { Attention } from '#core/attention/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { InterruptedJob, Jobs } from '#core/jobs/index.ts'
import { type Clock, fileHolders, type Logger } from '#core/platform/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { databaseEvents } from '../event-kinds.ts'
import type { DatabaseRecord, DatabaseRecords } from '../records.ts'
import type { DeclaredDatabase } from '../site-database.ts'
import { putInPlace, setAside, waitingName } from './files.ts'
import { clearHalfMoved, raiseHalfMoved } from './half-moved.ts'

export interface InterruptedRecoveryParts {
  /** The site's `.wheelhouse` folder. */
  readonly own: string
  readonly records: DatabaseRecords
  readonly jobs: Jobs
  readonly events: EventLog
  readonly attention: Attention
  readonly clock: Clock
  readonly logger: Logger
}

interface Settled {
  readonly ok: boolean
  readonly note: string
}

const stoppedSchema = z.object({ services: z.array(z.string()) })
const cause: Cause = { type: 'console', why: 'an interrupted recovery was found when the site was opened' }

/**
 * A recovery that the console did not live to finish. Once its files were being moved it is finished: the good one takes its place,
 * what is left of the damaged one follows the rest into quarantine. Before that nothing was changed, and what waited is removed.
 */
export class InterruptedRecovery {
  readonly #parts: InterruptedRecoveryParts

  constructor(parts: InterruptedRecoveryParts) {
    this.#parts = parts
  }

  /** Services that were stopped for one. */
  owedServices(): readonly string[] {
    return this.#jobs().flatMap(({ input }) => stoppedSchema.safeParse(input).data?.services ?? [])
  }

  /** Before anything starts on the database. Never rejects: what cannot be done now is tried at the next opening, and said. */
  async settle({ service, target, where }: DeclaredDatabase): Promise<void> {
    const { records, jobs, clock, events, attention, logger } = this.#parts
    if (target.engine !== 'sqlite' || jobs.running().some(({ kind }) => kind === 'database.recover')) return
    const putting = records.newest(service.id, 'putting')
    const settled = putting
      ? await this.#finish(service.id, target.file, where, putting)
      : await this.#undo(service.id, target.file, where)
    if (!settled) return
    const { ok, note } = settled
    if (records.newest(service.id, 'putting')) raiseHalfMoved(attention, { service: service.id, where, why: note })
    else clearHalfMoved(attention, service.id, cause)
    await records.add(service.id, 'recovery', { at: clock.wall(), ok, automatic: false, note })
    logger.warn(note)
    events.emit({
      kind: ok ? databaseEvents.repaired : databaseEvents.notRepaired,
      subject: `service:${service.id}`,
      severity: 'warning',
      message: note,
      cause,
    })
  }

  async #finish(service: string, file: string, where: string, { at, note }: DatabaseRecord): Promise<Settled> {
    const { own, records } = this.#parts
    const begin = `The recovery of ${where} was interrupted while its files were being moved`
    try {
      if (existsSync(waitingName(file))) {
        const [holder] = existsSync(file) ? fileHolders([file, `${file}-wal`]) : []
        if (holder) throw new Error(`${holder.command} (process ${holder.pid}) has it open`)
        if (existsSync(file)) {
          await setAside({ file, own, service, at, why: `The database ${where} was damaged: ${note}` })
        }
        await putInPlace(file)
      }
      await records.forget(service, 'putting')
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      return {
        ok: false,
        note: `${begin}, and could not be finished: ${why}. It is tried again when the site is opened.`,
      }
    }
    if (existsSync(file)) return { ok: true, note: `${begin}; it was finished now, and the good one is in its place.` }
    return {
      ok: false,
      note: `${begin}, and what was to take its place is gone. Recover it again, or restore a backup.`,
    }
  }

  async #undo(service: string, file: string, where: string): Promise<Settled | null> {
    const interrupted = this.#jobs().some(({ view }) => view.subject === `service:${service}`)
    if (!interrupted || !existsSync(waitingName(file))) return null
    await rm(waitingName(file), { force: true })
    return {
      ok: false,
      note: `The recovery of ${where} was interrupted before anything was moved; everything is where it was. Order it again.`,
    }
  }

  #jobs(): readonly InterruptedJob[] {
    return this.#parts.jobs.interrupted.filter(({ view }) => view.kind === 'database.recover')
  }
}
