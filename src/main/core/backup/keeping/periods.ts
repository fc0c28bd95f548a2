/** A natural period: it begins and ends where the calendar of the site says, not so long after the first snapshot. */
export type Period = 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly'

export const periods: readonly Period[] = ['hourly', 'daily', 'weekly', 'monthly', 'yearly']

/** Names periods in one zone. */
export class Calendar {
  readonly #format: Intl.DateTimeFormat

  constructor(zone: string) {
    this.#format = new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      hourCycle: 'h23',
      timeZoneName: 'longOffset',
    })
  }

  /**
   * The name of the period that a moment lies in: `2026-11-23 14:00`, `2026-11-23`, `2026-W48` (ISO 8601), `2026-11`, `2026`. The hour
   * that comes twice when clocks go back is two periods, so its name carries the offset from UTC, which is not for showing.
   */
  name(period: Period, at: number): string {
    const parts = new Map(this.#format.formatToParts(at).map(({ type, value }) => [type, value]))
    const year = parts.get('year') ?? ''
    const month = `${year}-${parts.get('month')}`
    const day = `${month}-${parts.get('day')}`
    switch (period) {
      case 'hourly':
        return `${day} ${parts.get('hour')}:00 ${parts.get('timeZoneName')}`
      case 'daily':
        return day
      case 'weekly':
        return weekOf(day)
      case 'monthly':
        return month
      case 'yearly':
        return year
    }
  }
}

/** The ISO 8601 week of a day: weeks begin on Monday, and belong to the year that has their Thursday. */
function weekOf(day: string): string {
  const thursday = new Date(`${day}T00:00:00Z`)
  thursday.setUTCDate(thursday.getUTCDate() + 3 - ((thursday.getUTCDay() + 6) % 7))
  const year = thursday.getUTCFullYear()
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * 86_400_000)) + 1
  return `${year}-W${String(week).padStart(2, '0')}`
}
