import { expect, test } from 'vitest'
import type { ServiceDefinition } from '#core/config/index.ts'
import type { NeedCondition } from '#shared/vocabulary.ts'
import { httpProbe, serviceOf } from '../../../../test/support/site-definition.ts'
import { type Machine, newMachine } from './machine.ts'
import { judgeNeeds } from './needs.ts'
import { standingOfStart } from './standing.ts'

const passing = { verdict: 'passing', sentence: '200 in 1 ms' } as const
const failing = { verdict: 'failing', sentence: '503 in 1 ms' } as const
const machine = (given: Partial<Machine>): Machine => ({ ...newMachine({ kind: 'node' }), ...given })

/** What api says when its need is like this. */
function needing(condition: NeedCondition, given: Partial<Machine>, service: Partial<ServiceDefinition> = {}) {
  const database = { service: serviceOf('database', service), machine: machine({ wanted: true, ...given }) }
  const api = serviceOf('api', { needs: { database: condition } })
  return judgeNeeds(api, (id) => (id === 'database' ? database : undefined))
}

const readiness = { probes: { startup: null, readiness: httpProbe(), liveness: null } }
const ready = { signals: { ...newMachine({ kind: 'node' }).signals, readiness: passing } }

test('each condition is met by exactly what it says', () => {
  const met = (condition: NeedCondition, given: Partial<Machine>) => needing(condition, given, readiness).met.database
  expect(met('started', { state: 'starting' })).toBe(false)
  expect(met('started', { state: 'running' })).toBe(true)
  expect(met('ready', { state: 'running' })).toBe(false)
  expect(met('ready', { state: 'running', ...ready })).toBe(true)
  expect(met('healthy', { state: 'running', ...ready, health: 'degraded' })).toBe(false)
  expect(met('healthy', { state: 'running', ...ready, health: 'healthy' })).toBe(true)
  expect(met('completed', { state: 'running', health: 'healthy' })).toBe(false)
  for (const condition of ['started', 'ready', 'healthy', 'completed'] as const) {
    expect(met(condition, { state: 'completed' })).toBe(true)
  }
})

test('an external service without probes is taken to be there; with probes it must answer', () => {
  expect(needing('ready', { state: 'external' }, { kind: 'external' }).unmet).toBeNull()
  expect(
    needing('ready', { state: 'external', health: 'unknown' }, { kind: 'external', ...readiness }).met.database,
  ).toBe(false)
  expect(
    needing('ready', { state: 'external', health: 'healthy' }, { kind: 'external', ...readiness }).unmet,
  ).toBeNull()
})

test('what is waited for is said with its reason', () => {
  expect(needing('healthy', { state: 'starting' }).unmet).toBe('Waits for database to be healthy; it is starting.')
  expect(needing('ready', { state: 'failed', reason: 'It exited with code 1.' }).unmet).toBe(
    'Waits for database, which has failed: It exited with code 1.',
  )
  expect(needing('ready', { state: 'stopped', wanted: false }, { enabled: false }).unmet).toBe(
    'Waits for database, which is switched off in site.yaml.',
  )
})

test('a degraded need is no trouble; one that is down, unhealthy, or itself in doubt is', () => {
  expect(needing('started', { state: 'running', health: 'degraded' }).trouble).toBeNull()
  expect(needing('started', { state: 'running', health: 'unknown' }).trouble).toBeNull()
  expect(needing('started', { state: 'running', health: 'unhealthy' }).trouble).toContain('is unhealthy')
  expect(needing('started', { state: 'backing-off', health: 'unhealthy' }).trouble).toContain('is unhealthy')
  expect(needing('started', { state: 'stopped' }).trouble).toContain('is stopped')
  expect(needing('started', { state: 'running', trouble: 'The disk is gone.' }).trouble).toBe(
    'Not known while database, which it needs, is itself in doubt. The disk is gone.',
  )
})

test('an order does not wait for what a failed or stopped need holds back, however far away', () => {
  const peers = {
    database: { service: serviceOf('database'), machine: machine({ state: 'failed', wanted: true }) },
    api: { service: serviceOf('api', { needs: { database: 'ready' } }), machine: machine({ state: 'waiting' }) },
    kiosk: { service: serviceOf('kiosk', { needs: { api: 'ready' } }), machine: machine({ state: 'waiting' }) },
  }
  const standing = (state: Machine['state'], signals: Partial<Machine> = {}) => {
    const all = { ...peers, database: { ...peers.database, machine: machine({ state, wanted: true, ...signals }) } }
    return standingOfStart('kiosk', (id) => (id === 'api' || id === 'database' || id === 'kiosk' ? all[id] : undefined))
      .at
  }
  expect(standing('failed')).toBe('lost')
  expect(standing('stopped', { wanted: false })).toBe('lost')
  expect(standing('starting')).toBe('on the way')
  expect(standing('backing-off')).toBe('on the way')
  expect(standing('running', { signals: { ...machine({}).signals, readiness: failing } })).toBe('waiting')
})
