import type { OutboxPage } from '#shared/contract/messages.ts'

const minute = 60_000

/** An outbox in which the board's messages wait since its broker went away. */
export function sampleOutbox(now = Date.now()): OutboxPage {
  const rows = Array.from({ length: 12 }, (_, n) => ({
    seq: n + 1,
    id: `kZ3xPq0aTn8-${n.toString(36)}`,
    at: now - (13 - n) * minute,
    expiresAt: null,
    route: 'desk-presence',
    target: 'mqtt:consultease/board/presence',
    topic: `consultease/faculty/${1 + (n % 4)}/status`,
    payload: `{"faculty":"${1 + (n % 4)}","present":${n % 2 === 0}}`,
    encoding: 'utf8' as const,
    bytes: 32,
    attempts: 0,
    key: `consultease/board/presence`,
  }))
  return {
    rows,
    more: false,
    targets: [
      {
        route: 'desk-presence',
        target: 'mqtt:consultease/board/presence',
        rows: rows.length,
        bytes: 32 * rows.length,
        oldestAt: now - 13 * minute,
      },
    ],
    horizon: {
      perSecond: 0.9,
      fullInMs: 1_111_098_000,
      bound: 'messages',
      first: { route: 'desk-presence', priority: 'normal' },
      endsAt: now + 6 * 86_400_000,
    },
    bounds: { rows: 1_000_000, bytes: 1024 ** 3, ageMs: 7 * 86_400_000, whenFull: 'drop-lowest' },
  }
}
