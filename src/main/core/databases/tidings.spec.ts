import { expect, test } from 'vitest'
import { storeCareRig } from '../../../../test/support/store-care-rig.ts'
import { Tidings } from './tidings.ts'

async function tidingsRig() {
  const { clock, events, attention, state } = await storeCareRig()
  const tidings = new Tidings({ service: 'db', title: 'Consultations', events, attention, clock })
  const card = () => state.slice('attention').get('database-unwell:db')
  const told = async () => {
    await events.settled()
    const page = await events.page({ subject: 'service:db', kind: 'database.', limit: 20, order: 'oldest' })
    return page.events
  }
  return { tidings, clock, card, told }
}

const healthy = { health: 'healthy', sentence: 'SQLite answers.' } as const
const degraded = { health: 'degraded', sentence: 'It takes 1200 ms to answer.' } as const
const unhealthy = { health: 'unhealthy', sentence: 'It cannot be reached.' } as const

test('a database that cannot be used has a card at once, which goes when it works again; each change is one event with its cause', async () => {
  const { tidings, card, told } = await tidingsRig()
  tidings.judged(healthy, false)
  tidings.judged(unhealthy, false)
  tidings.judged(unhealthy, false)
  expect(card()).toMatchObject({ severity: 'error', title: 'Consultations is unwell', why: unhealthy.sentence })
  expect(card()?.fixes[0]?.action).toEqual({ type: 'restart-service', service: 'db' })
  tidings.judged(healthy, false)
  expect(card()).toBeUndefined()
  const events = await told()
  expect(events.map(({ kind }) => kind)).toEqual(['database.connected', 'database.lost', 'database.recovered'])
  expect(events[2]?.cause).toEqual({ type: 'event', id: events[1]?.id })
})

test('one that is damaged is offered to be recovered, and its card cannot be waved away', async () => {
  const { tidings, card, told } = await tidingsRig()
  tidings.judged(unhealthy, true)
  expect(card()).toMatchObject({ title: 'Consultations is damaged or missing', dismissible: false })
  expect(card()?.fixes.map(({ action }) => action.type)).toEqual(['recover-database', 'restore', 'go-to'])
  expect((await told()).map(({ kind }) => kind)).toEqual(['database.damaged'])
})

test('one that is degraded has a card only after half a minute of it; a moment of much work has none', async () => {
  const { tidings, clock, card } = await tidingsRig()
  tidings.judged(degraded, false)
  await clock.advance(29_000)
  tidings.judged(degraded, false)
  expect(card()).toBeUndefined()
  tidings.judged(healthy, false)
  tidings.judged(degraded, false)
  await clock.advance(29_000)
  tidings.judged(degraded, false)
  expect(card(), 'the half minute began anew').toBeUndefined()
  await clock.advance(1_000)
  tidings.judged(degraded, false)
  expect(card()).toMatchObject({ severity: 'warning', why: degraded.sentence })
})

test('a database whose service was stopped is not unwell', async () => {
  const { tidings, card, told } = await tidingsRig()
  tidings.judged(unhealthy, false)
  tidings.closed()
  expect(card()).toBeUndefined()
  expect((await told()).map(({ kind }) => kind)).toEqual(['database.lost', 'database.closed'])
})
