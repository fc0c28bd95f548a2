import type { EventRecord } from '#shared/vocabulary.ts'
import { hour, minute } from './sample-entities.ts'
import type { EventSource, Sketch } from './scripted-log.ts'

const sketch = (kind: string, subject: string, severity: Sketch['severity'], message: string): Sketch => ({
  kind,
  subject,
  severity,
  message,
  operation: null,
})

const sketches: readonly Sketch[] = [
  sketch('service.ready', 'service:api', 'info', 'api is ready.'),
  sketch('router.connected', 'router', 'info', 'The router is connected to the broker.'),
  sketch('route.recovered', 'route:desk-presence', 'info', 'desk-presence delivers again.'),
  sketch('service.started', 'service:kiosk', 'info', 'kiosk was started.'),
  sketch('config.loaded', 'site', 'info', 'site.yaml was read: 5 services, 2 routes.'),
  sketch('service.healthy', 'service:desk-units', 'info', 'desk-units became healthy.'),
  sketch('backup.completed', 'site', 'notice', 'Backup completed: 214 files, 412 kB new.'),
  sketch('service.degraded', 'service:desk-units', 'warning', 'desk-units became degraded: 3 of 12 units are away.'),
  sketch('route.failing', 'route:desk-presence', 'warning', 'desk-presence cannot deliver to the board.'),
  sketch('service.exited', 'service:api', 'error', 'api exited: killed by SIGKILL from outside.'),
  sketch('service.failed', 'service:database', 'critical', 'database was given up after 5 starts in 10 minutes.'),
]

const days = 30
/** After ten days nobody was there for five. */
const holiday = { after: 10, days: 5 }
/** On this day, at its middle, the clock was set back. */
const setBack = { day: 20, ms: 2 * hour }
const workday = 13 * hour + 30 * minute
/** When a working day ends, UTC: 20:00 where the sample site is, so that the days change in the quiet of the night at whatever hour the page is made. */
const evening = 12 * hour

/**
 * Very many events in thirty working days, the newest on the last evening before `now`: quiet nights, a holiday, some bad hours, and a clock that is set
 * back once. Each is made from its sequence alone. Every thousandth names a cause 600 events before it.
 */
export function manyEvents(length: number, now: number): EventSource {
  const perDay = Math.ceil(length / days)
  const elapsed = (seq: number) => {
    const day = Math.floor((seq - 1) / perDay)
    const share = ((seq - 1) % perDay) / perDay
    const calendarDay = day < holiday.after ? day : day + holiday.days
    // Mornings and evenings are busier than noon.
    const within = (share + 0.07 * Math.sin(share * 4 * Math.PI)) * workday
    return calendarDay * 24 * hour + within - (day === setBack.day && share > 0.5 ? setBack.ms : 0)
  }
  const lastEvening = Math.floor((now - evening) / (24 * hour)) * 24 * hour + evening
  const start = lastEvening - elapsed(length)
  const atOf = (seq: number) => Math.round(start + elapsed(seq))
  const sketchOf = (seq: number) => {
    const dice = (Math.imul(seq, 2_654_435_761) >>> 0) / 2 ** 32
    const hourIsBad = seq % 40_000 < 300
    const [critical, error, warning] = hourIsBad ? [0.995, 0.85, 0.5] : [0.999_995, 0.9995, 0.998]
    if (dice >= critical) return 10
    if (dice >= error) return 9
    if (dice >= warning) return 7 + (seq % 2)
    return dice >= 0.99 ? 6 : seq % 6
  }
  return {
    length,
    sketches,
    sketchOf,
    atOf,
    event(seq): EventRecord {
      const known = sketches[sketchOf(seq)]
      if (!known) throw new Error(`There is no event ${seq}.`)
      const before = seq % 1_000 === 0 ? 600 : 1
      return {
        ...known,
        id: `ev-${seq}`,
        seq,
        at: atOf(seq),
        cause:
          seq % 6 === 1 && before === 1
            ? { type: 'observation', what: 'a probe answered' }
            : { type: 'event', id: `ev-${seq - before}` },
        data: { number: seq },
      }
    },
  }
}
