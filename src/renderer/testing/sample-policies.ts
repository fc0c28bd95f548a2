import type { AttemptView, PolicyView } from '#shared/contract/index.ts'

const minute = 60_000

function policy(id: string, title: string, more: Partial<PolicyView> = {}): PolicyView {
  return {
    id,
    title,
    shipped: true,
    on: true,
    switchedOff: false,
    state: 'armed',
    when: 'a service is unhealthy or has failed',
    forMs: 2 * minute,
    steps: [
      { action: 'restart', words: 'restart' },
      { action: 'restart-with-dependents', words: 'restart with what needs it' },
      { action: 'call-operator', words: 'call a person' },
    ],
    perDay: 8,
    coolDownMs: 15 * minute,
    subjects: [],
    candidates: ['service:api', 'service:desk-units'],
    last: null,
    ...more,
  }
}

/** Recovery policies to draw: one at work, one given up, one off. `now` is wall-clock milliseconds. */
export function samplePolicies(now: number): Readonly<Record<string, PolicyView>> {
  const all = [
    policy('restart-unhealthy', 'Restart what stays unhealthy', {
      state: 'pausing',
      subjects: [
        {
          subject: 'service:desk-units',
          state: 'pausing',
          until: now + 40_000,
          step: 1,
          sentence: 'desk-units is unhealthy. Its broker connection was lost.',
          usedToday: 1,
        },
      ],
      last: { at: now - 20_000, subject: 'service:desk-units', result: 'done', sentence: 'desk-units restarted.' },
    }),
    policy('clear-caches', 'Clear caches when memory runs short', {
      when: 'memory > 92 % of the machine',
      forMs: minute,
      steps: [{ action: 'clear-cache', words: 'clear data/cache' }],
      perDay: 6,
      coolDownMs: 30 * minute,
      candidates: ['machine'],
    }),
    policy('recover-site', 'Recover the whole site', {
      when: 'at least half of the services are down, and two',
      forMs: 5 * minute,
      steps: [
        { action: 'recover-site', words: 'stop and start the whole site' },
        { action: 'call-operator', words: 'call a person' },
      ],
      perDay: 3,
      coolDownMs: 60 * minute,
      candidates: ['site'],
      on: false,
      state: 'off',
    }),
  ]
  return Object.fromEntries(all.map((each) => [each.id, each]))
}

/** Attempts to draw, newest first. */
export function sampleAttempts(now: number): readonly AttemptView[] {
  const attempt = (seq: number, more: Partial<AttemptView>): AttemptView => ({
    seq,
    id: `rc-${seq}`,
    policy: 'restart-unhealthy',
    subject: 'service:desk-units',
    step: 0,
    action: 'restart',
    why: 'desk-units is unhealthy. Its broker connection was lost.',
    at: now - (10 - seq) * 20_000,
    ms: 1_840,
    result: 'done',
    sentence: 'desk-units restarted.',
    job: null,
    event: null,
    manual: false,
    ...more,
  })
  return [
    attempt(4, {}),
    attempt(3, {
      policy: 'clear-caches',
      subject: 'machine',
      action: 'clear-cache',
      result: 'nothing',
      sentence: 'The caches were empty.',
    }),
    attempt(2, { subject: 'service:api', result: 'held', sentence: 'Held back by maintenance.', ms: 0 }),
    attempt(1, {
      subject: 'service:api',
      step: 1,
      action: 'restart-with-dependents',
      result: 'failed',
      sentence: 'api did not get there: it exited with code 3.',
      manual: true,
    }),
  ]
}
