import { expect, test } from 'vitest'
import { sampleSlices } from '../../testing/sample-slices.ts'
import { targetLedger } from './ledger.ts'

test('a target was given what the route neither filtered nor quarantined, and every message is accounted for', () => {
  const route = sampleSlices(0).routes['desk-presence']
  const journal = route?.targets[2]
  if (!route || !journal) throw new Error('The sample has no such target.')
  expect(targetLedger(route, journal)).toMatchObject({
    given: 17_033,
    delivered: 17_021,
    queued: 12,
    dropped: 0,
    open: 0,
  })
  expect(targetLedger(route, { ...journal, queued: 0 }).open).toBe(12)
})
