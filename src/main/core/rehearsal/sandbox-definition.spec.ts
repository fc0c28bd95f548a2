import { describe, expect, it } from 'vitest'
import type { RouteDefinition, ServiceDefinition, SiteDefinition } from '#core/config/index.ts'
import { noHooks, reference, serviceOf, siteOf } from '../../../../test/support/site-definition.ts'
import { portsWanted, sandboxDefinition } from './sandbox-definition.ts'

const broker = serviceOf('broker', { kind: 'builtin', use: 'broker', run: [], bind: '0.0.0.0', ports: { mqtt: 1883 } })

function planOf(site: SiteDefinition, secrets: Readonly<Record<string, string>> = {}) {
  const free = Array.from({ length: portsWanted(site) }, (_, at) => 40_000 + at)
  const ports = new Set(Object.values(site.services).flatMap((service) => Object.values(service.ports)))
  return sandboxDefinition(site, {
    live: '/srv/lab',
    ports,
    secret: (name) => secrets[name] ?? null,
    exists: (path) => path === '/srv' || path === '/dev',
    free,
    dead: 39_999,
  })
}

/** Why a service with this entry is left out; null when it is started. */
function whyLeft(given: Partial<ServiceDefinition>, secrets: Readonly<Record<string, string>> = {}): string | null {
  const site = siteOf([broker, serviceOf('api', { ports: { http: 8101 }, ...given })])
  return planOf(site, secrets).services.find(({ id }) => id === 'api')?.left ?? null
}

const url = (rest: string) => `http://127.0.0.1:${reference('ports.http')}${rest}`

describe('a PostgreSQL database that has a server in the sandbox', () => {
  const address = 'postgres://app@db.lab:5433/app'
  const site = siteOf([
    serviceOf('records', {
      kind: 'builtin',
      use: 'database',
      run: [],
      database: {
        target: { engine: 'postgres', url: address },
        pool: { size: 2, overflow: 2, recycleMs: 1, timeoutMs: 1, statementMs: 1, ping: true },
        recover: 'ask',
        check: 'off',
        backup: true,
        admin: null,
      },
    }),
    serviceOf('api', { env: { URL: `${address}?sslmode=disable`, DB_HOST: 'db.lab', DB_PORT: '5433' } }),
    serviceOf('other', { env: { URL: 'postgres://app@db.lab:5434/app' } }),
  ])
  const ground = {
    live: '/srv/lab',
    ports: new Set<number>(),
    secret: () => null,
    exists: () => false,
    free: [],
    dead: 1,
  }

  it('is reached there by whatever named the site’s own, and nothing else is', () => {
    const servers = [{ service: 'records', host: 'db.lab', port: 5433, fresh: 41_000 }]
    const { definition, services } = sandboxDefinition(site, { ...ground, servers })
    expect(definition.services.records?.database?.target).toEqual({
      engine: 'postgres',
      url: 'postgres://app@127.0.0.1:41000/app',
    })
    expect(definition.services.api?.env).toMatchObject({
      URL: 'postgres://app@127.0.0.1:41000/app?sslmode=disable',
      DB_HOST: '127.0.0.1',
      DB_PORT: '41000',
    })
    expect(services.map(({ id, left }) => [id, left])).toEqual([
      ['records', null],
      ['api', null],
      ['other', expect.stringContaining('names another machine')],
    ])
  })

  it('is left out with the reason when it could not be brought up', () => {
    const unbrought = new Map([['records', 'its dump could not be restored in the sandbox: no room']])
    expect(sandboxDefinition(site, { ...ground, unbrought }).services[0]?.left).toContain('no room')
    expect(sandboxDefinition(site, ground).services[0]?.left).toContain('not in the snapshot')
  })
})

