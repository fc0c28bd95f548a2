import { expect, test } from 'vitest'
import { silentLogger } from '#core/platform/index.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { Quit } from './quit.ts'

/** A console that closes when the test says so, and an app that only notes how it ended. */
function arrange(close: () => Promise<void>, opened = true) {
  const clock = new ManualClock()
  const codes: (number | undefined)[] = []
  const order: string[] = []
  const closing = () => {
    order.push('close')
    return close()
  }
  const quit = new Quit({
    app: { exit: (code) => void codes.push(code) },
    dialog: { showMessageBox: () => Promise.reject(new Error('nobody is to be asked')) },
    clock,
    logger: silentLogger,
    console: async () => (opened ? { runningJobs: () => [], close: closing } : null),
    announce: () => void order.push('announce'),
    finish: async () => void order.push('finish'),
  })
  return { clock, codes, order, quit }
}

test('it says that it ends, closes the console, does its own last things and exits with 0', async () => {
  const { clock, codes, order, quit } = arrange(async () => {})
  quit.request('operator')
  await clock.advance(0)
  expect(order).toEqual(['announce', 'close', 'finish'])
  expect(codes).toEqual([0])
  expect(clock.waiting).toBe(0)
})

test('services that do not stop are left at the deadline, and the exit code says so', async () => {
  const { clock, codes, quit } = arrange(() => new Promise(() => {}))
  quit.request('machine')
  await clock.advance(24_999)
  expect(codes).toEqual([])
  await clock.advance(1)
  expect(codes).toEqual([1])
})

test('asking again while it ends changes nothing', async () => {
  const { clock, codes, order, quit } = arrange(async () => {})
  quit.request('machine')
  quit.request('machine')
  quit.request('operator')
  await clock.advance(0)
  expect(order.filter((step) => step === 'close')).toHaveLength(1)
  expect(codes).toEqual([0])
})

test('a console that cannot be closed does not keep the app from ending', async () => {
  const { clock, codes, quit } = arrange(() => Promise.reject(new Error('no')))
  quit.request('operator')
  await clock.advance(0)
  expect(codes).toEqual([1])
})

test('a console that never opened ends at once', async () => {
  const { clock, codes, quit } = arrange(async () => {}, false)
  quit.request('machine')
  await clock.advance(0)
  expect(codes).toEqual([0])
})
