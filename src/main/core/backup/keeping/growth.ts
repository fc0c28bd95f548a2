const dayMs = 86_400_000
/** The trend is of the last month, and is not drawn from less than four days. */
const windowMs = 30 * dayMs
const leastDays = 4

/** The size of the repository on one day, as it was last measured then. */
export interface SizeOfDay {
  /** Wall-clock milliseconds of the measurement. */
  readonly at: number
  readonly bytes: number
}

export interface Growth {
  /** Null when it was measured for too short a time. */
  readonly bytesPerDay: number | null
  /** When the disk will be full; null when that is not known, or when the repository does not grow. */
  readonly fullAt: number | null
}

/**
 * How fast the repository grows: the median of the slopes between all pairs of days (Theil and Sen), which one large backup or
 * one prune does not bend. Days that lie after `now` were measured by a clock that was wrong and are left out.
 */
export function growthOf(sizes: readonly SizeOfDay[], freeBytes: number | null, now: number): Growth {
  const recent = sizes.filter(({ at }) => at <= now && at > now - windowMs)
  const first = Math.min(...recent.map(({ at }) => at))
  if (recent.length < leastDays || now - first < (leastDays - 1) * dayMs * 0.9)
    return { bytesPerDay: null, fullAt: null }
  const slopes = recent.flatMap((one, n) =>
    recent.slice(n + 1).flatMap((other) => {
      const days = (other.at - one.at) / dayMs
      return Math.abs(days) < 0.5 ? [] : [(other.bytes - one.bytes) / days]
    }),
  )
  const bytesPerDay = median(slopes)
  if (bytesPerDay === null || bytesPerDay <= 0 || freeBytes === null) return { bytesPerDay, fullAt: null }
  return { bytesPerDay, fullAt: now + (freeBytes / bytesPerDay) * dayMs }
}

export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle]
  if (upper === undefined) return null
  const lower = sorted[middle - 1]
  return sorted.length % 2 === 1 || lower === undefined ? upper : (lower + upper) / 2
}
