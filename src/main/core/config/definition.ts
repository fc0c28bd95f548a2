import { brokerSettings, toBroker } from './broker-definition.ts'
import { toBrokerLink } from './broker-link-definition.ts'
import { brokerNames } from './broker-names.ts'
import { checkOf } from './check-definition.ts'
import { commandWords } from './command-words.ts'
import { toDependency, toUses } from './dependency-definition.ts'
import { toDeploy } from './deploy-definition.ts'
import { toDevice } from './device-definition.ts'
import { defaultPhases } from './phase-schema.ts'
import { toPolicies } from './policy-definition.ts'
import { referencesIn } from './references.ts'
import type { ServiceEntry } from './service-schema.ts'
import type { SiteFile } from './site-schema.ts'
import { toSources } from './sources/source-definition.ts'
import { toTarget as toPlace } from './target-definition.ts'
import type { TargetEntry } from './target-schema.ts'
import type {
  DatabaseDefinition,
  DrillDefinition,
  HookDefinition,
  LimitDefinition,
  Probe,
  RouteBatch,
  RouteDefinition,
  RouteLimit,
  RouteTarget,
  ServiceDefinition,
  SiteDefinition,
  TargetOrder,
  WebhookTarget,
} from './types.ts'

/** The definition that a checked file describes. What a later version acts on is left out. */
export function toDefinition(file: SiteFile, source: SiteDefinition['source']): SiteDefinition {
  const services = mapped(file.services, (id, entry) => toService(id, entry, file))
  const dependencies = mapped(file.dependencies, toDependency)
  const { full = null, data = null } = file.backup
  const [home] = brokerNames(file)
  return {
    id: file.site,
    name: file.name ?? file.site,
    zone: file.zone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone,
    contact: file.contact
      ? { name: file.contact.name, phone: file.contact.phone ?? null, email: file.contact.email ?? null }
      : null,
    parts: file.parts,
    secrets: secretsOf([
      ...Object.values(services).map(({ env }) => env),
      ...Object.values(dependencies).map(({ headers }) => headers),
      ...Object.values(services).map(passwordsOf),
      ...Object.values(file.services).map(({ database }) => ({ password: database?.admin?.password ?? '' })),
      ...Object.values(file.brokers).map(({ password = '' }) => ({ password })),
      file.backup.encryption ?? {},
      { token: file.sources.http?.token ?? '' },
      ...Object.values(file.routes).flatMap(({ to }) =>
        to.map(({ webhook = '', headers }) => ({ ...headers, webhook })),
      ),
      ...[file.backup.target, ...Object.values(file.backup.copies)].map((target) => keysOf(target)),
    ]),
    phases: Object.entries(file.phases ?? defaultPhases).map(([id, title]) => ({ id, title })),
    services,
    dependencies,
    brokers: mapped(file.brokers, toBrokerLink),
    routes: mapped(file.routes, (id, entry) => toRoute(id, entry, home)),
    devices: mapped(file.devices, (id, entry) => toDevice(id, entry, home)),
    checks: toChecks(file.checks),
    deploy: toDeploy(file.deploy),
    drills: mapped(file.drills, toDrill),
    backup: {
      ...placesOf(file.backup),
      schedule: { full, data },
      watchMs: file.backup.watch,
      keep: file.backup.keep,
      exclude: file.backup.exclude,
      caches: file.backup.caches,
      alertAfterMs: file.backup['alert-after'] ?? null,
      rehearsal: {
        schedule: file.backup.rehearse,
        folder: file.backup.sandbox.folder ?? null,
        most: file.backup.sandbox.most,
        withinMs: file.backup.sandbox.within,
        healthyWithinMs: file.backup.sandbox.healthy,
      },
      encryption: file.backup.encryption ? { secret: secretNamed(file.backup.encryption.passphrase) } : null,
    },
    recovery: toPolicies(file.recovery),
    tables: mapped(file.tables, (id, { file, key }) => ({ id, file, key })),
    outbox: {
      rows: file.outbox.rows,
      bytes: file.outbox.bytes,
      ageMs: file.outbox.age,
      whenFull: file.outbox['when-full'],
    },
    store: file.store,
    sources: toSources(file.sources),
    reload: file.reload,
    source,
  }
}

