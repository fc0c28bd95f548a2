import { expect, test } from 'vitest'
import { syncedSteadily } from './steady-writes.ts'

test('a file is synced again and again while somebody writes it, and not any more afterwards', async () => {
  const work = Promise.withResolvers<string>()
  let syncs = 0
  const synced = syncedSteadily('/a/copy', work.promise, async (path) => {
    expect(path).toBe('/a/copy')
    if (++syncs === 3) work.resolve('copied')
  })
  expect(await synced).toBe('copied')
  expect(syncs).toBe(3)
})

test('a file that cannot be synced, as it is not there yet, changes nothing about the work', async () => {
  const work = Promise.withResolvers<string>()
  const synced = syncedSteadily('/nowhere', work.promise, async () => {
    work.resolve('copied')
    throw new Error('not there')
  })
  expect(await synced).toBe('copied')
  await expect(syncedSteadily('/nowhere', Promise.reject(new Error('no copy')))).rejects.toThrow('no copy')
})
