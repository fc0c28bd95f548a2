import { dueAt } from '../schedule.ts'

const hourMs = 3_600_000

export interface DeadlineFacts {
  /** When the newest good snapshot was taken, wall-clock milliseconds. */
  readonly goodAt: number
  /** As site.yaml says, or null. */
  readonly alertAfterMs: number | null
  /** Cron expressions of all kinds that are scheduled. */
  readonly crons: readonly string[]
  readonly zone: string
}

/** From when on it is told that there is no good backup, and what says so. */
export interface Deadline {
  readonly at: number
  readonly by: 'schedule' | 'site.yaml'
}

/**
 * As site.yaml says; else an hour after the second date of the schedule that passed without a good one: a single failure is
 * told by its own card. Null when nothing is scheduled and nothing said.
 */
export function deadlineOf({ goodAt, alertAfterMs, crons, zone }: DeadlineFacts): Deadline | null {
  if (alertAfterMs !== null) return { at: goodAt + alertAfterMs, by: 'site.yaml' }
  const second = crons.flatMap((cron) => {
    const first = dueAt({ cron, zone, since: goodAt })
    return (first !== null && dueAt({ cron, zone, since: first })) || []
  })
  return second.length === 0 ? null : { at: Math.min(...second) + hourMs, by: 'schedule' }
}