function toService(id: string, entry: ServiceEntry, file: SiteFile): ServiceDefinition {
  return {
    id,
    title: entry.title ?? id,
    kind: entry.kind,
    run: commandWords(entry.run),
    use: entry.use === 'broker' || entry.use === 'database' ? entry.use : null,
    broker: entry.use === 'broker' ? (entry.broker ? toBroker(entry.broker) : brokerSettings()) : null,
    database: toDatabase(entry.database),
    cwd: entry.cwd,
    env: entry.env,
    ports: entry.ports,
    bind: entry.bind,
    phase: entry.phase ?? null,
    needs: mapped(entry.needs, (_, { be }) => be),
    follows: Object.keys(entry.needs).filter((need) => entry.needs[need]?.restart),
    uses: toUses(entry.uses, file.dependencies),
    optional: entry.optional,
    weight: entry.weight,
    enabled: entry.enabled,
    oneShot: entry['one-shot'],
    probes: {
      startup: toProbe(entry.startup),
      readiness: toProbe(entry.readiness),
      liveness: toProbe(entry.liveness),
    },
    hooks: {
      'before-start': toHook(entry.hooks['before-start']),
      'after-start': toHook(entry.hooks['after-start']),
      'before-stop': toHook(entry.hooks['before-stop']),
      'after-stop': toHook(entry.hooks['after-stop']),
    },
    restart: {
      policy: entry.restart.policy,
      backoff: {
        firstMs: entry.restart.backoff.first,
        factor: entry.restart.backoff.factor,
        capMs: entry.restart.backoff.cap,
      },
      budget: { starts: entry.restart.budget.starts, perMs: entry.restart.budget.per },
      forgiveMs: entry.restart.forgive,
    },
    stop: { signal: entry.stop.signal, withinMs: entry.stop.within },
    unit: entry.unit ?? null,
    rehearse: entry.rehearse,
    code: entry.code ?? null,
    limits: toLimits(entry.limits),
    push: entry.push ?? null,
    onCrash: entry['on-crash'],
    pages: entry.pages,
  }
}

function toDrill(id: string, { title, do: deed, of, schedule, within }: SiteFile['drills'][string]): DrillDefinition {
  return { id, title: title ?? null, do: deed, of, schedule: schedule ?? null, withinMs: within }
}

function toHook(entry: ServiceEntry['hooks']['before-start']): HookDefinition | null {
  return entry
    ? { run: commandWords(entry.run), timeoutMs: entry.timeout, ...(entry.harmless && { harmless: true }) }
    : null
}

function toLimits(entry: ServiceEntry['limits']): LimitDefinition | null {
  if (!entry) return null
  const { memory = null, cpu = null, processes = null, 'open-files': openFiles = null } = entry
  return { memory, cpu, processes, openFiles, forMs: entry.for }
}

function toDatabase(entry: ServiceEntry['database']): DatabaseDefinition | null {
  const target = entry && targetOf(entry)
  if (!entry || !target) return null
  const { pool, recover, check, backup, admin } = entry
  const [size, overflow] = target.engine === 'postgres' ? [15, 30] : [2, 2]
  return {
    target,
    pool: {
      size: pool.size ?? size,
      overflow: pool.overflow ?? overflow,
      recycleMs: pool.recycle,
      timeoutMs: pool.timeout,
      statementMs: pool.statement,
      ping: pool.ping,
    },
    recover,
    check,
    backup,
    admin: admin
      ? { user: admin.user, secret: admin.password === undefined ? null : secretNamed(admin.password) }
      : null,
  }
}

function targetOf({ sqlite, postgres }: NonNullable<ServiceEntry['database']>): DatabaseDefinition['target'] | null {
  if (sqlite !== undefined) return { engine: 'sqlite', file: sqlite }
  return postgres === undefined ? null : { engine: 'postgres', url: postgres }
}

function toProbe(entry: ServiceEntry['startup']): Probe | null {
  const check = entry && checkOf(entry)
  if (!entry || !check) return null
  return {
    check,
    delayMs: entry.delay,
    everyMs: entry.every,
    timeoutMs: entry.timeout,
    failures: entry.failures,
    successes: entry.successes,
    withinMs: entry.within,
  }
}

function toChecks(entries: SiteFile['checks']): SiteDefinition['checks'] {
  const checks = Object.entries(entries).flatMap(([id, entry]) => {
    const check = checkOf(entry)
    if (!check) return []
    return [[id, { id, title: entry.title ?? id, of: entry.of ?? null, check, timeoutMs: entry.timeout }] as const]
  })
  return Object.fromEntries(checks)
}

