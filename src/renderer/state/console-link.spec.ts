import { expect, test } from 'vitest'
import { ConsoleError } from '#shared/problem.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { sampleSlices } from '../testing/sample-slices.ts'
import { ScriptedConsole } from '../testing/scripted-console.ts'
import { ConsoleLink } from './console-link.ts'

function rig() {
  const clock = new ManualClock()
  const host = new ScriptedConsole(sampleSlices(clock.wall()))
  let connects = 0
  const link = new ConsoleLink(
    () => {
      connects++
      return host.connect()
    },
    clock,
    () => 1,
  )
  return { clock, host, link, connects: () => connects }
}

test('a lost connection is told with when it was last heard, tried again with back-off, and every stream opens anew', async () => {
  const { clock, host, link, connects } = rig()
  using _link = link
  const begun: string[] = []
  link.follow('events.tail', { subject: 'service:api' }, { onBatch: () => {}, onBegin: () => void begun.push('begun') })
  link.start()
  await clock.advance(1_000)
  expect(link.status.phase).toBe('connected')
  const lostAt = clock.wall()

  host.away = true
  host.drop('killed')
  await clock.advance(399)
  expect(link.status).toMatchObject({ phase: 'reconnecting', attempt: 1 })
  expect(link.status.lastHeardAt).toBeGreaterThan(lostAt - 2_000)
  expect(connects()).toBe(1)
  await clock.advance(1)
  expect(connects()).toBe(2)
  await clock.advance(799)
  expect(connects()).toBe(2)
  await clock.advance(1)
  expect(connects()).toBe(3)

  host.away = false
  await clock.advance(1_600)
  expect(link.status).toMatchObject({ phase: 'connected', lastHeardAt: null, attempt: 0 })
  expect(begun).toEqual(['begun', 'begun'])
  expect(host.streams).toEqual([{ topic: 'events.tail', params: { subject: 'service:api' } }])
})

test('a stream that ended for a passing reason is opened again by itself, one that was refused for good is not', async () => {
  const { clock, host, link } = rig()
  using _link = link
  const refused: string[] = []
  host.ending = new ConsoleError('no-site', 'No site is open.', 'Open a site first.', { retryable: true }).problem
  link.follow('events.tail', {}, { onBatch: () => {}, onRefused: ({ code }) => void refused.push(code) })
  link.start()
  await clock.advance(600)
  expect(refused).toEqual(['no-site', 'no-site'])
  host.ending = null
  await clock.advance(500)
  expect(host.streams).toHaveLength(1)

  host.ending = new ConsoleError('service-unknown', 'There is no such service.', 'Choose another.').problem
  link.follow(
    'services.log',
    { service: 'nobody', lines: 1 },
    { onBatch: () => {}, onRefused: ({ code }) => void refused.push(code) },
  )
  await clock.advance(60_000)
  expect(refused.filter((code) => code === 'service-unknown')).toHaveLength(1)
})

test('a console that refuses for good is not asked again and again; the operator may', async () => {
  const { clock, host, link, connects } = rig()
  using _link = link
  host.refusing = new ConsoleError('token-wrong', 'The token is not this console’s.', 'Open the address it printed.')
  link.start()
  await clock.advance(60_000)
  expect(link.status).toMatchObject({ phase: 'refused', problem: { code: 'token-wrong' } })
  expect(connects()).toBe(1)
  host.refusing = null
  link.start()
  await clock.advance(0)
  expect(link.status.phase).toBe('connected')
})

test('a console that holds the connection and does not answer any more counts as lost', async () => {
  const { clock, host, link } = rig()
  using _link = link
  link.start()
  await clock.advance(0)
  host.hanging = true
  await clock.advance(17_000)
  expect(link.status.phase).toBe('connected')
  await clock.advance(1_000)
  expect(link.status.phase).toBe('reconnecting')
})

test('a quiet console that answers when asked stays connected', async () => {
  const { clock, link, connects } = rig()
  using _link = link
  link.start()
  await clock.advance(120_000)
  expect(link.status.phase).toBe('connected')
  expect(connects()).toBe(1)
})

test('calls without a connection fail with a sentence instead of waiting', () => {
  const { link } = rig()
  expect(() => link.calls).toThrow(
    expect.objectContaining({ problem: expect.objectContaining({ code: 'connection-lost' }) }),
  )
})

test('a disposed link leaves no timer and lets go of its connection', async () => {
  const { clock, host, link } = rig()
  link.follow('state', {}, { onBatch: () => {} })
  link.start()
  await clock.advance(0)
  link[Symbol.dispose]()
  await clock.advance(0)
  expect(clock.waiting).toBe(0)
  expect(host.streams).toEqual([])
})
