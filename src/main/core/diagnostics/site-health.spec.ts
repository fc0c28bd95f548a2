import { describe, expect, it } from 'vitest'
import type { ServiceView } from '#shared/contract/state.ts'
import { type SiteFacts, siteHealth } from './site-health.ts'

const service = (id: string, more: Partial<ServiceView> = {}): ServiceView => ({
  id,
  title: id,
  kind: 'node',
  state: 'running',
  wanted: true,
  optional: false,
  health: 'healthy',
  since: 0,
  reason: 'all probes pass',
  event: null,
  needs: [],
  dependents: [],
  uses: [],
  phase: 'business-services',
  pid: 1,
  startedAt: 0,
  adopted: false,
  ports: {},
  restarts: 0,
  attempt: 0,
  nextStartAt: null,
  lastExit: null,
  probes: [],
  cpu: null,
  memory: null,
  processes: 1,
  unit: null,
  command: 'node api.mjs',
  cwd: '/',
  pages: [],
  hooks: [],
  ...more,
})

const facts = (more: Partial<SiteFacts> = {}): SiteFacts => ({
  services: [service('api'), service('kiosk')],
  attention: [],
  backups: undefined,
  configValid: true,
  trusted: true,
  now: 10_000_000,
  ...more,
})

const graveCard = {
  id: 'x',
  subject: 'site',
  severity: 'error' as const,
  title: 'No good backup',
  why: 'the folder is full.',
  since: 0,
  fixes: [],
  event: null,
  dismissible: true,
  dismissed: false,
}

describe('the one sentence about the site', () => {
  it('is healthy only when every wanted service is, and says so with the count', () => {
    expect(siteHealth(facts())).toMatchObject({ health: 'healthy', sentence: 'All 2 services healthy.' })
  })

  it('names the worst service with its reason and points to it', () => {
    const told = siteHealth(
      facts({
        services: [
          service('kiosk', { state: 'waiting', health: 'unknown', reason: 'it needs api to be ready.' }),
          service('api', { state: 'failed', health: 'unhealthy', reason: 'it exited 5 times in 10 minutes.' }),
        ],
      }),
    )
    expect(told).toEqual({
      health: 'unhealthy',
      sentence: 'api has failed: it exited 5 times in 10 minutes. 1 more is not well.',
      evidence: '/services/api',
    })
  })

  it('says once that a service waits', () => {
    const kiosk = service('kiosk', { state: 'waiting', health: 'unknown', reason: 'Waits for api to be healthy.' })
    expect(siteHealth(facts({ services: [service('api'), kiosk] })).sentence).toBe('kiosk waits for api to be healthy.')
  })

  it('is degraded, not unhealthy, while a service is still on its way', () => {
    expect(siteHealth(facts({ services: [service('api', { state: 'starting', health: 'unknown' })] })).health).toBe(
      'degraded',
    )
  })

  it('does not blame services that nobody wants running', () => {
    const services = [service('api'), service('kiosk', { wanted: false, state: 'stopped', health: 'unknown' })]
    expect(siteHealth(facts({ services })).sentence).toBe('The one service is healthy · 1 not wanted.')
  })

  it('is unknown, not healthy, when everything is stopped or nothing was trusted', () => {
    const services = [service('api', { wanted: false, state: 'stopped', health: 'unknown' })]
    expect(siteHealth(facts({ services })).health).toBe('unknown')
    expect(siteHealth(facts({ trusted: false })).evidence).toBe('/trust')
  })

  it('is healthy without what is optional, and names it; what is needed and not well is told first', () => {
    const lamp = service('lamp', { optional: true, state: 'failed', health: 'unhealthy', reason: 'It exited.' })
    const card = { ...graveCard, subject: 'service:lamp' }
    const alone = siteHealth(facts({ services: [service('api'), lamp], attention: [card] }))
    expect(alone.health).toBe('healthy')
    expect(alone.sentence).toContain('The one needed service is healthy · optional and not well: lamp')
    const api = service('api', { health: 'degraded', reason: 'It is slow.' })
    expect(siteHealth(facts({ services: [lamp, api] }))).toMatchObject({
      health: 'degraded',
      sentence: 'api is degraded: It is slow. 1 more is not well.',
    })
  })

  it('is not healthy while a grave card is open, and is again once it was dismissed', () => {
    const card = graveCard
    expect(siteHealth(facts({ attention: [card] })).sentence).toBe('No good backup: the folder is full.')
    expect(siteHealth(facts({ attention: [{ ...card, dismissed: true }] })).health).toBe('healthy')
  })

  it('says why nothing runs when the console could not start it, instead of that nobody wants it', () => {
    const services = [service('api', { wanted: false, state: 'stopped', health: 'unknown' })]
    const card = {
      id: 'site-start-held',
      subject: 'site',
      severity: 'critical' as const,
      title: 'The services were not started',
      why: 'The disk is full.',
      since: 0,
      fixes: [],
      event: null,
      dismissible: false,
      dismissed: false,
    }
    const { health, sentence, evidence } = siteHealth(facts({ services, attention: [card] }))
    expect([health, evidence]).toEqual(['unhealthy', '/'])
    expect(sentence).toBe('The services were not started: The disk is full.')
  })
})
