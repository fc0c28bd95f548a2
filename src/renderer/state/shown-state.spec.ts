import { expect, test } from 'vitest'
import type { StateBatch } from '#shared/contract/index.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { service } from '../testing/sample-entities.ts'
import { sampleSlices } from '../testing/sample-slices.ts'
import { ScriptedConsole } from '../testing/scripted-console.ts'
import { ConsoleLink } from './console-link.ts'
import { ShownState } from './shown-state.ts'

const whole: StateBatch = { epoch: 'one', revision: 7, base: 0, whole: true, slices: sampleSlices(0) }

function change(base: number, slices: StateBatch['slices'], epoch = 'one'): StateBatch {
  return { epoch, revision: base + 1, base, whole: false, slices }
}

test('a change reaches only the listeners of its slice, and leaves every other entity as it was', () => {
  const shown = new ShownState()
  shown.apply(whole)
  const told: string[] = []
  shown.onSlice('services', () => told.push('services'))
  shown.onSlice('machine', () => told.push('machine'))
  const broker = shown.slice('services').broker
  const machine = shown.slice('machine')

  shown.apply(change(7, { services: { api: service(0, 'api', { health: 'unhealthy' }) } }))

  expect(told).toEqual(['services'])
  expect(shown.slice('services').api?.health).toBe('unhealthy')
  expect(shown.slice('services').broker).toBe(broker)
  expect(shown.slice('machine')).toBe(machine)
})

test('null deletes an entity', () => {
  const shown = new ShownState()
  shown.apply(whole)
  shown.apply(change(7, { attention: { 'a-1': null } }))
  expect(Object.keys(shown.slice('attention'))).toEqual(['a-2'])
})

test('a change that does not follow the last revision, or is of another run of the console, is not taken', () => {
  const shown = new ShownState()
  expect(shown.apply(change(0, {}))).toBe(false)
  shown.apply(whole)
  expect(shown.apply(change(8, { attention: { 'a-1': null } }))).toBe(false)
  expect(shown.apply(change(7, { attention: { 'a-1': null } }, 'two'))).toBe(false)
  expect(Object.keys(shown.slice('attention'))).toHaveLength(2)
})

test('a whole state takes away what it does not name', () => {
  const shown = new ShownState()
  shown.apply(whole)
  shown.apply({ epoch: 'two', revision: 1, base: 0, whole: true, slices: { console: sampleSlices(0).console } })
  expect(shown.slice('services')).toEqual({})
  expect(shown.slice('site')).toEqual({})
})

test('after a missed revision the whole state is asked for again and shown', async () => {
  const clock = new ManualClock()
  const host = new ScriptedConsole(sampleSlices(clock.wall()))
  using link = new ConsoleLink(() => host.connect(), clock)
  using shown = new ShownState()
  shown.follow(link)
  link.start()
  await clock.advance(0)
  expect(shown.slice('services').api?.health).toBe('healthy')

  host.change('services', { api: service(0, 'api', { health: 'unhealthy' }) }, true)
  host.change('attention', { 'a-1': null })
  await clock.advance(0)

  expect(shown.slice('services').api?.health).toBe('unhealthy')
  expect(Object.keys(shown.slice('attention'))).toEqual(['a-2'])
  expect(host.streams.map((stream) => stream.topic)).toEqual(['state'])
})
