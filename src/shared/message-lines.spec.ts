import { expect, test } from 'vitest'
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
