import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { stopRequests } from './stop-requests.ts'

test('one Ctrl-C that arrives twice, from the terminal and from npm, is one request', async () => {
  const { source, clock, stop } = listening()
  let again = false
  void stop.again.then(() => {
    again = true
  })
  source.emit('SIGINT', 'SIGINT')
  source.emit('SIGINT', 'SIGINT')
  await clock.advance(400)
  source.emit('SIGTERM', 'SIGTERM')
  await clock.advance(10)
  expect(await stop.first).toBe('SIGINT')
  expect(again).toBe(false)
  await clock.advance(200)
  source.emit('SIGINT', 'SIGINT')
  expect(await stop.again).toBe('SIGINT')
})

test('disposed, it listens no more', () => {
  const { source, stop } = listening()
  stop[Symbol.dispose]()
  expect(source.eventNames()).toEqual([])
})

function listening() {
  const source = new EventEmitter()
  const clock = new ManualClock()
  return { source, clock, stop: stopRequests(source, clock) }
}
