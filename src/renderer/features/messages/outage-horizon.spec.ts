import { expect, it } from 'vitest'
import { sampleOutbox } from '../../testing/sample-outbox.ts'
import { outageHorizon } from './outage-horizon.ts'

const page = sampleOutbox(0)
const [target] = page.targets
const waiting = (rows: number, bytes: number) => ({ ...page, targets: target ? [{ ...target, rows, bytes }] : [] })

it('tells when the outbox is full at the rate of now, by whichever bound is reached first', () => {
  expect(outageHorizon(waiting(0, 0), 0)).toEqual({ ms: null, bound: 'messages' })
  expect(outageHorizon(waiting(100_000, 100_000), 25)).toEqual({ ms: 36_000_000, bound: 'messages' })
  expect(outageHorizon(waiting(1_000, 512 * 1024 ** 2), 1)).toEqual({ ms: 1_000_000, bound: 'size' })
  expect(outageHorizon(waiting(1_000_000, 0), 5)).toEqual({ ms: 0, bound: 'messages' })
})
