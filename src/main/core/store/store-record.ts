import { join } from 'node:path'
import { z } from 'zod'
import { type Clock, type Logger, type Machine, writeDurably } from '#core/platform/index.ts'
import { type CheckKind, type CheckResult, checkKindSchema } from './database-answer.ts'
import { readOwnText, timeSchema } from './own-text.ts'
import { markNow, passedBetween, type TimeMark } from './seen-time.ts'
import type { DatabaseName } from './types.ts'

const checkNoteSchema = z.object({
  /** Wall-clock milliseconds, and how much time the console had seen pass by then. */
  at: z.number(),
  seenMs: z.number(),
  kind: checkKindSchema,
  ok: z.boolean(),
  note: z.string(),
})
/** What a check of a database came to. */
export type CheckNote = z.infer<typeof checkNoteSchema>

const roundSchema = z.object({ round: z.number().int().min(1), at: timeSchema })
/** A round of a write-ahead log, and when it was begun. */
export type RoundNote = z.infer<typeof roundSchema>

const recordSchema = z.object({
  format: z.literal(1),
  /** When each database was made, wall-clock milliseconds: from then on a missing one is damage. */
  databases: z.object({ control: z.number().optional(), messages: z.number().optional() }),
  /** Time that the console has seen pass on this site, up to a moment. Milliseconds. */
  checks: z.object({ control: checkNoteSchema.optional(), messages: checkNoteSchema.optional() }).default({}),
  fullChecks: z.object({ control: checkNoteSchema.optional(), messages: checkNoteSchema.optional() }).default({}),
  /** The round of each database's write-ahead log that was begun last, and when. Wall-clock milliseconds. */
  rounds: z.object({ control: roundSchema.optional(), messages: roundSchema.optional() }).default({}),
  seen: z.object({ ms: z.number(), mark: z.object({ wall: z.number(), boot: z.string(), uptimeMs: z.number() }) }),
})
type Recorded = z.infer<typeof recordSchema>

export interface StoreRecordOptions {
  /** The `.wheelhouse` folder. */
  readonly directory: string
  readonly clock: Clock
  readonly machine: Machine
  readonly logger: Logger
}

/**
 * `.wheelhouse/store.json`: which databases there are, and how much time the console has seen pass. Kept beside the databases,
 * because it is needed when they are lost. Losing it costs nothing but that knowledge.
 */
export class StoreRecord {
  readonly #options: StoreRecordOptions
  #recorded: Recorded
  #writing: Promise<void> = Promise.resolve()
  /** The machine's start during which the store was last open; null when that is not known. */
  readonly bootBefore: string | null
  /** When it was written last by an earlier run, wall-clock milliseconds; null when that is not known. */
  readonly writtenBefore: number | null

  private constructor(options: StoreRecordOptions, recorded: Recorded | null, leastSeenMs: number) {
    this.#options = options
    this.bootBefore = recorded?.seen.mark.boot ?? null
    this.writtenBefore = recorded?.seen.mark.wall ?? null
    const mark = this.#now()
    const fresh: Recorded = {
      format: 1,
      databases: {},
      checks: {},
      fullChecks: {},
      rounds: {},
      seen: { ms: leastSeenMs, mark },
    }
    this.#recorded = recorded ?? fresh
    this.#recorded = { ...this.#recorded, seen: { ms: Math.max(leastSeenMs, this.seenMs()), mark } }
  }

  /** Reads it. `leastSeenMs` is what other records say has been seen: a lost record must not begin anew below that. */
  static async open(options: StoreRecordOptions, leastSeenMs: number): Promise<StoreRecord> {
    let recorded: Recorded | null = null
    try {
      recorded = recordSchema.parse(JSON.parse(await readOwnText(pathIn(options.directory))))
    } catch (error) {
      const isNew = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (!isNew)
        options.logger.warn('The record of the store could not be read; it is made anew.', { error: String(error) })
    }
    return new StoreRecord(options, recorded, leastSeenMs)
  }

  /** When a database was made; undefined when it never was, as far as is known. */
  bornAt(name: DatabaseName): number | undefined {
    return this.#recorded.databases[name]
  }

  /** Milliseconds that the console has seen pass, until now. Never goes back. */
  seenMs(): number {
    const { ms, mark } = this.#recorded.seen
    return ms + passedBetween(mark, this.#now())
  }

  /** The last check of a database; null when there never was one, as far as is known. */
  lastCheck(name: DatabaseName): CheckNote | null {
    return this.#recorded.checks[name] ?? null
  }

  /** The last one that was full. */
  lastFullCheck(name: DatabaseName): CheckNote | null {
    return this.#recorded.fullChecks[name] ?? null
  }

  /** Notes durably what a check came to. A full disk is no obstacle. */
  async noteCheck(name: DatabaseName, kind: CheckKind, { ok, problems }: CheckResult): Promise<void> {
    const note = ok ? 'No problem was found.' : problems.slice(0, 3).join('; ')
    const noted: CheckNote = { at: this.#options.clock.wall(), seenMs: this.seenMs(), kind, ok, note }
    const { checks, fullChecks } = this.#recorded
    await this.#write({
      checks: { ...checks, [name]: noted },
      ...(kind === 'full' && { fullChecks: { ...fullChecks, [name]: noted } }),
    })
  }

  /** The round of a database's write-ahead log that was begun last; undefined when that is not known. */
  lastRound(name: DatabaseName): RoundNote | undefined {
    return this.#recorded.rounds[name]
  }

  /** Notes durably that a log has begun another round. A full disk is no obstacle. */
  async noteRound(name: DatabaseName, round: number): Promise<void> {
    await this.#write({ rounds: this.#roundsWith(name, round) })
  }

  /** Notes durably that a database exists, the round that its log has begun, and the time seen so far. A full disk is no obstacle. */
  async noteOpened(name: DatabaseName, round: number | null): Promise<void> {
    const databases = { ...this.#recorded.databases, [name]: this.bornAt(name) ?? this.#options.clock.wall() }
    await this.#write({ databases, ...(round !== null && { rounds: this.#roundsWith(name, round) }) })
  }

  /** Notes durably the time seen so far. */
  async mark(): Promise<void> {
    await this.#write({})
  }

  /** Waits until all of that is written. */
  async settled(): Promise<void> {
    await this.#writing
  }

  #roundsWith(name: DatabaseName, round: number): Recorded['rounds'] {
    return { ...this.#recorded.rounds, [name]: { round, at: this.#options.clock.wall() } }
  }

  /** One after the other, so that what is written last is what came last. */
  #write(change: Partial<Omit<Recorded, 'format' | 'seen'>>): Promise<void> {
    this.#recorded = { ...this.#recorded, ...change, seen: { ms: this.seenMs(), mark: this.#now() } }
    this.#writing = this.#writing.then(() => this.#writeNow())
    return this.#writing
  }

  async #writeNow(): Promise<void> {
    try {
      await writeDurably(pathIn(this.#options.directory), `${JSON.stringify(this.#recorded, null, 2)}\n`)
    } catch (error) {
      this.#options.logger.warn('The record of the store could not be written.', { error: String(error) })
    }
  }

  #now(): TimeMark {
    return markNow(this.#options.clock, this.#options.machine)
  }
}

const pathIn = (directory: string) => join(directory, 'store.json')
