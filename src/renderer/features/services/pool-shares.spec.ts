import { expect, test } from 'vitest'
import { poolShares } from './pool-shares.ts'

test('open connections are in use or idle; those beyond the base size are overflow', () => {
  expect(poolShares({ size: 15, overflow: 30, open: 6, inUse: 2 })).toEqual({
    inUse: 2,
    idle: 4,
    overflow: 0,
    most: 45,
  })
  expect(poolShares({ size: 15, overflow: 30, open: 20, inUse: 20 })).toEqual({
    inUse: 20,
    idle: 0,
    overflow: 5,
    most: 45,
  })
})

test('figures taken a moment apart never make a negative number of idle connections', () => {
  expect(poolShares({ size: 5, overflow: 0, open: 2, inUse: 3 }).idle).toBe(0)
})
