import { expect, test } from 'vitest'
import type { Brought } from './brought.ts'
import { LineCheck, lineOf, messageOf, type RecordedMessage } from './message-lines.ts'

const message: RecordedMessage = {
  at: 1_764_200_000_123,
  topic: 'a/b',
  qos: 1,
  retain: true,
  payload: 'x',
  encoding: 'utf8',
}

test('a line says its message again, text or bytes', () => {
  for (const one of [message, { ...message, payload: '00ff', encoding: 'hex' as const }]) {
    expect(messageOf(lineOf(one))).toEqual({ message: one })
  }
  expect(messageOf('{"at":5,"topic":"a","payload":""}')).toMatchObject({ message: { at: 5, qos: 0, retain: false } })
})

const brought: Brought = {
  contentType: 'application/json',
  responseTopic: 'answers/7',
  correlation: 'AQL/',
  isText: true,
  user: [
    { name: 'unit', value: 'desk-7' },
    { name: 'unit', value: 'desk-8' },
  ],
  moreUser: 0,
  id: 'origin-1',
  hops: 2,
  isSpent: false,
  expiresAt: 1_764_200_060_123,
  isCut: false,
}

test('a line says where its message came from and what it brought; what it does not say is not there', () => {
  const one = { ...message, broker: 'plant', client: 'desk-7', properties: brought }
  const line = lineOf(one)
  expect(messageOf(line)).toEqual({ message: one })
  expect(JSON.parse(line).properties).toEqual({
    contentType: 'application/json',
    responseTopic: 'answers/7',
    correlation: 'AQL/',
    isText: true,
    user: brought.user,
    id: 'origin-1',
    hops: 2,
    expiresAt: '2025-11-26T23:34:20.123Z',
  })
  expect(lineOf(message)).toBe('{"at":"2025-11-26T23:33:20.123Z","topic":"a/b","qos":1,"retain":true,"payload":"x"}')
  expect(messageOf('{"at":5,"topic":"a","payload":"","properties":{"hops":1}}')).toMatchObject({
    message: { properties: { hops: 1, user: [], contentType: null, expiresAt: null } },
  })
})

test.each<[string, object]>([
  ['text', { properties: 'x' }],
  ['a response topic with a wildcard', { properties: { responseTopic: 'a/#' } }],
  ['a NUL', { properties: { contentType: 'a\u0000' } }],
  ['a name that no packet can say', { properties: { user: [{ name: 'é'.repeat(40_000), value: '' }] } }],
  ['more than is kept', { properties: { user: Array.from({ length: 3_000 }, () => ({ name: 'a', value: 'b' })) } }],
  ['no base64', { properties: { correlation: '\u00ff' } }],
  ['hops without end', { properties: { hops: 1e9 } }],
  ['a time that is none', { properties: { expiresAt: 'tomorrow' } }],
])('properties that are %s are a bad line', (_what, given) => {
  expect(messageOf(JSON.stringify({ at: 1, topic: 'a', payload: '', ...given }))).toMatchObject({
    mistake: expect.stringMatching(/^"properties.*" is not as it must be$/),
  })
})

test.each([
  ['{', 'it is not JSON'],
  ['[]', 'it is not an object'],
  ['{"topic":"a","payload":"x"}', '"at" is not as it must be'],
  ['{"at":"yesterday","topic":"a","payload":"x"}', '"at" is not as it must be'],
  ['{"at":9007199254740991,"topic":"a","payload":"x"}', '"at" is not as it must be'],
  [`{"at":1,"topic":"${'é'.repeat(40_000)}","payload":"x"}`, '"topic" is not as it must be'],
  ['{"at":1,"topic":"a/#","payload":"x"}', '"topic" is not as it must be'],
  ['{"at":1,"topic":"a","payload":"0g","encoding":"hex"}', '"payload" is said to be hexadecimal and is not'],
])('%s is refused: %s', (line, mistake) => {
  expect(messageOf(line)).toEqual({ mistake })
})

test('bad lines are told by their number, the first twenty', () => {
  const check = new LineCheck()
  check.take(lineOf(message))
  check.take('')
  check.take('no')
  expect(check.sentence).toBe('One line is bad: line 3: it is not JSON.')
  for (let n = 0; n < 30; n++) check.take('no')
  expect(check.sentence).toMatch(/^31 lines are bad: .*and 11 more\.$/)
})
