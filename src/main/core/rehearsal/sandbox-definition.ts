import { join } from 'node:path'
import type {
  CheckDefinition,
  HookDefinition,
  Probe,
  RouteDefinition,
  ServiceDefinition,
  SiteDefinition,
} from '#core/config/index.ts'
import { brokerNames, embeddedBroker } from '#core/config/index.ts'
import { type Surroundings, tiedBy, type Written } from './hard-coded.ts'
import { type MovedServer, withMovedDatabases } from './moved-databases.ts'

/** What a site becomes in a sandbox, and what of it cannot be tried there. */
export interface SandboxPlan {
  readonly definition: SiteDefinition
  /** Every service that is switched on, in the order of site.yaml; `left` is why it is not started. */
  readonly services: readonly { readonly id: string; readonly title: string; readonly left: string | null }[]
  /** What is otherwise in the sandbox than in the site, one sentence each. */
  readonly notes: readonly string[]
}

export interface SandboxGround extends Surroundings {
  /** Free loopback ports, as many as {@link portsWanted} says. */
  readonly free: readonly number[]
  /** A loopback port on which nobody listens. */
  readonly dead: number
  /** Servers of databases that the sandbox has in place of the site's own. */
  readonly servers?: readonly MovedServer[]
  /** Why a database of a server could not be brought into the sandbox, by service. */
  readonly unbrought?: ReadonlyMap<string, string>
}

/** How many ports a site needs in its sandbox. */
export function portsWanted({ services }: SiteDefinition): number {
  return Object.values(services).reduce((sum, { ports }) => sum + Object.keys(ports).length, 0)
}

/**
 * The definition with which a snapshot is started in a sandbox: every port is another one on loopback, and whatever would reach outside is
 * taken away. What is tied to the outside by a number, an address or a path is left out, and so is what needs it. Pure.
 */
export function sandboxDefinition(site: SiteDefinition, ground: SandboxGround): SandboxPlan {
  const left = leftOut(site, ground)
  const notes: string[] = []
  const free = [...ground.free]
  const services = Object.fromEntries(
    Object.values(site.services).map((service) => {
      const kept = service.enabled && !left.has(service.id)
      const ports = Object.fromEntries(Object.keys(service.ports).map((name) => [name, free.shift() ?? 0]))
      return [service.id, { ...moved(service, ground, kept ? notes : []), ports, enabled: kept }]
    }),
  )
  const embedded = embeddedBroker({ services })
  return {
    definition: {
      ...site,
      services,
      dependencies: cutOff(site, ground, notes),
      brokers: {},
      routes: inside(site, embedded, notes),
      devices: Object.fromEntries(
        Object.entries(site.devices).filter(([, { broker }]) => isAtEmbedded(broker, site, embedded)),
      ),
      checks: keptChecks(site, ground, left, notes),
      drills: {},
      recovery: {},
      backup: {
        ...site.backup,
        folder: null,
        schedule: { full: null, data: null },
        rehearsal: { ...site.backup.rehearsal, schedule: null },
      },
    },
    services: Object.values(site.services)
      .filter(({ enabled }) => enabled)
      .map(({ id, title }) => ({ id, title, left: left.get(id) ?? null })),
    notes,
  }
}

/** The services that are not started, each with why. */
function leftOut(site: SiteDefinition, ground: SandboxGround): ReadonlyMap<string, string> {
  const left = new Map<string, string>()
  const enabled = Object.values(site.services).filter((service) => service.enabled)
  for (const service of enabled) {
    const why = whyNot(service, ground)
    if (why !== null) left.set(service.id, why)
  }
  for (let found = true; found; ) {
    found = false
    for (const { id, needs } of enabled) {
      const need = left.has(id) ? undefined : Object.keys(needs).find((each) => left.has(each))
      if (need === undefined) continue
      left.set(id, `it needs ${need}, which is not started`)
      found = true
    }
  }
  return left
}

function whyNot(service: ServiceDefinition, ground: SandboxGround): string | null {
  if (!service.rehearse) return 'site.yaml says `rehearse: off`'
  if (service.kind === 'external') return 'somebody else runs it, so no snapshot holds it'
  const { database } = service
  const { servers = [], unbrought } = ground
  if (database?.target.engine === 'postgres' && !servers.some((server) => server.service === service.id)) {
    return unbrought?.get(service.id) ?? 'its PostgreSQL database is not in the snapshot'
  }
  // What leads to a server of the sandbox ties it to nothing outside.
  for (const written of textsOf(withMovedDatabases(service, servers, () => '\0'))) {
    const why = tiedBy(written, ground)
    if (why !== null) return why
  }
  return null
}

/** Everything in a service's entry that says where it works and with whom. */
function textsOf(service: ServiceDefinition): readonly Written[] {
  const { run, env, cwd, probes, database } = service
  return [
    ...commandTexts('its command', run),
    { where: 'its folder', text: cwd },
    ...Object.entries(env).map(([name, text]) => ({
      where: `its environment variable ${name}`,
      text,
      variable: name,
    })),
    ...(database?.target.engine === 'sqlite' ? [{ where: 'its database', text: database.target.file }] : []),
    ...(database?.target.engine === 'postgres' ? [{ where: 'its database', text: database.target.url }] : []),
    ...Object.entries(probes).flatMap(([name, probe]) => (probe ? checkTexts(`its ${name} probe`, probe.check) : [])),
  ]
}

