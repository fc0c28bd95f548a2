import { expect, test } from 'vitest'
import { SteadySync } from './steady-sync.ts'

const MiB = 1024 * 1024

test('the disk is set to work while more is written, by one sync at a time, and once more in the end', async () => {
  const running: PromiseWithResolvers<boolean>[] = []
  const steady = new SteadySync('/a/disk', () => {
    const sync = Promise.withResolvers<boolean>()
    running.push(sync)
    return sync.promise
  })
  steady.wrote(50 * MiB)
  expect(running).toHaveLength(0)
  steady.wrote(50 * MiB)
  steady.wrote(200 * MiB)
  expect(running).toHaveLength(1)
  const durable = steady.finish()
  running[0]?.resolve(true)
  await expect.poll(() => running.length).toBe(2)
  running[1]?.resolve(true)
  expect(await durable).toBe(true)
})

test('a disk that could be synced before and cannot be in the end is not called durable', async () => {
  const outcomes = [true, false]
  const steady = new SteadySync('/a/disk', async () => outcomes.shift() ?? false)
  steady.wrote(100 * MiB)
  expect(await steady.finish()).toBe(false)
})
