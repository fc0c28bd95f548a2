import { expect, test } from 'vitest'
import { figureCondition } from './figure-condition.ts'

function read(text: string) {
  const reading = figureCondition(text)
  if (!reading.ok) throw new Error(reading.why)
  return reading.condition
}

test('a condition names the figures that it looks at, and holds or does not', () => {
  const condition = read('fps > 20 && dropped / fps < 1')
  expect(condition.figures).toEqual(['fps', 'dropped'])
  expect(condition.holds({ fps: 24.5, dropped: 3 })).toBe(true)
  expect(condition.holds({ fps: 24.5, dropped: 30 })).toBe(false)
  expect(condition.holds({ fps: 12, dropped: 0 })).toBe(false)
  expect(read('used * 100 / total < 90').holds({ used: 91, total: 100 })).toBe(false)
})

test('a figure that is not there is told by its name', () => {
  expect(() => read('fps > 20').holds({})).toThrow('fps')
})

test.each([
  ['fps >', /./],
  ['fps + 1', /neither|gives|double|dyn/],
  ['1 < 2', /no figure/],
  ['"fps"', /string/],
  [`${'a + '.repeat(300)}a > 1`, /longer/],
  ['[1,2,3].map(x, [1,2,3].map(y, x * y)).size() > fps', /./],
])('%s cannot be used, or not be worked out', (text, why) => {
  const reading = figureCondition(text)
  const found = reading.ok ? String(attempt(() => reading.condition.holds({ fps: 1, a: 1 }))) : reading.why
  expect(found).toMatch(why)
})

function attempt(run: () => boolean): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}
