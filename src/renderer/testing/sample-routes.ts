import type { Connection } from '#shared/client/index.ts'
import type { RouteDifference, StoredMessage } from '#shared/contract/index.ts'
import { storedMessageSchema } from '#shared/contract/stored-message.ts'

const text = `title: Desk presence
from: consultease/faculty/+/status
where: payload.battery > 5
map: '{"faculty": topic[2], "present": payload.present}'
to:
  - { mqtt: consultease/board/presence, qos: 1 }
  - { channel: faculty }`

/** The calls about the text of routes: one mistake is known, a battery that is compared with nothing. */
export function routeCalls(note: (call: string, input: unknown) => void): Connection['calls']['routes'] {
  return {
    text: async ({ route }) => ({ text: route === 'new-route' ? null : text, base: 'a'.repeat(64), firstLine: 12 }),
    check: async ({ text }) => ({
      problems: text.includes('battery >\n')
        ? [
            {
              line: 3,
              column: 8,
              message: 'The condition ends too early (at character 18).',
              remedy: 'Correct the expression; docs/routes.md lists what it can use.',
            },
          ]
        : [],
    }),
    save: async (input) => {
      note('routes.save', input)
      return {}
    },
    dryRun: async ({ messages }) => {
      const differences = messages.slice(0, 20).map((given, n) => difference(storedMessageSchema.parse(given), n))
      return {
        messages: messages.length,
        before: { passed: messages.length, filtered: 0, limited: 0, merged: 0, quarantined: 0, 'not matched': 0 },
        after: {
          passed: messages.length - differences.length,
          filtered: differences.length,
          limited: 0,
          merged: 0,
          quarantined: 0,
          'not matched': 0,
        },
        changed: differences.length,
        differences,
      }
    },
    trace: async ({ at, topic }) => ({
      since: null,
      routes: topic.includes('status')
        ? [
            {
              n: 0,
              route: 'desk-presence',
              result: 'queued',
              reason: null,
              stage: null,
              client: 'desk-unit-12',
              user: 'desk',
              changed: false,
              passport: null,
            },
          ]
        : [],
      deliveries: topic.includes('status')
        ? [
            {
              seq: 41,
              id: 'Zk3-1a',
              route: 'desk-presence',
              target: 'mqtt:consultease/board/presence',
              state: 'delivered',
              failed: 1,
              why: 'the connection to the broker was lost before it was acknowledged',
              endedAt: at + 12,
            },
          ]
        : [],
      quarantine: [],
      journal: [],
    }),
    passport: async ({ message }) => ({
      routes: [
        {
          route: 'desk-presence',
          title: 'Desk presence',
          from: 'consultease/faculty/+/status',
          on: true,
          stages: [
            { stage: 'where', rule: 'payload.battery > 5', result: 'passed', said: 'true' },
            { stage: 'limit', rule: 'at most 5 in 1 s for each topic', result: 'counted when it came', said: null },
            { stage: 'map', rule: '{"present": payload.present}', result: 'passed', said: '{"present":true}' },
          ],
          outcome: passed(storedMessageSchema.parse(message)),
          onward: [{ topic: 'consultease/board/presence', route: 'board' }],
        },
      ],
    }),
  }
}

function passed(message: StoredMessage) {
  return {
    result: 'passed' as const,
    reason: null,
    outputs: [
      { target: 'mqtt consultease/board/presence', payload: message.payload, encoding: message.encoding, cut: false },
    ],
  }
}

function difference(message: StoredMessage, n: number): RouteDifference {
  return { n, message, before: passed(message), after: { result: 'filtered', reason: null, outputs: [] } }
}
