import { expect, test } from 'vitest'
import type { ServiceDefinition } from '#core/config/index.ts'
import { serviceOf, siteOf } from '../../../../test/support/site-definition.ts'
import { allDependents, graphProblems, planWaves, startSet, stopSet } from './planner.ts'
import { previewAction } from './preview.ts'

/** A graph from `service: needs`, every need `ready`. */
const graph = (needs: Record<string, string[]>, given: Record<string, Partial<ServiceDefinition>> = {}) =>
  siteOf(
    Object.entries(needs).map(([id, on]) =>
      serviceOf(id, { needs: Object.fromEntries(on.map((need) => [need, 'ready' as const])), ...given[id] }),
    ),
  )

const lab = graph({ kiosk: ['api'], api: ['broker', 'database'], desk: ['broker'], broker: [], database: [] })

test('each wave needs only earlier ones and is as early as can be', () => {
  expect(planWaves(lab)).toEqual([['broker', 'database'], ['api', 'desk'], ['kiosk']])
  expect(planWaves(graph({}))).toEqual([])
})

test('fifty services on five levels plan into five waves', () => {
  const needs = Object.fromEntries(
    Array.from({ length: 50 }, (_, n) => [`s${n}`, n < 10 ? [] : [`s${n - 10}`, `s${((n - 10) % 10) * 1}`]]),
  )
  expect(planWaves(graph(needs)).map((wave) => wave.length)).toEqual([10, 10, 10, 10, 10])
})

test('starting takes along what is needed, stopping what needs it, each in its order', () => {
  expect(startSet(lab, ['api'])).toEqual(['broker', 'database', 'api'])
  expect(stopSet(lab, ['broker'])).toEqual(['kiosk', 'desk', 'api', 'broker'])
  expect(allDependents(lab, 'database')).toEqual(['kiosk', 'api'])
  expect(startSet(lab, [])).toEqual([])
})

test('a circle is named with its way round, and a need that does not exist with its service', () => {
  const broken = graph({ a: ['b'], b: ['c'], c: ['a'], d: ['nothing'], e: ['e'] })
  expect(graphProblems(broken)).toEqual([
    { problem: 'missing-need', service: 'd', need: 'nothing' },
    { problem: 'cycle', path: ['a', 'b', 'c', 'a'] },
    { problem: 'cycle', path: ['e', 'e'] },
  ])
  expect(() => planWaves(graph({ a: ['b'], b: ['a'] }))).toThrow('in a circle, so none of them can be first: a → b → a')
  expect(() => planWaves(graph({ a: ['x'] }))).toThrow('Service a needs x, which does not exist.')
})

const now = (states: Record<string, 'running' | 'stopped' | 'external'>) => (id: string) => ({
  state: states[id] ?? 'stopped',
  title: id,
})

test('a preview of stop names those that need it, in the order in which they stop', () => {
  const touch = previewAction('stop', 'broker', lab, now({ broker: 'running', api: 'running', kiosk: 'running' }))
  expect(touch.sentence).toBe('Stop broker and 2 services that need it (kiosk, api).')
  expect(touch.services).toEqual([
    { id: 'kiosk', what: 'stop', why: 'it needs api, which needs broker' },
    { id: 'api', what: 'stop', why: 'it needs broker to be ready' },
    { id: 'broker', what: 'stop', why: 'asked for' },
  ])
  expect(touch.commandLine).toBe('wheelhouse stop broker')
  expect(previewAction('stop', 'desk', lab, now({ desk: 'running' })).sentence).toBe(
    'Stop desk. Nothing that runs needs it.',
  )
})

test('a preview of start names what it takes along, and says when there is nothing to do', () => {
  const touch = previewAction('start', 'kiosk', lab, now({ broker: 'running' }))
  expect(touch.sentence).toBe('Start kiosk and 2 services that it needs (database, api).')
  expect(touch.services.map(({ why }) => why)).toEqual([
    'api, which kiosk needs, needs it',
    'kiosk needs it to be ready',
    'asked for',
  ])
  expect(previewAction('start', 'desk', lab, now({ desk: 'running' })).sentence).toBe('desk runs already.')
})

test('a preview of restart says who loses the service for a moment', () => {
  const touch = previewAction('restart', 'api', lab, now({ api: 'running' }))
  expect(touch.sentence).toBe('Restart api. 1 service that needs it (kiosk) stays up and loses it for a moment.')
  expect(touch.services).toEqual([{ id: 'api', what: 'restart', why: 'asked for' }])
})

test('a preview of stopping a broker names the routes that then carry nothing; one of a start names none', () => {
  const route = {
    id: 'acks',
    title: 'acks',
    on: true,
    from: 'a/+',
    where: null,
    validate: null,
    limit: null,
    enrich: null,
    tag: null,
    batch: null,
    map: null,
    priority: 'normal' as const,
    expiresMs: null,
    to: [],
  }
  const site = {
    ...graph({ broker: [], api: ['broker'] }, { broker: { kind: 'builtin', use: 'broker' } }),
    routes: { acks: route, off: { ...route, id: 'off', on: false } },
  }
  const states = now({ broker: 'running', api: 'running' })
  expect(previewAction('stop', 'broker', site, states).routes).toEqual([
    { id: 'acks', why: 'carries no messages while broker is stopped' },
  ])
  expect(previewAction('restart', 'broker', site, states).routes).toHaveLength(1)
  expect(previewAction('stop', 'api', site, states).routes).toEqual([])
  expect(previewAction('start', 'broker', site, now({})).routes).toEqual([])
})

test('previews of all leave out what is switched off, run by somebody else, or there already', () => {
  const some = graph({ api: ['db'], db: [], off: [], ours: [] }, { off: { enabled: false }, db: { kind: 'external' } })
  const states = now({ ours: 'running', db: 'external' })
  expect(previewAction('start-all', undefined, some, states).services.map(({ id }) => id)).toEqual(['api'])
  expect(previewAction('stop-all', undefined, some, states)).toMatchObject({
    sentence: 'Stop 1 service, those that need others first.',
    commandLine: 'wheelhouse stop --all',
  })
  expect(previewAction('emergency-stop', undefined, some, states).services).toHaveLength(1)
})
