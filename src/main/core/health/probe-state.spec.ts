import { expect, test } from 'vitest'
import { freshProbe, type ProbeState, withAnswer } from './probe-state.ts'

const rules = { failures: 3, successes: 2 }
const verdicts = (answers: string, from: ProbeState = freshProbe) => {
  let state = from
  return [...answers].map((answer) => {
    state = withAnswer(state, rules, { ok: answer === '+', sentence: answer, ms: 1 }, 0)
    return state.verdict
  })
}

test('the first success passes; nothing is failing before the failures in a row are reached', () => {
  expect(verdicts('+')).toEqual(['passing'])
  expect(verdicts('--+--')).toEqual(['unknown', 'unknown', 'passing', 'passing', 'passing'])
  expect(verdicts('---')).toEqual(['unknown', 'unknown', 'failing'])
})

test('a failing probe needs its successes in a row to pass again', () => {
  expect(verdicts('---+-++')).toEqual(['unknown', 'unknown', 'failing', 'failing', 'failing', 'failing', 'passing'])
})

test('the last answer is kept with its time, and the counters count in a row', () => {
  const one = withAnswer(freshProbe, rules, { ok: false, sentence: 'refused', ms: 4 }, 100)
  expect(one).toMatchObject({ failures: 1, successes: 0, last: { sentence: 'refused', ms: 4, at: 100 } })
  expect(withAnswer(one, rules, { ok: true, sentence: 'ok', ms: 4 }, 200)).toMatchObject({ failures: 0, successes: 1 })
})
