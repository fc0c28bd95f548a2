import type { SqlValue } from '#core/store/index.ts'

/** Time of the newest event. */
const newest = Date.UTC(2026, 0, 5, 8)
const everyMs = 20_000

const kinds = [
  ['service.started', 0],
  ['service.exited', 3],
  ['service.unhealthy', 2],
  ['service.healthy', 0],
  ['probe.failed', 1],
  ['probe.passed', 0],
  ['probe.passed', 0],
  ['route.limited', 0],
  ['broker.connected', 0],
  ['job.completed', 0],
  ['backup.completed', 1],
  ['attention.raised', 2],
] as const
const services = ['api', 'kiosk', 'board', 'broker', 'camera', 'projector', 'desk', 'mailer']
const words =
  'the connection to database was lost after attempt ended with code and will be started again within seconds because its probe answered timeout refused by host address'.split(
    ' ',
  )

/** Events as a site has them: a few subjects and kinds, sentences of a small vocabulary, ids in some of them, one a rare kind. */
export function* eventRows(from: number, to: number): Generator<readonly SqlValue[]> {
  let state = from
  const next = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >> 8) % below
  }
  for (let n = from; n <= to; n++) {
    const [kind, severity] =
      n % 50_000 === 77 ? (['clock.jumped', 1] as const) : (kinds[next(kinds.length)] ?? kinds[0])
    const service = services[next(services.length)] ?? 'api'
    // Most of what may be severe is not, as on a site that runs.
    const rank = severity >= 2 && next(10) > 0 ? 0 : severity
    const sentence = Array.from({ length: 4 + next(8) }, () => words[next(words.length)]).join(' ')
    const job = n % 20 === 0 ? `jb-${n}` : null
    yield [
      `ev-${n.toString(36).padStart(20, '0')}`,
      newest - (1_000_000 - n) * everyMs,
      kind,
      kind.slice(0, kind.indexOf('.')),
      `service:${service}`,
      rank,
      `${service}: ${sentence}${job ? ` (${job})` : ''}.`,
      n % 3 === 0
        ? JSON.stringify({ type: 'event', id: `ev-${(n - 1).toString(36).padStart(20, '0')}` })
        : '{"type":"observation","what":"a probe"}',
      n % 3 === 0 ? `ev-${(n - 1).toString(36).padStart(20, '0')}` : null,
      job,
      JSON.stringify({ pid: next(60_000), attempt: next(9), took: next(5_000) }),
    ]
  }
}
