import type { Why } from '#shared/contract/index.ts'
import type { Shown } from '../state/shown-state.ts'

/** An answer of three steps, from what was asked down to desk-units, with the state that desk-units has at this moment. */
export function sampleWhy(subject: string, slices: Shown): Why {
  const units = slices.services['desk-units']
  const at = units?.since ?? null
  return {
    subject,
    title: 'Desk units',
    health: units?.health ?? 'unknown',
    sentence: `desk-units is ${units?.health} since 14:02: its readiness check (http 127.0.0.1:8103/health) says “3 of 12 units lost the broker”, 31 times in a row.`,
    root: 'service:desk-units',
    evidence: [
      { what: 'state', subject, sentence: units?.reason ?? '', at, event: 'ev-104', page: '/services/desk-units' },
      {
        what: 'probe',
        subject: 'service:desk-units',
        sentence:
          'The readiness check (http 127.0.0.1:8103/health) fails: 503 Service Unavailable, 31 failures in a row.',
        at,
        event: null,
        page: '/services/desk-units',
      },
      {
        what: 'log',
        subject: 'service:desk-units',
        sentence: 'Error: connect ECONNREFUSED 127.0.0.1:1883',
        at,
        event: null,
        page: '/services/desk-units?tab=log',
      },
      ...['ev-240', 'ev-239', 'ev-238', 'ev-237', 'ev-236'].map((event) => ({
        what: 'event' as const,
        subject: 'service:desk-units',
        sentence: 'desk-units became degraded: 3 of 12 units lost the broker.',
        at,
        event,
        page: `/timeline/${event}`,
      })),
    ],
    fixes: [
      { label: 'Restart desk-units', action: { type: 'restart-service', service: 'desk-units' } },
      { label: 'See the log of desk-units', action: { type: 'go-to', page: '/services/desk-units?tab=log' } },
    ],
    commandLine: `wheelhouse why ${subject}`,
  }
}
