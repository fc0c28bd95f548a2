import type { DependencyView } from '#shared/contract/dependencies.ts'
import type { DrillRun, DrillView } from '#shared/contract/drills.ts'
import { eachSlice } from '#shared/contract/each-slice.ts'
import type { MaintenanceView } from '#shared/contract/maintenance.ts'
import type { PolicyView } from '#shared/contract/recovery.ts'
import type {
  AttentionView,
  JobView,
  RouteStagesView,
  RouteView,
  ServiceView,
  SiteView,
  SnapshotView,
} from '#shared/contract/state.ts'
import type { VerifiedCheck } from '#shared/contract/verification.ts'
import type { Cause, EventRecord } from '#shared/vocabulary.ts'
import type { ShownFacts, WhyFacts } from '../../src/main/core/diagnostics/why/facts.ts'

// Facts that answers of `why` rest on, each a usual one but for what is said otherwise. The site is in Manila.

const two = Date.UTC(2026, 0, 5, 6, 0)

/** So many minutes after 14:00 at the site. */
export const at = (minutes: number, seconds = 0) => two + minutes * 60_000 + seconds * 1_000

/** Everything is empty but for what is given. */
export interface Given {
  readonly site?: Partial<SiteView> | null
  readonly services?: readonly ServiceView[]
  readonly jobs?: readonly JobView[]
  readonly cards?: readonly AttentionView[]
  readonly routes?: readonly RouteView[]
  readonly stages?: readonly RouteStagesView[]
  readonly snapshots?: readonly SnapshotView[]
  readonly rehearsals?: ShownFacts['rehearsals'][string]
  readonly backups?: Partial<ShownFacts['backups'][string]>
  readonly store?: ShownFacts['store'][string]
  readonly traffic?: { readonly router: 'off' | 'connected'; readonly broker: 'off' | 'running' }
  readonly disabled?: readonly string[]
  readonly dependencies?: readonly DependencyView[]
  readonly maintenance?: MaintenanceView
  readonly policies?: readonly PolicyView[]
  /** The list of checks; none was made when it is left out. */
  readonly checks?: readonly VerifiedCheck[]
  readonly drills?: readonly DrillView[]
  readonly broker?: string
  readonly logs?: Readonly<Record<string, readonly string[]>>
  /** Oldest first. */
  readonly events?: readonly EventRecord[]
}

/** Facts as the gatherer would fetch them: all histories, and the chain of every event. */
export function factsOf(given: Given): WhyFacts {
  const events = (given.events ?? []).map((each, index) => ({ ...each, seq: index + 1 }))
  const byId = new Map(events.map((each) => [each.id, each]))
  const histories = Map.groupBy(events.toReversed(), ({ subject }) => subject)
  const chain = (id: string): readonly EventRecord[] => {
    const found = byId.get(id)
    return found ? [found, ...(found.cause.type === 'event' ? chain(found.cause.id) : [])] : []
  }
  return {
    now: at(5),
    zone: 'Asia/Manila',
    shown: {
      ...eachSlice(() => ({})),
      site: given.site === null ? {} : { site: { ...site, ...given.site } },
      services: byIdOf(given.services),
      jobs: byIdOf(given.jobs),
      attention: byIdOf(given.cards),
      traffic: given.site === null ? {} : { traffic: trafficOf(given.traffic) },
      routes: byIdOf(given.routes),
      stages: byIdOf(given.stages),
      store: given.store ? { store: given.store } : {},
      dependencies: byIdOf(given.dependencies),
      rehearsals: given.rehearsals ? { rehearsals: given.rehearsals } : {},
      backups: given.backups ? { backups: { ...backups, ...given.backups } } : {},
      snapshots: byIdOf(given.snapshots),
      maintenance: given.maintenance ? { maintenance: given.maintenance } : {},
      recovery: byIdOf(given.policies),
      verification: given.checks ? { verification: verificationOf(given.checks) } : {},
      drills: byIdOf(given.drills),
    },
    definition: { disabled: given.disabled ?? [], broker: given.broker ?? null },
    histories,
    chains: new Map(events.map(({ id }) => [id, chain(id)])),
    logs: new Map(Object.entries(given.logs ?? {})),
  }
}

function byIdOf<T extends { readonly id: string }>(entities: readonly T[] = []): Readonly<Record<string, T>> {
  return Object.fromEntries(entities.map((entity) => [entity.id, entity]))
}

export const operator: Cause = { type: 'operator', via: 'browser' }
export const caused = (id: string): Cause => ({ type: 'event', id })

