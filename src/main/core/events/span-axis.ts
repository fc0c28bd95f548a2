import type { Database } from '#core/store/index.ts'
import { minuteMs } from './runs.ts'

/** Buckets of time over the whole log. `start` and `bucketMs` are whole minutes or hours, whose runs (`runMinutes`) are added up. */
export interface Axis {
  readonly start: number
  readonly bucketMs: number
  readonly runMinutes: 1 | 60
}

/**
 * The axis on which everything recorded lies, with at most so many buckets. `tailMinutes` are the minutes of events that are in no run
 * yet. Hours are added up as soon as a bucket is one: there are few of them however long the log is.
 */
export async function axisFor(
  database: Database,
  tailMinutes: readonly number[],
  most: number,
  signal?: AbortSignal,
): Promise<Axis> {
  const options = signal ? { signal } : {}
  const bounds = async (minutes: 1 | 60): Promise<Slots | null> => {
    const sql = 'SELECT min(slot) AS first, max(slot) AS last FROM events_runs WHERE minutes = ?'
    const [runs] = await database.query<Slots | { first: null; last: null }>({ sql, values: [minutes] }, options)
    const slots = tailMinutes.map((minute) => Math.floor(minute / minutes))
    if (runs && runs.first !== null) slots.push(runs.first, runs.last)
    return slots.length > 0 ? { first: Math.min(...slots), last: Math.max(...slots) } : null
  }
  const hours = await bounds(60)
  if (!hours) return { start: 0, bucketMs: minuteMs, runMinutes: 1 }
  if (hours.last - hours.first >= most) return axis(hours, 60, most)
  return axis((await bounds(1)) ?? hours, 1, most)
}

interface Slots {
  readonly first: number
  readonly last: number
}

function axis({ first, last }: Slots, runMinutes: 1 | 60, most: number): Axis {
  let width = Math.max(1, Math.ceil((last - first + 1) / most))
  // Buckets begin at multiples of their width, so that they do not shift while events come in; that may take one more of them.
  while (Math.floor(last / width) - Math.floor(first / width) >= most) width++
  const slotMs = runMinutes * minuteMs
  return { start: Math.floor(first / width) * width * slotMs, bucketMs: width * slotMs, runMinutes }
}
