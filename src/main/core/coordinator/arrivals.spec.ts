import { expect, test } from 'vitest'
import { silentLogger } from '#core/platform/index.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { Arrivals, type Standing } from './arrivals.ts'

function rig() {
  const clock = new ManualClock()
  const arrivals = new Arrivals(clock, silentLogger)
  const standings: Record<string, Standing> = { a: { at: 'on the way' }, b: { at: 'on the way' } }
  const set = (id: string, standing: Standing) => {
    standings[id] = standing
    arrivals.changed()
  }
  const standing = (id: string): Standing => standings[id] ?? { at: 'goal' }
  return { clock, arrivals, set, standing }
}

test('an order is answered when each of its services has arrived or is lost, with progress on the way', async () => {
  const { clock, arrivals, set, standing } = rig()
  const progress: string[] = []
  const outcome = arrivals.all(['a', 'b'], standing, { onProgress: (done, total) => progress.push(`${done}/${total}`) })
  set('a', { at: 'goal' })
  set('b', { at: 'lost', reason: 'It has failed.' })
  expect(await outcome).toEqual({ done: ['a'], failed: [{ service: 'b', reason: 'It has failed.' }] })
  expect(progress).toEqual(['0/2', '1/2', '1/2'])
  expect(clock.waiting).toBe(0)
  expect(await arrivals.all([], standing, {})).toEqual({ done: [], failed: [] })
})

test('patience is limited only while nothing but waiting is left', async () => {
  const { clock, arrivals, set, standing } = rig()
  let answered = false
  const outcome = arrivals.all(['a', 'b'], standing, {}).finally(() => {
    answered = true
  })
  set('b', { at: 'waiting', reason: 'Waits for database to be healthy.' })
  await clock.advance(600_000)
  expect(answered).toBe(false)
  set('a', { at: 'goal' })
  await clock.advance(59_000)
  expect(answered).toBe(false)
  await clock.advance(1_000)
  expect(await outcome).toEqual({
    done: ['a'],
    failed: [{ service: 'b', reason: 'Waits for database to be healthy.' }],
  })
})

test('an order that is called off is rejected with the reason and leaves nothing behind', async () => {
  const { clock, arrivals, set, standing } = rig()
  const calling = new AbortController()
  const outcome = arrivals.all(['a'], standing, { signal: calling.signal })
  set('a', { at: 'waiting', reason: 'Waits.' })
  calling.abort(new Error('cancelled'))
  await expect(outcome).rejects.toThrow('cancelled')
  expect(clock.waiting).toBe(0)
  await expect(arrivals.all(['a'], standing, { signal: calling.signal })).rejects.toThrow('cancelled')
})
