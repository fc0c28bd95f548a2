import { expect, test } from 'vitest'
import type { ShownMessage } from '#shared/contract/messages.ts'
import { messageLine } from './messages.ts'

const time = () => '16:30:00.123'
const plain: ShownMessage = {
  n: 1,
  at: 1,
  topic: 'a/b',
  payload: '{"n": 1}',
  encoding: 'utf8',
  bytes: 8,
  cut: false,
  qos: 0,
  retain: false,
  routes: [],
}

test('A message that passes is one line: when, who published, topic, QoS, payload, and what the routes did', () => {
  expect(messageLine(plain, time)).toBe('16:30:00.123  –  a/b  QoS 0  {"n": 1}')
  const routed = { ...plain, client: 'desk-7', retain: true, routes: [{ route: 'few', result: 'limited' as const }] }
  expect(messageLine(routed, time)).toBe('16:30:00.123  desk-7  a/b  QoS 0, retained  {"n": 1}  few: limited')
  expect(messageLine({ ...plain, payload: 'ff00', encoding: 'hex' }, time)).toContain('0xff00')
})

test('What a client chose cannot steer the terminal, nor fill it', () => {
  const hostile = { ...plain, client: 'x\u001b[2J', topic: 'a\u0007', payload: `\n${'y'.repeat(10_000)}` }
  const line = messageLine(hostile, time)
  expect(line).not.toMatch(/\p{Cc}/u)
  expect(line.length).toBeLessThan(300)
})