function toRoute(id: string, entry: SiteFile['routes'][string], home: string | undefined): RouteDefinition {
  const source = typeof entry.from === 'string' ? { broker: home, topic: entry.from } : entry.from
  return {
    id,
    title: entry.title ?? id,
    on: entry.on,
    from: source.topic,
    ...elsewhere(source.broker, home),
    where: entry.where ?? null,
    validate: entry.validate ?? null,
    limit: entry.limit === undefined ? null : { ...entry.limit, per: toKey(entry.limit.per) },
    enrich: entry.enrich ?? null,
    tag:
      entry.tag === undefined
        ? null
        : { expression: entry.tag, of: entry.to.map(({ tag }) => (typeof tag === 'string' ? [tag] : (tag ?? null))) },
    map: toMap(entry.map),
    batch: entry.batch === undefined ? null : toBatch(entry.batch),
    priority: entry.priority,
    expiresMs: entry.expires ?? null,
    to: entry.to.flatMap((target) => toTarget(target, home)),
  }
}

function toMap(map: SiteFile['routes'][string]['map']): RouteDefinition['map'] {
  if (map === undefined || typeof map === 'string') return map ?? null
  return { file: map.function, export: map.export, timeoutMs: map.timeout, payload: map.payload }
}

function toBatch({ window, most, bytes, per, as }: NonNullable<SiteFile['routes'][string]['batch']>): RouteBatch {
  return { windowMs: window, most, bytes, per: toKey(per), as: as ?? null }
}

function toKey(per: string): RouteLimit['per'] {
  return per === 'topic' || per === 'route' ? per : { expression: per }
}

/** The first of the site's brokers is the one without a name, so that what is meant by both ways of writing is one and the same. */
function elsewhere(broker: string | undefined, home: string | undefined): { readonly broker?: string } {
  return broker === undefined || broker === home ? {} : { broker }
}

function toTarget(entry: SiteFile['routes'][string]['to'][number], home: string | undefined): readonly RouteTarget[] {
  if (entry.mqtt !== undefined) {
    return [
      {
        kind: 'mqtt',
        topic: entry.mqtt,
        qos: entry.qos ?? 0,
        retain: entry.retain ?? false,
        ...elsewhere(entry.broker, home),
        ...orderOf(entry),
      },
    ]
  }
  if (entry.channel !== undefined) return [{ kind: 'channel', channel: entry.channel }]
  if (entry.webhook !== undefined) return [toWebhook(entry.webhook, entry)]
  return entry.journal === undefined ? [] : [{ kind: 'journal', keepMs: entry.journal }]
}

function orderOf({ key, keep }: SiteFile['routes'][string]['to'][number]): TargetOrder {
  return { ...(key !== undefined && { key }), ...(keep === 'latest' && { keep }) }
}

function toWebhook(url: string, entry: SiteFile['routes'][string]['to'][number]): WebhookTarget {
  const { method = 'POST', headers = {}, type = null, timeout: timeoutMs = 10_000, parallel = 1 } = entry
  return { kind: 'webhook', url, method, headers, type, timeoutMs, parallel, ...orderOf(entry) }
}

function passwordsOf({ broker }: ServiceDefinition): Readonly<Record<string, string>> {
  return mapped(broker?.users ?? {}, (_, { password }) => password ?? '')
}

/** The secret that a text refers to; the file's rules have seen that it does. */
function secretNamed(text: string): string {
  const [reference] = referencesIn(text)
  return reference?.target.to === 'secret' ? reference.target.secret : ''
}

function placesOf({ folder, target: entry, copies }: SiteFile['backup']) {
  const target = entry ? toPlace(entry) : folder === undefined ? null : ({ kind: 'folder', folder } as const)
  const places = Object.entries(copies).flatMap(([id, copy]) => {
    const place = toPlace(copy)
    return place ? [[id, place] as const] : []
  })
  return { folder: target?.kind === 'folder' ? target.folder : null, target, copies: Object.fromEntries(places) }
}

function keysOf(target: TargetEntry | undefined): Readonly<Record<string, string>> {
  return { access: target?.s3?.['access-key'] ?? '', secret: target?.s3?.['secret-key'] ?? '' }
}

/** Names of the secrets in these maps of texts. */
function secretsOf(maps: readonly Readonly<Record<string, string>>[]): readonly string[] {
  const names = maps
    .flatMap((map) => Object.values(map))
    .flatMap(referencesIn)
    .flatMap(({ target }) => (target.to === 'secret' ? [target.secret] : []))
  return [...new Set(names)].sort()
}

function mapped<Entry, Result>(
  entries: Readonly<Record<string, Entry>>,
  make: (id: string, entry: Entry) => Result,
): Readonly<Record<string, Result>> {
  return Object.fromEntries(Object.entries(entries).map(([id, entry]) => [id, make(id, entry)]))
}
