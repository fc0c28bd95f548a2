import { expect, test } from 'vitest'
import { interleave, LineCutter, lineCap, toLogLine } from './log-lines.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const texts = (lines: readonly { text: string }[]) => lines.map((line) => line.text)

test('lines are whole, whatever the chunks, also where a character is cut in two', () => {
  const cutter = new LineCutter('out')
  const [first, second] = [bytes('temp 21 °C\nha').subarray(0, 9), bytes('temp 21 °C\nha').subarray(9)]
  expect(texts(cutter.push(first))).toEqual([])
  expect(texts(cutter.push(second))).toEqual(['temp 21 °C'])
  expect(texts(cutter.push(bytes('lf\r\n\n')))).toEqual(['half', ''])
  expect(texts(cutter.end())).toEqual([])
})

test('a line without an end is told once, cut, and does not grow in memory', () => {
  const cutter = new LineCutter('out')
  const told = [...cutter.push(bytes('x'.repeat(lineCap + 1))), ...cutter.push(bytes('y'.repeat(lineCap * 3)))]
  expect(told).toHaveLength(1)
  expect(told[0]?.text).toHaveLength(lineCap)
  expect(texts(cutter.push(bytes('end of it\nnext\n')))).toEqual(['next'])
})

test('a line that begins with an ISO time has that time; both streams are then in one order', () => {
  const out = toLogLine('2026-01-05T08:00:02.500Z served', 'out')
  const err = toLogLine('[2026-01-05T08:00:01+00:00] warned', 'err')
  expect(out.at).toBe(Date.UTC(2026, 0, 5, 8, 0, 2, 500))
  expect(texts(interleave([out], [err]))).toEqual([err.text, out.text])
  expect(texts(interleave([out], [err, toLogLine('no time', 'err')]))).toEqual([out.text, err.text, 'no time'])
  expect(toLogLine('12345', 'out').at).toBeNull()
})
