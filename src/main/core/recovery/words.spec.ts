import { expect, test } from 'vitest'
import { conditionInWords } from './words.ts'

test.each([
  ['memory > 92', 'memory > 92 % of the machine'],
  ['disk>=97.5', 'disk >= 97.5 % of the machine'],
  ['temperature > 80', 'temperature > 80 °C of the machine'],
  ['cpu > 90 && memory > 80', 'cpu > 90 && memory > 80 of the machine'],
])('the condition %s of the machine is told as “%s”', (expression, words) => {
  expect(conditionInWords({ kind: 'machine', expression, of: [] })).toBe(words)
})
