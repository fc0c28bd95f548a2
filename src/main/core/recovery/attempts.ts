import type { RecoveryStep } from '#core/config/index.ts'
import type { Database } from '#core/store/index.ts'
import type { AttemptView } from '#shared/contract/recovery.ts'
import { attemptViewSchema } from '#shared/contract/recovery.ts'
import type { PastAttempt } from './decide.ts'
import type { AttemptQuery, AttemptResult } from './types.ts'

/** An attempt that begins. */
export interface NewAttempt {
  readonly id: string
  readonly policy: string
  readonly subject: string
  readonly step: number
  readonly action: RecoveryStep['action']
  readonly why: string
  /** Wall-clock milliseconds, and time that the console has seen pass. */
  readonly at: number
  readonly seen: number
  readonly manual: boolean
}

export interface AttemptEnd {
  readonly seen: number
  readonly ms: number
  readonly result: AttemptResult
  readonly sentence: string
  readonly event: string | null
}

interface Row {
  readonly seq: number
  readonly id: string
  readonly policy: string
  readonly subject: string
  readonly step: number
  readonly action: string
  readonly why: string
  readonly at: number
  readonly begun_seen: number
  readonly ended_seen: number | null
  readonly ms: number | null
  readonly result: string | null
  readonly sentence: string | null
  readonly job: string | null
  readonly event: string | null
  readonly manual: number
  readonly over: number
}

/** So many attempts are kept, the newest. */
const kept = 2_000
/** Of one policy and subject so many are looked at: more than site.yaml allows in a day (`per-day` is 1,000 at most). */
const mostPast = 1_200
/** Of so many policies and subjects the past is kept beside the table; of others it is read again. */
const mostSubjects = 500

/** The record of attempts. Writes resolve once they survive a power cut. */
export class Attempts {
  readonly #database: Database
  /** Of each policy and subject, what decisions rest on; read once, then kept beside the table. */
  readonly #past = new Map<string, PastAttempt[]>()
  readonly #newest = new Map<string, readonly AttemptView[]>()
  readonly #open = new Map<string, Set<string>>()

  constructor(database: Database) {
    this.#database = database
  }

