import { expect, onTestFinished, test } from 'vitest'
import { silentLogger } from '#core/platform/index.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { storeView } from '../../../../test/support/store-view.ts'
import { openStateHub, type StateChange } from './index.ts'

const view = (queueDepth: number) => storeView({ queueDepth })

function openHub() {
  const clock = new ManualClock()
  const hub = openStateHub({ clock, logger: silentLogger })
  onTestFinished(() => hub[Symbol.dispose]())
  const told: { at: number; revision: number; slices: StateChange }[] = []
  hub.onRevision((change) => told.push({ at: clock.monotonic(), ...change }))
  return { clock, hub, told, store: hub.slice('store') }
}

test('after a quiet time a change is told within 20 ms, with everything else that changed in the same breath', async () => {
  const { clock, hub, told, store } = openHub()
  store.set('store', view(1))
  hub.slice('store').set('other', view(2))
  await clock.advance(20)
  expect(told).toMatchObject([{ revision: 1, slices: { store: { store: view(1), other: view(2) } } }])
  expect(hub.revision).toBe(1)
})

test('changes that never end make at most ten revisions a second, the last one whole', async () => {
  const { clock, told, store } = openHub()
  for (let ms = 0; ms < 1000; ms++) {
    store.set('store', view(ms))
    await clock.advance(1)
  }
  await clock.advance(200)
  const inFirstSecond = told.filter(({ at }) => at < 1000)
  expect(inFirstSecond.length).toBeLessThanOrEqual(10)
  expect(inFirstSecond.length).toBeGreaterThanOrEqual(9)
  expect(told.map(({ revision }) => revision)).toEqual(told.map((_, index) => index + 1))
  expect(told.at(-1)?.slices.store?.store).toEqual(view(999))
})

test('setting an equal entity changes nothing', async () => {
  const { clock, told, store } = openHub()
  store.set('store', view(1))
  await clock.advance(200)
  store.set('store', view(1))
  store.delete('never was')
  await clock.advance(200)
  expect(told).toHaveLength(1)
  expect(clock.waiting).toBe(0)
})

test('a deleted entity is told as null and is gone from the whole', async () => {
  const { clock, hub, told, store } = openHub()
  store.set('store', view(1))
  await clock.advance(200)
  store.delete('store')
  await clock.advance(200)
  expect(told.at(-1)?.slices).toEqual({ store: { store: null } })
  expect(hub.whole().slices.store).toEqual({})
  expect(store.get('store')).toBeUndefined()
})

test('an entity is kept as it was set, whatever its maker does to it afterwards', async () => {
  const { clock, told, store } = openHub()
  const entity = view(1)
  store.set('store', entity)
  entity.queueDepth = 99
  await clock.advance(20)
  expect(told[0]?.slices.store?.store?.queueDepth).toBe(1)
  store.set('store', entity)
  await clock.advance(200)
  expect(told[1]?.slices.store?.store?.queueDepth).toBe(99)
})

test('whoever takes the whole and every revision after it has the state, change by change', async () => {
  const { clock, hub, store } = openHub()
  const shown = new Map<string, unknown>()
  store.set('a', view(1))
  store.set('b', view(1))
  await clock.advance(200)
  store.set('a', view(2))
  store.delete('b')
  const whole = hub.whole()
  for (const [id, entity] of Object.entries(whole.slices.store ?? {})) shown.set(id, entity)
  let revision = whole.revision
  hub.onRevision((change) => {
    expect(change.revision).toBe(++revision)
    for (const [id, entity] of Object.entries(change.slices.store ?? {})) {
      if (entity === null) shown.delete(id)
      else shown.set(id, entity)
    }
  })
  store.set('c', view(3))
  await clock.advance(200)
  expect(Object.fromEntries(shown)).toEqual(store.all())
})

test('each run of the console has its own epoch, and a closed hub ticks no more', async () => {
  const { clock, hub, told, store } = openHub()
  expect(openStateHub({ clock, logger: silentLogger }).epoch).not.toBe(hub.epoch)
  store.set('store', view(1))
  hub[Symbol.dispose]()
  store.set('store', view(2))
  await clock.advance(1000)
  expect(told).toEqual([])
  expect(clock.waiting).toBe(0)
})
