import type { Probe, ServiceDefinition, SiteDefinition } from '#core/config/index.ts'

/** A site definition of these services, with nothing else in it. */
export function siteOf(services: readonly ServiceDefinition[], id = 'lab'): SiteDefinition {
  return {
    id,
    name: id,
    zone: 'UTC',
    contact: null,
    parts: {},
    secrets: [],
    phases: [],
    services: Object.fromEntries(services.map((each) => [each.id, each])),
    dependencies: {},
    brokers: {},
    deploy: {
      keep: 5,
      probationMs: 60_000,
      graceMs: 30_000,
      attempts: 2,
      checks: ['disk', 'memory', 'ports', 'config', 'services', 'busy'],
      install: null,
      busy: null,
      tests: {},
      takeBack: 'code',
    },
    drills: {},
    routes: {},
    devices: {},
    checks: {},
    recovery: {},
    backup: {
      folder: null,
      target: null,
      copies: {},
      schedule: { full: null, data: null },
      watchMs: 0,
      keep: { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 },
      exclude: [],
      caches: false,
      alertAfterMs: null,
      rehearsal: { schedule: null, folder: null, most: 1e10, withinMs: 600_000, healthyWithinMs: 30_000 },
      encryption: null,
    },
    tables: {},
    outbox: { rows: 1_000_000, bytes: 1024 ** 3, ageMs: 7 * 86_400_000, whenFull: 'drop-lowest' },
    sources: { http: null, database: null },
    reload: { watch: true, apply: 'ask' },
    store: { control: 1024 ** 3, messages: 4 * 1024 ** 3 },
    source: { file: 'site.yaml', sha256: '' },
  }
}

export const noHooks = { 'before-start': null, 'after-start': null, 'before-stop': null, 'after-stop': null } as const

/** A `node` service running `<id>.mjs`, with short times and everything that a spec does not care about filled in. */
export function serviceOf(id: string, given: Partial<ServiceDefinition> = {}): ServiceDefinition {
  return {
    id,
    title: id,
    kind: 'node',
    run: [`${id}.mjs`],
    use: null,
    broker: null,
    database: null,
    cwd: '.',
    env: {},
    ports: {},
    bind: '127.0.0.1',
    phase: null,
    needs: {},
    follows: [],
    uses: {},
    optional: false,
    weight: 1,
    enabled: true,
    oneShot: false,
    probes: { startup: null, readiness: null, liveness: null },
    hooks: noHooks,
    restart: {
      policy: 'always',
      backoff: { firstMs: 50, factor: 2, capMs: 400 },
      budget: { starts: 5, perMs: 600_000 },
      forgiveMs: 600_000,
    },
    stop: { signal: 'SIGTERM', withinMs: 2_000 },
    unit: null,
    rehearse: true,
    code: null,
    limits: null,
    push: null,
    onCrash: 'adopt',
    pages: {},
    ...given,
  }
}

/** A probe that is asked often and decides at once. */
export function probeOf(check: Probe['check'], given: Partial<Probe> = {}): Probe {
  return { check, delayMs: 0, everyMs: 50, timeoutMs: 1_000, failures: 1, successes: 1, withinMs: 20_000, ...given }
}

/** The probe that asks `/health` on the service's port `http`. */
export function httpProbe(given: Partial<Probe> = {}): Probe {
  return probeOf({ type: 'http', url: `http://127.0.0.1:${reference('ports.http')}/health`, status: null }, given)
}

/** A reference as site.yaml writes it, filled in by the console at the start of the service. */
export function reference(name: string): string {
  return `\${${name}}`
}

/** A site of services that only have needs. */
export function graphOf(
  needs: Readonly<Record<string, ServiceDefinition['needs']>>,
  given: Readonly<Record<string, Partial<ServiceDefinition>>> = {},
): SiteDefinition {
  return siteOf(Object.entries(needs).map(([id, of]) => serviceOf(id, { needs: of, ...given[id] })))
}
