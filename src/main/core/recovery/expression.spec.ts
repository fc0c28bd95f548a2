import { expect, test } from 'vitest'
import { checkPolicies, machineFigures } from './check-policies.ts'
import { compileCondition } from './expression.ts'

function holds(text: string, figures: Readonly<Record<string, number>>): boolean | null {
  const compiled = compileCondition(text, null)
  if ('mistake' in compiled) throw new Error(compiled.mistake)
  return compiled.condition.holds(figures)
}

test('a condition compares figures with whole and broken numbers, and reckons with them', () => {
  expect(holds('fps < 5', { fps: 4.9 })).toBe(true)
  expect(holds('fps < 5', { fps: 5 })).toBe(false)
  expect(holds('dropped / total > 0.1 && total > 100', { dropped: 20, total: 150 })).toBe(true)
  expect(holds('queue * 2 >= 10', { queue: 5 })).toBe(true)
})

test('a figure that is missing or no number makes the condition neither true nor false', () => {
  expect(holds('fps < 5', {})).toBeNull()
  expect(holds('fps < 5', { fps: Number.NaN })).toBeNull()
})

test('what cannot be a condition is refused with a sentence', () => {
  const mistakes: readonly (readonly [string, RegExp])[] = [
    ['fps <', /./],
    ['fps + 1', /true or false/],
    ['true', /names no figure/],
    [`fps < 5 ${'&& fps < 5 '.repeat(200)}`, /longer/],
  ]
  for (const [text, said] of mistakes) {
    const compiled = compileCondition(text, null)
    expect('mistake' in compiled && compiled.mistake, text).toMatch(said)
  }
  const strange = compileCondition('memroy > 90', machineFigures)
  expect('mistake' in strange && strange.mistake).toContain('there are memory')
  const when = { kind: 'machine', expression: 'ram > 1', of: [] } as const
  const policy = {
    id: 'p',
    title: 'p',
    on: true,
    shipped: false,
    when,
    forMs: 0,
    steps: [],
    backoff: { firstMs: 1, factor: 1, capMs: 1 },
    perDay: 1,
    coolDownMs: 0,
  }
  expect(checkPolicies([policy])).toMatchObject([{ policy: 'p', path: 'machine' }])
})
