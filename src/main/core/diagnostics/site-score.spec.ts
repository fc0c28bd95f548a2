import { expect, test } from 'vitest'
import { sampleStore } from '../../../renderer/testing/sample-store.ts'
import { scoreOf, trendOf } from './site-score.ts'

const view = (id: string, health: string, given: object = {}) =>
  ({ id, title: id, health, state: 'running', wanted: true, reason: `${id} is ${health}.`, ...given }) as never

const facts = (services: readonly never[], given: object = {}) => ({
  services,
  definitionOf: () => ({ weight: 1, optional: false }),
  verification: undefined,
  store: undefined,
  ...given,
})

test('a site in which everything wanted is healthy has 100; one in which nothing is known has none', () => {
  expect(scoreOf(facts([view('a', 'healthy'), view('b', 'healthy')]))).toEqual({ value: 100, lowered: [] })
  expect(scoreOf(facts([view('a', 'unknown')])).value).toBeNull()
  expect(scoreOf(facts([])).value).toBeNull()
  expect(
    scoreOf(facts([view('a', 'healthy'), view('b', 'unhealthy', { wanted: false, state: 'stopped' })])).value,
  ).toBe(100)
})

test('what is not well takes away its share, the heaviest first, and says why', () => {
  const definitionOf = (id: string) => ({ weight: id === 'api' ? 3 : 1, optional: id === 'kiosk' })
  const services = [view('api', 'degraded'), view('broker', 'healthy'), view('kiosk', 'unhealthy')]
  const { value, lowered } = scoreOf(facts(services, { definitionOf }))
  // 3 + 1 + 0.25 in all; 1.5 and 0.25 of it are missing.
  expect(value).toBe(59)
  expect(lowered).toEqual([
    { page: '/services/api', title: 'api', reason: 'api is degraded.', points: 35.3 },
    { page: '/services/kiosk', title: 'kiosk', reason: 'kiosk is unhealthy.', points: 5.9 },
  ])
})

test('a failed parent counts once: its children, of which nothing is known then, do not lower it further', () => {
  const alone = scoreOf(facts([view('broker', 'unhealthy'), view('api', 'healthy')])).value
  const children = [
    view('broker', 'unhealthy'),
    view('api', 'healthy'),
    view('desk', 'unknown'),
    view('kiosk', 'unknown'),
  ]
  expect(scoreOf(facts(children)).value).toBe(alone)
})

test('checks and the store count as one service each, and a flaw never leaves all 100', () => {
  const verification = { at: 1, running: false, passed: 6, total: 7, sentence: '6 of 7 checks passed.', checks: [] }
  const store = { ...sampleStore(0), state: 'read-only', note: 'The disk is full.' }
  const { value, lowered } = scoreOf(facts([view('a', 'healthy')], { verification, store }))
  expect(value).toBe(70)
  expect(lowered.map(({ title }) => title)).toEqual(['Store', 'Checks'])
  const many = Array.from({ length: 400 }, (_, n) => view(`s${n}`, 'healthy'))
  expect(scoreOf(facts([...many, view('last', 'degraded')])).value).toBe(99)
})

test('the trend is the last five minutes against the ten before', () => {
  expect(trendOf([])).toBeNull()
  expect(trendOf([100, 100, 100, 100, 100])).toBeNull()
  expect(trendOf([100, 100, 100, 100, 100, 99, 100, 98])).toBe('steady')
  expect(trendOf([100, 100, 100, 100, 80, 60, 60, 60])).toBe('falling')
  expect(trendOf([40, 40, 40, 80, 100, 100, 100, 100])).toBe('rising')
})