describe('a site in its sandbox', () => {
  it('has other ports on loopback, says that it is a rehearsal, and is run by nobody else', () => {
    const api = serviceOf('api', {
      ports: { http: 8101 },
      env: { PORT: reference('ports.http') },
      unit: { name: 'api.service', of: 'system' },
    })
    const { definition, services, notes } = planOf(siteOf([broker, api]))
    expect(definition.services.broker).toMatchObject({ ports: { mqtt: 40_000 }, bind: '127.0.0.1', enabled: true })
    expect(definition.services.api).toMatchObject({
      ports: { http: 40_001 },
      env: { PORT: reference('ports.http'), WHEELHOUSE_REHEARSAL: '1' },
      unit: null,
      onCrash: 'stop',
    })
    expect(services.map(({ left }) => left)).toEqual([null, null])
    expect(notes).toEqual([])
  })

  it('does nothing by itself: no schedule, no drill, no recovery', () => {
    const site = siteOf([broker])
    const busy: SiteDefinition = {
      ...site,
      backup: {
        ...site.backup,
        folder: '/mnt/usb',
        schedule: { full: '0 3 * * *', data: '* * * * *' },
        rehearsal: { ...site.backup.rehearsal, schedule: '0 4 * * 0' },
      },
      drills: { d: { id: 'd', title: null, do: 'kill', of: 'broker', schedule: '* * * * *', withinMs: 1 } },
    }
    expect(planOf(busy).definition).toMatchObject({
      drills: {},
      recovery: {},
      backup: { folder: null, schedule: { full: null, data: null }, rehearsal: { schedule: null } },
    })
  })

  it('runs a callback only when it is marked harmless and reaches nothing outside', () => {
    const hooks = {
      ...noHooks,
      'before-start': { run: ['services/migrate.mjs'], timeoutMs: 1, harmless: true },
      'after-start': { run: ['services/tell.mjs'], timeoutMs: 1 },
      'after-stop': { run: ['curl', 'http://portal.example/down'], timeoutMs: 1, harmless: true },
    }
    const { definition, notes } = planOf(siteOf([serviceOf('api', { hooks })]))
    expect(definition.services.api?.hooks).toEqual({ ...noHooks, 'before-start': hooks['before-start'] })
    expect(notes).toEqual([
      'Callbacks of api were not run (after-start, after-stop): they are not marked `harmless`, or reach outside.',
    ])
  })

  it('calls nobody: dependencies lead to a port on which nobody listens, without a header, and hold no service up', () => {
    const site: SiteDefinition = {
      ...siteOf([serviceOf('api', { uses: { model: 'required' } })]),
      dependencies: {
        model: {
          id: 'model',
          title: 'Model API',
          url: 'https://api.example/v1',
          timeoutMs: 1,
          longestMs: 1,
          attempts: 3,
          repeat: 'all',
          backoff: { firstMs: 1, factor: 1, capMs: 1 },
          breaker: { kind: 'consecutive', failures: 3, openMs: 1, successes: 1 },
          fallback: { status: 200, type: 'text/plain', from: { body: 'later' } },
          check: { path: '/', status: null, everyMs: 1, timeoutMs: 1 },
          methods: [],
          failures: [],
          headers: { authorization: reference('secrets.KEY') },
          concurrency: 1,
          requestBytes: 1,
          answerBytes: 1,
        },
      },
    }
    const { definition, notes } = planOf(site)
    expect(definition.dependencies.model).toMatchObject({ url: 'http://127.0.0.1:39999', headers: {}, check: null })
    expect(definition.services.api?.uses).toEqual({ model: 'optional' })
    expect(notes).toEqual(['Model API was not called; its fallback answered.'])
  })

  it('delivers to nobody outside: no webhook, no other broker; what stays at its own broker is routed', () => {
    const route = (id: string, more: Partial<RouteDefinition>): RouteDefinition => ({
      id,
      title: id,
      on: true,
      from: 'lab/#',
      where: null,
      validate: null,
      limit: null,
      enrich: null,
      tag: null,
      map: null,
      batch: null,
      priority: 'normal',
      expiresMs: null,
      to: [],
      ...more,
    })
    const here = { kind: 'mqtt', topic: 'board', qos: 0, retain: false, broker: 'broker' } as const
    const webhook = {
      kind: 'webhook',
      url: 'https://portal.example/in',
      method: 'POST',
      headers: {},
      type: null,
      timeoutMs: 1,
      parallel: 1,
    } as const
    const site: SiteDefinition = {
      ...siteOf([broker]),
      brokers: { head: { url: 'mqtt://head.example:1883' } as SiteDefinition['brokers'][string] },
      routes: {
        mixed: route('mixed', {
          broker: 'broker',
          to: [webhook, here, { kind: 'journal', keepMs: 1 }],
          tag: { expression: 'x', of: [['a'], ['b'], null] },
        }),
        from: route('from', { to: [here] }), // the first broker is meant: that of somebody else
        only: route('only', { broker: 'broker', to: [webhook] }),
      },
    }
    const { definition, notes } = planOf(site)
    expect(definition.brokers).toEqual({})
    const { broker: _, ...atHome } = here
    expect(definition.routes.mixed).toMatchObject({
      on: true,
      to: [atHome, { kind: 'journal' }],
      tag: { of: [['b'], null] },
    })
    expect(definition.routes.mixed).not.toHaveProperty('broker')
    expect([definition.routes.from?.on, definition.routes.only?.on]).toEqual([false, false])
    expect(notes).toEqual([
      'Routes that go to other brokers or call webhooks did not deliver there: mixed, from, only.',
    ])
  })
})

