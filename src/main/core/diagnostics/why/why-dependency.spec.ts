import { describe, expect, it } from 'vitest'
import {
  at,
  card,
  caused,
  dependency,
  event,
  factsOf,
  type Given,
  need,
  operator,
  probe,
  service,
  waiting,
} from '../../../../../test/support/why-facts.ts'
import { neededFacts } from './needed-facts.ts'
import { why } from './why.ts'

// From a service into what it calls, and what is called.

const open = dependency('calendar', {
  title: 'School calendar',
  state: 'open',
  since: at(2),
  sentence: 'Its checks failed again and again. The last error: connection refused.',
  nextTryAt: at(5, 30),
  users: [{ service: 'reports', required: true }],
})
const opened = event('dependency.opened', 'dependency:calendar', at(2), {
  severity: 'error',
  message: 'School calendar is not called for a while: its breaker has opened.',
  cause: { type: 'observation', what: 'connection refused' },
})
const uses = [{ dependency: 'calendar', required: true, reachable: false }]
const reports = service('reports', {
  state: 'waiting',
  health: 'unknown',
  since: at(2),
  reason: 'Waits for the dependency calendar.',
  uses,
})

describe('a service that cannot call what it uses', () => {
  it('is explained by the dependency, with its events and what helps', () => {
    const told = ask('service:reports', { services: [reports], dependencies: [open], events: [opened] })
    expect(told.sentence).toBe(
      'reports waits because it cannot call School calendar since 14:02: its checks failed again and again. The last error: connection refused. It is tried again at 14:05:30.',
    )
    expect(told.root).toBe('dependency:calendar')
    expect(told.evidence.map(({ event: id }) => id)).toContain(opened.id)
    expect(told.fixes.map(({ action }) => action)).toContainEqual({ type: 'reset-dependency', dependency: 'calendar' })
  })

  it('explains what needs it in turn', () => {
    const kiosk = waiting('kiosk', [need('reports', 'healthy')])
    const told = ask('service:kiosk', { services: [kiosk, reports], dependencies: [open] })
    expect(told.sentence).toMatch(
      /^kiosk waits because reports is not healthy, and that because reports cannot call School calendar since 14:02: /,
    )
    expect(told.root).toBe('dependency:calendar')
  })

  it('that runs is degraded by it, unless a probe of its own fails', () => {
    const degraded = { ...reports, state: 'running', health: 'degraded', reason: 'It cannot call calendar.' } as const
    expect(ask('service:reports', { services: [degraded], dependencies: [open] }).root).toBe('dependency:calendar')
    const failing = { ...degraded, probes: [probe('readiness', { passing: false, answer: '500' })] }
    expect(ask('service:reports', { services: [failing], dependencies: [open] }).root).toBe('service:reports')
  })

  it('has the history of the dependency and the causes of its card fetched', () => {
    const { shown } = factsOf({
      services: [reports],
      dependencies: [open],
      cards: [card('dependency-open:calendar', 'dependency:calendar', { event: 'ev-card' })],
    })
    const needed = neededFacts({ kind: 'service', id: 'reports' }, shown, null)
    expect(needed.histories).toContain('dependency:calendar')
    expect(needed.chains).toContain('ev-card')
  })
})

describe('a dependency', () => {
  it('that is kept away by an operator says so, and who waits', () => {
    const ordered = event('dependency.isolated', 'dependency:calendar', at(3), { cause: operator })
    const told = ask('dependency:calendar', {
      dependencies: [
        { ...open, state: 'isolated', since: at(3), sentence: 'An operator keeps calls away.', nextTryAt: null },
      ],
      events: [opened, { ...ordered, cause: caused(opened.id) }],
    })
    expect(told).toMatchObject({ health: 'unhealthy', root: 'dependency:calendar' })
    expect(told.sentence).toBe(
      'No call goes to School calendar since 14:03: an operator keeps calls away. What needs it to start: reports.',
    )
  })

  it('that answers is well; one that is not in site.yaml any more is told as that', () => {
    const told = ask('dependency:model', { dependencies: [dependency('model')] })
    expect(told).toMatchObject({
      health: 'healthy',
      sentence: 'Nothing keeps calls from model: it answers.',
      fixes: [],
    })
    expect(ask('dependency:gone', {}).sentence).toBe('There is no dependency gone in site.yaml any more.')
  })
})

function ask(subject: string, given: Given) {
  const [kind, id = ''] = subject.split(':')
  return why({ kind: kind === 'dependency' ? 'dependency' : 'service', id }, factsOf(given))
}