let count = 0
export function event(kind: string, subject: string, when: number, more: Partial<EventRecord> = {}): EventRecord {
  const id = `ev-${count++}`
  const message = `${subject.split(':')[1] ?? subject} ${kind.split('.')[1]}.`
  return {
    id,
    seq: 0,
    at: when,
    kind,
    subject,
    severity: 'info',
    message,
    cause: { type: 'observation', what: 'seen' },
    operation: null,
    data: {},
    ...more,
  }
}

export function exited(id: string, when: number, how: string, log: readonly string[] = [], title = id): EventRecord {
  return event('service.exited', `service:${id}`, when, {
    message: `${title} ${how}.`,
    severity: 'warning',
    cause: { type: 'observation', what: how },
    data: { log },
  })
}

/** job.started ← service.stopping ← service.stopped, of the job jb-1. */
export function stopByOperator(id: string, kind: string, subject: string, title: string): readonly EventRecord[] {
  const rest = { operation: 'jb-1' }
  return [
    event('job.started', 'job:jb-1', at(2), {
      ...rest,
      id: 'e1',
      cause: operator,
      message: `Started: ${title}.`,
      data: { kind, subject, title },
    }),
    event('service.stopping', `service:${id}`, at(2), {
      ...rest,
      id: 'e2',
      cause: caused('e1'),
      message: `${id} is being stopped.`,
    }),
    event('service.stopped', `service:${id}`, at(2), {
      ...rest,
      id: 'e3',
      cause: caused('e2'),
      message: `${id} is stopped.`,
    }),
  ]
}

export const need = (id: string, condition: ServiceView['needs'][number]['condition']) => ({
  service: id,
  condition,
  met: false,
})

export function waiting(id: string, needs: ServiceView['needs']): ServiceView {
  const reason = `Waits for ${needs.map((each) => each.service).join(', ')}.`
  return service(id, { state: 'waiting', health: 'unknown', needs, reason, since: at(2) })
}

export function probe(name: ServiceView['probes'][number]['name'], more: Partial<ServiceView['probes'][number]> = {}) {
  return {
    name,
    what: 'http http://127.0.0.1:18101/health',
    passing: true,
    answer: '200 OK',
    at: at(4),
    ms: 3,
    failures: 0,
    ...more,
  }
}

export function service(id: string, more: Partial<ServiceView> = {}): ServiceView {
  return {
    id,
    title: id,
    kind: 'node',
    state: 'running',
    wanted: true,
    optional: false,
    health: 'healthy',
    since: at(0),
    reason: 'Running.',
    event: null,
    needs: [],
    dependents: [],
    uses: [],
    phase: 'business-services',
    pid: 1,
    startedAt: null,
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
    command: '',
    cwd: '',
    pages: [],
    hooks: [],
    ...more,
  }
}

export function job(id: string, more: Partial<JobView> = {}): JobView {
  return {
    id,
    kind: 'services.start',
    subject: 'site',
    title: 'Start all services',
    state: 'running',
    startedAt: at(1),
    endedAt: null,
    steps: [],
    progress: null,
    cancellable: true,
    noReturn: null,
    commandLine: '',
    cause: operator,
    message: null,
    remedy: null,
    data: {},
    ...more,
  }
}

export function restoring(id: string): JobView {
  const step = (name: string, state: JobView['steps'][number]['state']) => ({
    id: name,
    title: name,
    state,
    startedAt: null,
    endedAt: null,
  })
  return job(id, {
    kind: 'restore.run',
    title: 'Restore ConsultEase',
    steps: [step('stop', 'done'), step('swap', 'running'), step('start', 'pending')],
  })
}

export function card(id: string, subject: string, more: Partial<AttentionView> = {}): AttentionView {
  return {
    id,
    subject,
    severity: 'error',
    title: id,
    why: 'It is so.',
    since: at(2),
    fixes: [],
    event: null,
    dismissible: true,
    dismissed: false,
    ...more,
  }
}

/** One that calls pass to. */
export function dependency(id: string, more: Partial<DependencyView> = {}): DependencyView {
  return {
    id,
    title: id,
    url: 'http://127.0.0.1:28191/',
    state: 'closed',
    since: at(0),
    sentence: 'It answers.',
    problem: null,
    rule: 'opens after 3 failures in a row',
    nextTryAt: null,
    failuresInARow: 0,
    underWay: 0,
    concurrency: 32,
    attempts: 3,
    timeoutMs: 30_000,
    fallback: false,
    users: [],
    figures: {
      calls: 0,
      ends: { answered: 0, fallback: 0, failed: 0, abandoned: 0, refused: 0 },
      tries: { total: 0, failed: 0, repeated: 0 },
      kept: { open: 0, busy: 0 },
      perSecond: 0,
      p50: 0,
      p99: 0,
      lastError: null,
    },
    troubled: [],
    check: null,
    ...more,
  }
}