describe('a service that is tied to the outside', () => {
  it('is left out with what ties it', () => {
    const cases: readonly (readonly [Partial<ServiceDefinition>, string])[] = [
      [{ env: { PORT: '8101' } }, 'its environment variable PORT holds the port 8101 as a number'],
      [{ env: { HTTP_PORT: '9000' } }, 'its environment variable HTTP_PORT holds the port 9000 as a number'],
      [{ run: ['api.mjs', '--port', '8101'] }, 'its command holds the port 8101 as a number'],
      [{ run: ['api.mjs', '--broker=127.0.0.1:1883'] }, 'its command holds the port 1883 as a number'],
      [{ env: { DB: 'postgres://u:p@127.0.0.1:5432/x' } }, 'DB names 127.0.0.1:5432, which is no port of the site'],
      [{ env: { API: 'https://portal.example/in' } }, 'API names another machine, portal.example'],
      [{ env: { SMTP: 'mail.example:25' } }, 'SMTP names another machine, mail.example'],
      [{ env: { API: 'http://localhost/' } }, 'API names localhost without a port of the site'],
      [{ env: { SPOOL: '/srv/lab/data/spool' } }, 'SPOOL points into the live site'],
      [{ env: { SPOOL: '/srv/spool' } }, 'SPOOL names /srv/spool, which is outside the site'],
      [{ run: ['api.mjs', '/dev/ttyUSB0'] }, 'its command names /dev/ttyUSB0, which is outside the site'],
      [{ kind: 'external' }, 'somebody else runs it'],
      [{ rehearse: false }, 'site.yaml says `rehearse: off`'],
    ]
    for (const [given, why] of cases) expect(whyLeft(given), JSON.stringify(given)).toContain(why)
  })

  it('is left out for what is in a secret, which is never told', () => {
    const why = whyLeft({ env: { DB: reference('secrets.DB') } }, { DB: 'postgres://lab:hunter2@db.example/x' })
    expect(why).toBe('its environment variable DB names another machine, something that is in a secret')
  })

  it('is not one that names its ports, its folders, and what programs only read', () => {
    const fine: readonly Partial<ServiceDefinition>[] = [
      { env: { PORT: reference('ports.http'), SEED: '7', NAME: 'api-8101', AT: '12:30' } },
      { env: { BROKER: `mqtt://127.0.0.1:${reference('services.broker.ports.mqtt')}`, DATA: reference('data') } },
      { env: { CERTS: '/etc/ssl/certs', TZ: 'Asia/Manila' }, run: ['api.mjs', '--health', '/health'] },
      { kind: 'process', run: ['/usr/bin/python3', 'api.py'] },
      { env: { KEY: reference('secrets.KEY') } },
    ]
    for (const given of fine) expect(whyLeft(given, { KEY: 'abc' }), JSON.stringify(given)).toBeNull()
  })

  it('takes what needs it with it', () => {
    const a = serviceOf('a', { env: { PORT: '1883' } })
    const b = serviceOf('b', { needs: { a: 'ready' } })
    const c = serviceOf('c', { needs: { b: 'healthy' } })
    const { services, definition } = planOf(siteOf([broker, a, b, c]))
    expect(services.filter(({ left }) => left !== null).map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    expect(services.at(-1)?.left).toBe('it needs b, which is not started')
    expect(definition.services.c?.enabled).toBe(false)
  })

  it('counts by its probes as well; a page of it is only not asked', () => {
    const probe = { delayMs: 0, everyMs: 1, timeoutMs: 1, failures: 1, successes: 1, withinMs: 1 }
    const readiness = { ...probe, check: { type: 'http', url: 'http://127.0.0.1:8101/health', status: null } } as const
    expect(whyLeft({ probes: { startup: null, readiness, liveness: null } })).toContain(
      'its readiness probe holds the port',
    )
    const moved = { ...readiness, check: { ...readiness.check, url: url('/health') } }
    expect(whyLeft({ probes: { startup: null, readiness: moved, liveness: null } })).toBeNull()
    const pages = { Here: url('/'), There: 'http://127.0.0.1:8101/' }
    expect(planOf(siteOf([serviceOf('api', { ports: { http: 8101 }, pages })])).definition.services.api?.pages).toEqual(
      {
        Here: url('/'),
      },
    )
  })
})