function commandTexts(where: string, [first = '', ...rest]: readonly string[]): readonly Written[] {
  return [{ where, text: first, program: true }, ...rest.map((text) => ({ where, text }))]
}

function checkTexts(where: string, check: CheckDefinition): readonly Written[] {
  switch (check.type) {
    case 'http':
    case 'mqtt':
    case 'postgres':
      return [{ where, text: check.url }]
    case 'tcp':
      return [{ where, text: `tcp://${check.address}` }]
    case 'command':
      return commandTexts(where, check.run)
    case 'sqlite':
      return [{ where, text: check.file }]
    case 'file':
      return [{ where, text: check.path }]
    case 'metric':
    case 'pushed':
      return []
  }
}

/** A service as it is started in the sandbox; its ports are given by the caller. */
function moved(given: ServiceDefinition, ground: SandboxGround, notes: string[]): ServiceDefinition {
  const service = withMovedDatabases(given, ground.servers ?? [], ({ fresh }) => String(fresh))
  const skipped: string[] = []
  const hook = (name: keyof ServiceDefinition['hooks']): HookDefinition | null => {
    const declared = service.hooks[name]
    if (declared === null) return null
    if (declared.harmless && !commandTexts('', declared.run).some((text) => tiedBy(text, ground) !== null))
      return declared
    skipped.push(name)
    return null
  }
  const hooks = {
    'before-start': hook('before-start'),
    'after-start': hook('after-start'),
    'before-stop': hook('before-stop'),
    'after-stop': hook('after-stop'),
  }
  if (skipped.length > 0)
    notes.push(
      `Callbacks of ${service.id} were not run (${skipped.join(', ')}): they are not marked \`harmless\`, or reach outside.`,
    )
  return {
    ...service,
    bind: '127.0.0.1',
    env: { ...service.env, WHEELHOUSE_REHEARSAL: '1' },
    hooks,
    uses: Object.fromEntries(Object.keys(service.uses).map((id) => [id, 'optional' as const])),
    unit: null,
    onCrash: 'stop',
    probes: { ...service.probes, liveness: patient(service.probes.liveness) },
    pages: Object.fromEntries(
      Object.entries(service.pages).filter(([, text]) => tiedBy({ where: '', text }, ground) === null),
    ),
  }
}

/** The machine is busy with the live site: a slow answer is no reason to begin again. */
function patient(probe: Probe | null): Probe | null {
  return probe && { ...probe, failures: Math.max(probe.failures, 3) }
}

/** Dependencies lead nowhere: services get the fallback, or are told that it cannot be reached. No header goes out, none with a secret. */
function cutOff(site: SiteDefinition, { dead }: SandboxGround, notes: string[]): SiteDefinition['dependencies'] {
  return Object.fromEntries(
    Object.values(site.dependencies).map((dependency) => {
      const answer = dependency.fallback
        ? 'its fallback answered'
        : 'calls to it were refused, because it has no fallback'
      notes.push(`${dependency.title} was not called; ${answer}.`)
      return [dependency.id, { ...dependency, url: `http://127.0.0.1:${dead}`, attempts: 1, headers: {}, check: null }]
    }),
  )
}

/** The routes as far as they stay at the embedded broker; a webhook and another broker are outside. */
function inside(site: SiteDefinition, embedded: string | null, notes: string[]): SiteDefinition['routes'] {
  const outside: string[] = []
  const routes = Object.values(site.routes).map((route): readonly [string, RouteDefinition] => {
    const kept = route.to.map(
      (target) => target.kind !== 'webhook' && (target.kind !== 'mqtt' || isAtEmbedded(target.broker, site, embedded)),
    )
    const listens = isAtEmbedded(route.broker, site, embedded)
    const to = route.to.filter((_, at) => kept[at]).map(here)
    const tag = route.tag && { ...route.tag, of: route.tag.of.filter((_, at) => kept[at]) }
    if (route.on && (!listens || to.length < route.to.length)) outside.push(route.id)
    return [route.id, { ...here(route), tag, to, on: route.on && listens && to.length > 0 }]
  })
  if (outside.length > 0)
    notes.push(`Routes that go to other brokers or call webhooks did not deliver there: ${outside.join(', ')}.`)
  return Object.fromEntries(routes)
}

/** In the sandbox the embedded broker is the only one, so the one that is meant where none is named. */
function here<T extends object>(named: T): T {
  if (!('broker' in named)) return named
  const { broker: _, ...rest } = named
  return rest as T
}

function isAtEmbedded(broker: string | undefined, site: SiteDefinition, embedded: string | null): boolean {
  return embedded !== null && (broker ?? brokerNames(site)[0]) === embedded
}

function keptChecks(
  { checks }: SiteDefinition,
  ground: SandboxGround,
  left: ReadonlyMap<string, string>,
  notes: string[],
): SiteDefinition['checks'] {
  const dropped: string[] = []
  const kept = Object.entries(checks).filter(([id, { of, check }]) => {
    const tied = checkTexts('', check).some((text) => tiedBy(text, ground) !== null)
    const stays = !tied && (of === null || !left.has(of))
    if (!stays) dropped.push(id)
    return stays
  })
  if (dropped.length > 0) notes.push(`Checks that look outside the sandbox were not made: ${dropped.join(', ')}.`)
  return Object.fromEntries(kept)
}

/** Where the two folders of a sandbox lie: the restored site, and what a console keeps for its user. */
export function sandboxPlaces(folder: string): { readonly site: string; readonly user: string } {
  return { site: join(folder, 'site'), user: join(folder, 'user') }
}
