import { describe, expect, it } from 'vitest'
import type { DeviceView } from '#shared/contract/devices.ts'
import { at, event, factsOf, type Given } from '../../../../../test/support/why-facts.ts'
import { readSubject } from './subject.ts'
import { why } from './why.ts'

const unit: DeviceView = {
  key: 'desk/204',
  family: 'desk',
  broker: 'broker',
  title: 'Desk 204',
  state: 'online',
  since: at(-30),
  lastAt: at(4),
  reason: 'It speaks.',
  required: true,
  troubled: false,
  messages: 40,
  perMinute: 2,
  topic: 'lab/204/status',
  figures: [{ name: 'battery', value: 81, unit: '%', at: at(4), out: null, limit: null }],
  client: null,
}

function ask(device: DeviceView | null, given: Given = {}) {
  const facts = { ...factsOf({ traffic: { router: 'connected', broker: 'running' }, ...given }), device }
  const subject = readSubject('device:desk/204', facts.shown)
  if (!subject) throw new Error('That is a subject.')
  return why(subject, facts)
}

describe('a device', () => {
  it('that speaks is well, and says since when', () => {
    expect(ask(unit)).toMatchObject({
      health: 'healthy',
      sentence: 'Nothing is wrong with Desk 204: it is online since 13:30, and it was heard last at 14:04.',
    })
  })

  it('that is silent says for how long, what its client does, and shows the event and its messages', () => {
    const told = ask(
      {
        ...unit,
        state: 'silent',
        since: at(3),
        troubled: true,
        reason: 'Nothing came from it for 120 s.',
        client: { id: 'unit-204', address: null, connected: false },
      },
      { events: [event('device.silent', 'device:desk/204', at(3), { message: 'Desk 204 is silent.' })] },
    )
    expect(told.health).toBe('unhealthy')
    expect(told.sentence).toBe(
      'Desk 204 is silent since 14:03: nothing came from it for 120 s (it was heard last at 14:04); its client unit-204 is not connected to the broker.',
    )
    expect(JSON.stringify(told.evidence)).toContain('Desk 204 is silent.')
    expect(told.fixes).toMatchObject([{ label: 'Look at its messages' }])
  })

  it('with a figure beyond its limit names figure, value and limit', () => {
    const low = { name: 'battery', value: 9, unit: '%', at: at(4), out: 'below', limit: 15 } as const
    expect(ask({ ...unit, troubled: true, figures: [low] })).toMatchObject({
      health: 'degraded',
      sentence: 'Desk 204 is online, but its battery is 9 %, below 15 %.',
    })
  })

  it('that has never been heard says so, and is unhealthy once it should have been', () => {
    const never: DeviceView = { ...unit, state: 'never', lastAt: null, figures: [] }
    expect(ask(never)).toMatchObject({ health: 'unknown', sentence: expect.stringMatching(/Nothing has come/) })
    expect(ask({ ...never, troubled: true })).toMatchObject({ health: 'unhealthy' })
  })

  it('whose broker is away points to that broker', () => {
    const away = { ...unit, state: 'unknown', since: at(2) } as const
    const told = ask(away, { traffic: { router: 'off', broker: 'off' } })
    expect(told.health).toBe('unknown')
    expect(told.sentence).toMatch(/^Nobody can tell how Desk 204 is: it was heard last at 14:04, and the link/)
  })

  it('that was forgotten is told to be unknown', () => {
    expect(ask(null).sentence).toBe('No device desk/204 is known any more.')
  })
})
