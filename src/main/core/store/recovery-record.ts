import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type Logger, writeDurably } from '#core/platform/index.ts'
import { readOwnText, timeSchema, toldText } from './own-text.ts'
import type { DatabaseName } from './types.ts'

/** Who or what had a database replaced: damage met in use or at opening, a check, or a person. */
export const replacedBySchema = z.enum(['damage', 'check', 'operator'])
export type ReplacedBy = z.infer<typeof replacedBySchema>

const choiceSchema = z.discriminatedUnion('source', [
  z.object({
    source: z.literal('copy'),
    copiedAt: timeSchema,
    newest: timeSchema.nullable(),
    /** Copies that were left untried because the time for it was up. */
    untried: z.number().int().min(0).default(0),
  }),
  z.object({
    source: z.literal('salvage'),
    means: z.enum(['sqlite3', 'reading']),
    tables: z.record(z.string().regex(/^[A-Za-z0-9_]{1,64}$/), z.number().int().min(0)),
    newest: timeSchema.nullable(),
    untried: z.number().int().min(0).default(0),
  }),
  z.object({ source: z.literal('empty'), untried: z.number().int().min(0).default(0) }),
])
/** What takes a damaged database's place. `newest`: time of the newest record in it. */
export type Choice = z.infer<typeof choiceSchema>

/** One name, and none that leads elsewhere: a folder from somebody else may hold any record. */
const folderSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]*$/)

const idSchema = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)
/** What SQLite or a check said, and what is told about it. */
const damageSchema = toldText(500)
const messageSchema = toldText(2_000)
const mostDataCharacters = 20_000

/** Sequences must stay exact as numbers, with room above them. */
const sequenceSchema = z
  .number()
  .int()
  .min(0)
  .max(2 ** 51)

const intentSchema = z.object({
  id: idSchema,
  at: timeSchema,
  by: replacedBySchema,
  damage: damageSchema,
  /** The last sign of life of the damaged database, wall-clock milliseconds. */
  until: timeSchema,
  /** Name of the folder in `.wheelhouse/quarantine/`. */
  folder: folderSchema,
  /** Until everything is set aside, what lies in place is the damaged database; afterwards it is the chosen one. */
  phase: z.enum(['setting aside', 'replacing']),
  choice: choiceSchema.nullable(),
})
/** A recovery that was begun and must be finished, whatever happens in between. */
export type Intent = z.infer<typeof intentSchema>

const standInSchema = z.object({ since: timeSchema, why: messageSchema, damage: damageSchema.nullable() })
/** `damage` is what the original suffers from; null when it only could not be opened or replaced, so that it is tried again. */
export type StandIn = z.infer<typeof standInSchema>

const reportSchema = z.object({
  id: idSchema,
  kind: z.enum(['recovered', 'stand-in', 'stand-in-ended', 'log-damaged', 'log-lost']),
  at: timeSchema,
  /** Time that the console had seen pass then, milliseconds. */
  seenMs: z.number(),
  by: replacedBySchema,
  message: messageSchema,
  data: z
    .record(z.string(), z.unknown())
    .transform((data) => (JSON.stringify(data).length > mostDataCharacters ? {} : data)),
  /** Whether it stands in the event log. */
  told: z.boolean(),
})
/** Something that the operator must be told, kept until it stands in the event log. */
export type StoreReport = z.infer<typeof reportSchema>

const keptReports = 50
/** Those that are kept and those that are not told yet. */
const mostReports = 100

const recordSchema = z.object({
  format: z.literal(1),
  intent: intentSchema.nullable(),
  standIn: standInSchema.nullable(),
  /** Where the sequences of a new database go on from, until it was opened once; and the highest that ever was given so. */
  continueFrom: sequenceSchema.nullable(),
  highest: sequenceSchema,
  /** Those that a folder from elsewhere brings too many of are no longer the console's. */
  reports: z.array(reportSchema).transform((reports) => reports.slice(-mostReports)),
})
export type RecoveryState = z.infer<typeof recordSchema>

const nothing: RecoveryState = { format: 1, intent: null, standIn: null, continueFrom: null, highest: 0, reports: [] }

/**
 * `.wheelhouse/recovery/<name>.json`: what is being done about a damaged database and what was done before, outside of every
 * database and durable before each step, so that a kill at any moment is finished at the next start.
 */
export class RecoveryRecord {
  readonly name: DatabaseName
  readonly #path: string
  readonly #folder: string
  #state: RecoveryState

  private constructor(name: DatabaseName, folder: string, state: RecoveryState) {
    this.name = name
    this.#folder = folder
    this.#path = join(folder, `${name}.json`)
    this.#state = state
  }

  /** Reads it from the `.wheelhouse/recovery` folder. One that cannot be read is taken for an empty one. */
  static async open(name: DatabaseName, folder: string, logger: Logger): Promise<RecoveryRecord> {
    try {
      const text = await readOwnText(join(folder, `${name}.json`))
      return new RecoveryRecord(name, folder, recordSchema.parse(JSON.parse(text)))
    } catch (error) {
      const isNew = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (!isNew)
        logger.warn(`The record of recoveries of the ${name} database could not be read.`, { error: String(error) })
      return new RecoveryRecord(name, folder, nothing)
    }
  }

  get state(): RecoveryState {
    return this.#state
  }

  /** Changes it durably. Rejects with the system's error; it is then as before. */
  async change(change: Partial<Omit<RecoveryState, 'format'>>): Promise<void> {
    const changed = { ...this.#state, ...change }
    const old = changed.reports.filter(({ told }) => told).slice(0, -keptReports)
    const state = { ...changed, reports: changed.reports.filter((report) => !old.includes(report)) }
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await writeDurably(this.#path, `${JSON.stringify(state, null, 2)}\n`)
    this.#state = state
  }

  /** As {@link change}, but where it cannot be written it holds for this run alone. */
  async changeIfPossible(change: Partial<Omit<RecoveryState, 'format'>>, logger: Logger): Promise<void> {
    try {
      await this.change(change)
    } catch (error) {
      this.#state = { ...this.#state, ...change }
      logger.warn(`The record of recoveries of the ${this.name} database could not be written.`, {
        error: String(error),
      })
    }
  }
}

/** Recoveries that nobody ordered, at most so many in so much time: a disk that goes on breaking needs a person. */
export const recoveryLimit = { count: 3, withinMs: 24 * 60 * 60 * 1_000 } as const

/**
 * How long until the next recovery may begin by itself: 0 when at once. Counted in time that the console has seen pass, so that
 * a jump of the clock neither lifts the limit nor extends it.
 */
export function recoveryWaitMs(reports: readonly StoreReport[], seenMs: number): number {
  const recent = reports
    .filter(
      ({ kind, by, seenMs: then }) =>
        kind === 'recovered' && by !== 'operator' && seenMs - then < recoveryLimit.withinMs,
    )
    .sort((a, b) => b.seenMs - a.seenMs)
  const last = recent[recoveryLimit.count - 1]
  return last ? recoveryLimit.withinMs - (seenMs - last.seenMs) : 0
}