  async begin(attempt: NewAttempt): Promise<void> {
    const { id, policy, subject, step, action, why, at, seen, manual } = attempt
    await this.#database.write(
      [
        {
          sql: `INSERT INTO recovery_attempts (id, policy, subject, step, action, why, at, begun_seen, manual, over)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
          values: [id, policy, subject, step, action, why, at, seen, manual ? 1 : 0],
        },
        {
          sql: 'DELETE FROM recovery_attempts WHERE seq <= (SELECT MAX(seq) FROM recovery_attempts) - ?',
          values: [kept],
        },
      ],
      'bookkeeping',
    )
  }

  /** It has not begun after all. */
  async withdraw(id: string): Promise<void> {
    await this.#database.write([{ sql: 'DELETE FROM recovery_attempts WHERE id = ?', values: [id] }], 'bookkeeping')
  }

  async named(id: string, job: string): Promise<void> {
    await this.#database.write(
      [{ sql: 'UPDATE recovery_attempts SET job = ? WHERE id = ?', values: [job, id] }],
      'bookkeeping',
    )
  }

  async end(attempt: NewAttempt, end: AttemptEnd): Promise<void> {
    const { seen, ms, result, sentence, event } = end
    if (!attempt.manual && result !== 'held') {
      this.#openOf(attempt.policy).add(attempt.subject)
      const past = this.past(attempt.policy, attempt.subject)
      past.push({
        begun: attempt.seen,
        ended: seen,
        step: attempt.step,
        counts: counts(attempt.action, result),
        over: false,
      })
      if (past.length > mostPast) past.splice(0, past.length - mostPast)
    }
    await this.#database.write(
      [
        {
          sql: 'UPDATE recovery_attempts SET ended_seen = ?, ms = ?, result = ?, sentence = ?, event = ? WHERE id = ?',
          values: [seen, ms, result, sentence, event, attempt.id],
        },
      ],
      'bookkeeping',
    )
    this.#newest.delete(attempt.policy)
  }

  /** What this policy has done about this subject, oldest first; what a person ordered does not count. */
  past(policy: string, subject: string): PastAttempt[] {
    const key = `${policy} ${subject}`
    const known = this.#past.get(key)
    if (known) return known
    const rows = this.#database.all<Row>({
      sql: `SELECT * FROM recovery_attempts WHERE policy = ? AND subject = ? AND manual = 0
            AND result IS NOT NULL AND result <> 'held' ORDER BY seq DESC LIMIT ?`,
      values: [policy, subject, mostPast],
    })
    const past = rows.toReversed().map((row) => ({
      begun: row.begun_seen,
      ended: row.ended_seen ?? row.begun_seen,
      step: row.step,
      counts: counts(row.action, row.result),
      over: row.over === 1,
    }))
    for (const old of this.#past.keys()) {
      if (this.#past.size < mostSubjects) break
      this.#past.delete(old)
    }
    this.#past.set(key, past)
    return past
  }

  /** The trouble is over: the next attempt begins the ladder anew. */
  async close(policy: string, subject: string): Promise<void> {
    const key = `${policy} ${subject}`
    this.#openOf(policy).delete(subject)
    this.#past.set(
      key,
      this.past(policy, subject).map((each) => ({ ...each, over: true })),
    )
    await this.#database.write(
      [
        {
          sql: 'UPDATE recovery_attempts SET over = 1 WHERE policy = ? AND subject = ? AND over = 0',
          values: [policy, subject],
        },
      ],
      'bookkeeping',
    )
  }

  /** The newest attempt of a policy that has ended. */
  newest(policy: string): readonly AttemptView[] {
    const known = this.#newest.get(policy)
    if (known) return known
    const newest = this.page({ policy, limit: 5 }).attempts.filter(({ result }) => result !== null)
    this.#newest.set(policy, newest)
    return newest
  }

  /** Subjects of a policy whose trouble is not over yet. */
  open(policy: string): readonly string[] {
    return [...this.#openOf(policy)]
  }

  #openOf(policy: string): Set<string> {
    const known = this.#open.get(policy)
    if (known) return known
    const subjects = this.#database
      .all<{ subject: string }>({
        sql: `SELECT DISTINCT subject FROM recovery_attempts WHERE policy = ? AND over = 0 AND manual = 0
              AND result IS NOT NULL AND result <> 'held'`,
        values: [policy],
      })
      .map(({ subject }) => subject)
    const open = new Set(subjects)
    this.#open.set(policy, open)
    return open
  }

  /** Attempts that have no end, of an earlier run of the console. */
  unfinished(): readonly (NewAttempt & { readonly job: string | null })[] {
    return this.#database
      .all<Row>({ sql: 'SELECT * FROM recovery_attempts WHERE result IS NULL ORDER BY seq' })
      .flatMap((row) => {
        const action = attemptViewSchema.shape.action.safeParse(row.action)
        if (!action.success) return []
        const { id, policy, subject, step, why, at, job } = row
        return [
          {
            id,
            policy,
            subject,
            step,
            action: action.data,
            why,
            at,
            seen: row.begun_seen,
            manual: row.manual === 1,
            job,
          },
        ]
      })
  }

  /** Newest first. */
  page({ policy, subject, result, before, limit }: AttemptQuery): {
    readonly attempts: readonly AttemptView[]
    readonly more: boolean
  } {
    const where = [
      ...(policy === undefined ? [] : [['policy = ?', policy] as const]),
      ...(subject === undefined ? [] : [['subject = ?', subject] as const]),
      ...(result === undefined ? [] : [['result = ?', result] as const]),
      ...(before === undefined ? [] : [['seq < ?', before] as const]),
    ]
    const conditions = where.length === 0 ? '' : `WHERE ${where.map(([text]) => text).join(' AND ')}`
    const rows = this.#database.all<Row>({
      sql: `SELECT * FROM recovery_attempts ${conditions} ORDER BY seq DESC LIMIT ?`,
      values: [...where.map(([, value]) => value), limit + 1],
    })
    const attempts = rows.slice(0, limit).flatMap((row) => {
      const view = attemptViewSchema.safeParse({ ...row, manual: row.manual === 1 })
      return view.success ? [view.data] : []
    })
    return { attempts, more: rows.length > limit }
  }
}

function counts(action: string, result: string | null): boolean {
  return action !== 'call-operator' && result !== 'nothing'
}