/** One that restarts what is unhealthy and is about nothing now. */
export function policy(id: string, more: Partial<PolicyView> = {}): PolicyView {
  return {
    id,
    title: id,
    shipped: false,
    on: true,
    switchedOff: false,
    state: 'armed',
    when: 'a service is unhealthy',
    forMs: 120_000,
    steps: [
      { action: 'restart', words: 'restart' },
      { action: 'call-operator', words: 'call a person' },
    ],
    perDay: 10,
    coolDownMs: 300_000,
    subjects: [],
    candidates: [],
    last: null,
    ...more,
  }
}

/** One that passed. */
export function check(id: string, more: Partial<VerifiedCheck> = {}): VerifiedCheck {
  return {
    id,
    title: id,
    state: 'passed',
    sentence: 'All is there.',
    faults: [],
    about: [],
    at: at(3),
    ms: 4,
    own: false,
    ...more,
  }
}

function verificationOf(checks: readonly VerifiedCheck[]): ShownFacts['verification'][string] {
  const passed = checks.filter(({ state }) => state === 'passed').length
  const sentence = `${passed} of ${checks.length} checks passed.`
  return { at: at(3), running: false, passed, total: checks.length, sentence, checks: [...checks] }
}

/** One that was never done. */
export function drill(id: string, more: Partial<DrillView> = {}): DrillView {
  return {
    id,
    title: id,
    service: 'api',
    do: 'kill',
    declared: false,
    schedule: null,
    nextAt: null,
    withinMs: 120_000,
    job: null,
    last: null,
    trend: [],
    commandLine: `wheelhouse drill run ${id}`,
    ...more,
  }
}

/** One that passed. */
export function drillRun(drillId: string, more: Partial<DrillRun> = {}): DrillRun {
  return {
    id: 'jb-7',
    drill: drillId,
    title: drillId,
    service: 'api',
    do: 'kill',
    scheduled: false,
    at: at(2),
    endedAt: at(3),
    state: 'completed',
    detectMs: 20,
    recoverMs: 1_400,
    detectedBy: 'Its exit was seen.',
    recoveredBy: 'The console started it again.',
    restarts: 1,
    lost: null,
    verdict: 'Noticed after 20 ms, healthy again after 1.4 s.',
    ...more,
  }
}

export function route(id: string, more: Partial<RouteView> = {}): RouteView {
  return {
    id,
    from: '#',
    title: id,
    on: true,
    received: 9,
    perSecond: 0,
    limit: null,
    batch: null,
    merged: 0,
    filtered: 0,
    limited: 0,
    held: 0,
    quarantined: 0,
    function: null,
    targets: [],
    refused: null,
    lastError: null,
    lastAt: null,
    ...more,
  }
}

export function snapshot(id: string, more: Partial<SnapshotView> = {}): SnapshotView {
  return {
    id,
    at: at(0),
    kind: 'full',
    note: '',
    files: 3,
    bytes: 1,
    added: 1,
    durationMs: 1,
    databases: 1,
    verified: null,
    rehearsed: null,
    partial: false,
    warnings: [],
    pinned: false,
    release: null,
    before: null,
    ...more,
  }
}

const site: SiteView = {
  id: 'consultease',
  name: 'ConsultEase',
  directory: '/srv/site',
  sample: false,
  zone: 'Asia/Manila',
  contact: null,
  health: 'healthy',
  sentence: 'All is well.',
  since: at(-60),
  score: { value: 100, trend: null, history: [], lowered: [] },
  evidence: null,
  config: { valid: true, problems: [], loadedAt: at(-60) },
  trust: null,
  leftOut: [],
  phases: [],
  waves: [],
  parts: {},
  broker: null,
  backupFolder: '/backups',
}

const backups = {
  folder: '/backups',
  sharesDisk: false,
  bytes: null,
  freeBytes: null,
  lastAt: null,
  lastVerifiedAt: null,
  nextAt: null,
  undo: null,
  note: null,
  encryption: {
    on: false,
    configured: false,
    locked: null,
    repository: null,
    kit: { madeAt: null, proven: null, failed: null },
  },
}

export const database = {
  name: 'control' as const,
  state: 'open' as const,
  note: null,
  bytes: 1_000,
  walBytes: 0,
  limitBytes: 1e9,
  comesBack: false,
  copies: { count: 0, newestAt: null, bytes: 0 },
  lastCheck: null,
}

function trafficOf(
  { router, broker } = { router: 'connected' as 'off' | 'connected', broker: 'running' as 'off' | 'running' },
): ShownFacts['traffic'][string] {
  return {
    at: at(5),
    broker: { state: broker, clients: 3, address: null },
    router,
    links: [],
    received: { total: 0, perSecond: 0, history: [] },
    topics: [],
    topicsHidden: 0,
    quarantined: 0,
  }
}
