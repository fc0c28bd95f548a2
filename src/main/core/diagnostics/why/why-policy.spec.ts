import { describe, expect, it, test } from 'vitest'
import type { MaintenanceView } from '#shared/contract/maintenance.ts'
import {
  at,
  event,
  exited,
  factsOf,
  type Given,
  operator,
  policy,
  service,
} from '../../../../../test/support/why-facts.ts'
import { neededFacts } from './needed-facts.ts'
import { readSubject } from './subject.ts'
import { why } from './why.ts'

// What the console does by itself, and what keeps it from that.

const on: MaintenanceView = {
  on: true,
  reason: 'Changing the switch.',
  since: at(1),
  until: at(121),
  event: 'm1',
  held: { restarts: 1, recoveries: 0, cards: 3 },
  last: null,
}
const began = event('maintenance.began', 'site', at(1), { id: 'm1', cause: operator, message: 'Maintenance is on.' })
const failed = service('api', { state: 'failed', health: 'unhealthy', since: at(2), reason: 'It exited with code 3.' })
const about = {
  subject: 'service:api',
  until: at(4, 30),
  step: 0,
  sentence: 'api has failed.',
  usedToday: 0,
} as const

describe('a recovery policy', () => {
  it('with nothing to do says what it waits for, and what it did last', () => {
    const idle = ask('policy:revive', { policies: [policy('revive')] })
    expect(idle).toMatchObject({ health: 'healthy', root: 'policy:revive' })
    expect(idle.sentence).toBe(
      '“revive” has nothing to do: it acts when a service is unhealthy, and that is not so. It has done nothing so far.',
    )
    const acted = event('recovery.acted', 'service:api', at(2), { data: { policy: 'revive', step: 0 } })
    const other = event('recovery.acted', 'service:api', at(3), { data: { policy: 'other', step: 0 } })
    const last = { at: at(2), subject: 'service:api', result: 'done' as const, sentence: 'It was restarted.' }
    const told = ask('policy:revive', { policies: [policy('revive', { last })], events: [acted, other] })
    expect(told.sentence).toContain('What it did last, at 14:02 for api: it was restarted.')
    expect(told.evidence.flatMap(({ what, event: id }) => (what === 'event' ? [id] : []))).toEqual([acted.id])
  })

  it('that waits tells the step that comes, when, and what is behind it down to the root', () => {
    const told = ask('policy:revive', {
      policies: [policy('revive', { state: 'waiting', subjects: [{ ...about, state: 'waiting' }] })],
      services: [failed],
      events: [exited('api', at(2), 'exited with code 3')],
    })
    expect(told).toMatchObject({ health: 'degraded', root: 'service:api' })
    expect(told.sentence).toBe(
      '“revive” waits: if api has not come back by itself, it does step 1 of 2, “restart” at 14:04:30. api exited with code 3 at 14:02.',
    )
    expect(told.evidence.map(({ subject }) => subject)).toContain('service:api')
  })

  it('that is held back is explained by maintenance, which can be ended', () => {
    const told = ask('policy:revive', {
      policies: [policy('revive', { state: 'held', subjects: [{ ...about, state: 'held', until: null }] })],
      services: [failed],
      maintenance: on,
    })
    expect(told).toMatchObject({ health: 'unknown', root: 'maintenance' })
    expect(told.fixes[0]).toEqual({ label: 'End maintenance', action: { type: 'end-maintenance' } })
  })

  it.each([
    ['used-up', 'may do no more for api now: it has done 10 of 10 steps within 24 hours'],
    ['given-up', 'has given up on api: every step was done and it did not help'],
    ['pausing', 'gives api time after a step; if that did not help, it does step 1 of 2, “restart” at 14:04:30'],
    ['acting', 'is doing step 1 of 2, “restart” for api'],
    ['cooling-down', 'rests after a recovery of api until 14:04'],
  ] as const)('that is %s says so', (state, words) => {
    const told = ask('policy:revive', {
      policies: [policy('revive', { state, subjects: [{ ...about, state, usedToday: 10 }] })],
    })
    expect(told.sentence).toContain(words)
  })

  it('that is off tells where it is switched off', () => {
    const off = ask('policy:revive', { policies: [policy('revive', { on: false, state: 'off' })] })
    expect(off.sentence).toBe('“revive” does nothing because site.yaml switches it off.')
    const byHand = ask('policy:revive', { policies: [policy('revive', { switchedOff: true, state: 'off' })] })
    expect(byHand.sentence).toContain('because an operator switched it off, for as long as the console runs')
    expect(ask('policy:gone', {}).sentence).toBe('There is no recovery policy gone in use.')
  })

  it('has the histories of what it is about fetched', () => {
    const { shown } = factsOf({
      policies: [policy('revive', { state: 'waiting', subjects: [{ ...about, state: 'waiting' }] })],
      services: [failed],
      maintenance: on,
    })
    const needed = neededFacts({ kind: 'policy', id: 'revive' }, shown, null)
    expect(needed.histories).toEqual(expect.arrayContaining(['service:api', 'policy:revive']))
    expect(needed.chains).toContain('m1')
    expect(needed.logs).toEqual(['api'])
  })
})

describe('maintenance', () => {
  it('that is on tells since when, until when, who began it for what, and what it holds back', () => {
    const told = ask('maintenance', { maintenance: on, events: [began] })
    expect(told).toMatchObject({ health: 'degraded', root: 'maintenance', commandLine: 'wheelhouse why maintenance' })
    expect(told.sentence).toBe(
      'Maintenance is on since 14:01 until 16:01 because an operator switched it on: “Changing the switch”. Until then nothing is started again or recovered by itself; so far it has held back 1 restart and 3 cards.',
    )
    expect(told.evidence.map(({ event: id }) => id)).toContain('m1')
  })

  it('that is off tells what the last one held back', () => {
    const last = { at: at(3), sentence: '1 restart held back, made up for now: api.' }
    const ended = event('maintenance.ended', 'site', at(3))
    const told = ask('maintenance', { maintenance: { ...on, on: false, event: null, last }, events: [ended] })
    expect(told.sentence).toBe(
      'No maintenance is on: what exits is started again, and recovery acts. The last one ended at 14:03. 1 restart held back, made up for now: api.',
    )
    expect(told.evidence.map(({ event: id }) => id)).toEqual([ended.id])
  })

  it('is named where it holds a service back', () => {
    const down = service('api', { state: 'backing-off', health: 'unhealthy', since: at(2), reason: 'Held back.' })
    const told = ask('service:api', {
      services: [down],
      maintenance: on,
      events: [exited('api', at(2), 'exited with code 3')],
    })
    expect(told.sentence).toBe('api exited with code 3 at 14:02; maintenance holds its next start back until 16:01.')
  })
})

test('policies and maintenance are subjects by name', () => {
  const { shown } = factsOf({ policies: [policy('revive')] })
  expect(readSubject('maintenance', shown)).toEqual({ kind: 'maintenance' })
  expect(readSubject('policy:revive', shown)).toEqual({ kind: 'policy', id: 'revive' })
})

function ask(text: string, given: Given) {
  const facts = factsOf(given)
  const subject = readSubject(text, facts.shown)
  if (!subject) throw new Error(`${text} is no subject.`)
  return why(subject, facts)
}
