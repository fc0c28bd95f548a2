import { expect, test } from 'vitest'
import type { ShownMessage } from '#shared/contract/index.ts'
import { ringSize, type Tapped, tapped } from './use-tap.ts'

const none: Tapped = { messages: [], received: 0, skipped: 0 }

function messages(from: number, length: number): ShownMessage[] {
  return Array.from({ length }, (_, index) => ({
    n: from + index,
    at: 0,
    topic: 't',
    payload: '',
    encoding: 'utf8',
    bytes: 0,
    cut: false,
    qos: 0,
    retain: false,
    routes: [],
  }))
}

test('only the newest messages are kept, in their order, and all are counted', () => {
  let tap = none
  for (let batch = 0; batch < 12; batch++) tap = tapped(tap, messages(batch * 500, 500), 0)
  expect(tap.messages).toHaveLength(ringSize)
  expect(tap.messages[0]?.n).toBe(1_000)
  expect(tap.messages.at(-1)?.n).toBe(5_999)
  expect(tap.received).toBe(6_000)
})

test('what came too fast to be shown is counted, not forgotten', () => {
  expect(tapped(tapped(none, messages(0, 3), 40), messages(43, 2), 0)).toMatchObject({ received: 45, skipped: 40 })
})

test('a batch larger than the ring leaves its newest', () => {
  const tap = tapped(tapped(none, messages(0, 10), 0), messages(10, ringSize + 5), 0)
  expect(tap.messages).toHaveLength(ringSize)
  expect(tap.messages[0]?.n).toBe(15)
})

test('a few messages after few keep all', () => {
  expect(tapped(tapped(none, messages(0, 2), 0), messages(2, 1), 0).messages.map((message) => message.n)).toEqual([
    0, 1, 2,
  ])
})
