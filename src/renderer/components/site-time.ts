/** Moments in the zone of the site. The formats are costly to make, so one set is kept per zone by whoever shows times. */
export interface SiteTime {
  readonly zone: string
  /** `14:02:11` today; `Mon 3 Nov 14:02:11` otherwise; with the year when it is another one. */
  moment(at: number, now: number): string
  /** `14:02:11.482` */
  precise(at: number): string
  /** `14:02:11` */
  clock(at: number): string
  /** `14:02` */
  minute(at: number): string
  /** `Mon 3 Nov 2026` */
  day(at: number): string
  /** `3 Nov` */
  shortDay(at: number): string
  /** How far the zone is ahead of UTC then. Milliseconds. */
  offsetMs(at: number): number
  /** `3 Nov 2026, 14:02:11` */
  full(at: number): string
  /** `Asia/Manila (UTC+8)`, once per screen. */
  offset(at: number): string
}

/** Makes the formats of `zone`, an IANA name; an unknown one is shown as UTC. */
export function siteTime(zone: string): SiteTime {
  const timeZone = knownZone(zone)
  const make = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('en-GB', { timeZone, ...options })
  const clock = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const
  const time = make(clock)
  const fine = make({ ...clock, fractionalSecondDigits: 3 })
  const day = make({ weekday: 'short', day: 'numeric', month: 'short' })
  const date = make({ day: 'numeric', month: 'short', year: 'numeric' })
  const hour = make({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const wholeDay = make({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })
  const shortDay = make({ day: 'numeric', month: 'short' })
  const fields = make({ year: 'numeric', month: 'numeric', day: 'numeric', ...clock })
  const offset = make({ timeZoneName: 'shortOffset' })
  return {
    zone: timeZone,
    moment(at, now) {
      const then = date.format(at)
      if (then === date.format(now)) return time.format(at)
      const sameYear = then.slice(-4) === date.format(now).slice(-4)
      return `${sameYear ? day.format(at).replace(',', '') : then} ${time.format(at)}`
    },
    precise: (at) => fine.format(at),
    clock: (at) => time.format(at),
    minute: (at) => hour.format(at),
    day: (at) => wholeDay.format(at).replace(',', ''),
    shortDay: (at) => shortDay.format(at),
    offsetMs(at) {
      const found = new Map(fields.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
      const part = (name: Intl.DateTimeFormatPartTypes) => found.get(name) ?? 0
      const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
      return local - Math.floor(at / 1_000) * 1_000
    },
    full: (at) => `${date.format(at)}, ${time.format(at)}`,
    offset(at) {
      const found = offset.formatToParts(at).find((part) => part.type === 'timeZoneName')?.value ?? 'UTC'
      const utc = found.replace('GMT', 'UTC')
      return timeZone === 'UTC' ? 'UTC' : `${timeZone} (${utc})`
    },
  }
}

function knownZone(zone: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone
  } catch {
    return 'UTC'
  }
}
