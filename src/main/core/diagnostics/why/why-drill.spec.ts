import { expect, it } from 'vitest'
import {
  at,
  card,
  drill,
  drillRun,
  event,
  exited,
  factsOf,
  type Given,
  job,
  service,
} from '../../../../../test/support/why-facts.ts'
import { neededFacts } from './needed-facts.ts'
import { isShown, readSubject } from './subject.ts'
import { why } from './why.ts'

// Failures on purpose: what came of the last.

const failed = drillRun('kill-api', {
  state: 'failed',
  recoverMs: null,
  recoveredBy: null,
  verdict: 'api was not healthy again within 2 min.',
  lost: 'What it had in memory is lost.',
})

it('a drill that passed tells how it went, what noticed it and what put it right, with its events', () => {
  const started = event('drill.started', 'service:api', at(2), { id: 'd1', data: { drill: 'kill-api' } })
  const other = event('drill.started', 'service:api', at(1), { data: { drill: 'freeze-api' } })
  const told = ask('drill:kill-api', {
    drills: [drill('kill-api', { last: drillRun('kill-api'), nextAt: at(60) })],
    services: [service('api')],
    events: [other, started],
  })
  expect(told).toMatchObject({
    health: 'healthy',
    root: 'drill:kill-api',
    commandLine: 'wheelhouse why drill:kill-api',
  })
  expect(told.sentence).toBe(
    '“kill-api” passed at 14:02: Noticed after 20 ms, healthy again after 1.4 s. It is due at 15:00.',
  )
  expect(told.evidence.map(({ sentence }) => sentence)).toEqual(
    expect.arrayContaining(['Its exit was seen.', 'The console started it again.']),
  )
  expect(told.evidence.flatMap(({ what, event: id }) => (what === 'event' ? [id] : []))).toEqual(['d1'])
})

it('a drill that failed leads into what is wrong with its service now', () => {
  const told = ask('drill:kill-api', {
    drills: [drill('kill-api', { last: failed })],
    services: [service('api', { state: 'failed', health: 'unhealthy', since: at(2), reason: 'It exited.' })],
    cards: [card('drill-kill-api', 'drill:kill-api')],
    events: [exited('api', at(2), 'exited with code 3')],
  })
  expect(told).toMatchObject({ health: 'degraded', root: 'service:api' })
  expect(told.sentence).toBe(
    '“kill-api” failed at 14:02: api was not healthy again within 2 min. api exited with code 3 at 14:02.',
  )
  expect(told.evidence.map(({ what }) => what)).toContain('card')
  expect(told.evidence.map(({ sentence }) => sentence)).toContain('What it had in memory is lost.')
  expect(told.fixes.map(({ label }) => label)).toEqual(expect.arrayContaining(['See the drills', 'See api']))
})

it('a drill that failed and whose service is well since is its own root', () => {
  const told = ask('drill:kill-api', {
    drills: [drill('kill-api', { last: failed })],
    services: [service('api')],
  })
  expect(told).toMatchObject({ health: 'degraded', root: 'drill:kill-api' })
})

it('a date that passed since the last one is told with its reason', () => {
  const given = { severity: 'notice', data: { drill: 'kill-api' }, message: 'It was not done at its date' } as const
  const told = ask('drill:kill-api', {
    drills: [drill('kill-api', { last: drillRun('kill-api') })],
    events: [
      event('drill.skipped', 'service:api', at(4), { ...given, message: `${given.message}: maintenance is on.` }),
    ],
  })
  expect(told.sentence).toContain('It was not done at its date: maintenance is on.')
  const before = ask('drill:kill-api', {
    drills: [drill('kill-api', { last: drillRun('kill-api') })],
    events: [event('drill.skipped', 'service:api', at(1), given)],
  })
  expect(before.sentence).not.toContain('at its date')
})

it.each([
  [drill('kill-api'), '“kill-api” has never been done: it is done on request only.'],
  [
    drill('kill-api', { schedule: 'weekly', nextAt: at(60) }),
    '“kill-api” has never been done: its date has not come. It is due at 15:00.',
  ],
  [
    drill('kill-api', { job: 'jb-7' }),
    '“kill-api” is being done since 14:01: what happens to api meanwhile is done on purpose.',
  ],
  [
    drill('kill-api', {
      last: drillRun('kill-api', { state: 'interrupted', verdict: 'The console ended meanwhile.' }),
    }),
    '“kill-api” was cut short at 14:02: The console ended meanwhile.',
  ],
])('one that was not done, is being done, or was cut short says so', (view, sentence) => {
  const told = ask('drill:kill-api', {
    drills: [view],
    jobs: [job('jb-7', { startedAt: at(1) })],
    services: [service('api')],
  })
  expect(told).toMatchObject({ health: 'unknown', root: 'drill:kill-api', sentence })
})

it('its service is looked into, and a drill that the site does not have is unknown', () => {
  const { shown } = factsOf({ drills: [drill('kill-api')], services: [service('api')] })
  expect(neededFacts({ kind: 'drill', id: 'kill-api' }, shown, null).histories).toContain('service:api')
  expect(isShown({ kind: 'drill', id: 'kill-api' }, shown)).toBe(true)
  expect(isShown({ kind: 'drill', id: 'kill-apy' }, shown)).toBe(false)
})

function ask(text: string, given: Given) {
  const facts = factsOf(given)
  const subject = readSubject(text, facts.shown)
  if (!subject) throw new Error(`${text} is no subject.`)
  return why(subject, facts)
}
