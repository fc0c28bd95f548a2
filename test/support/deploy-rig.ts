import { cpSync, mkdirSync, readFileSync, readlinkSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { attentionSchema, openAttention } from '#core/attention/index.ts'
import { checkSite, type LoadedSite, loadSite, type SiteDefinition } from '#core/config/index.ts'
import type { ServicesOutcome } from '#core/coordinator/index.ts'
import { type DeployParts, type Deploys, openDeploys } from '#core/deploy/index.ts'
import { eventsSchema, openEventLog } from '#core/events/index.ts'
import { jobsSchema, openJobs } from '#core/jobs/index.ts'
import { type CrashPoints, DisposableStore, silentLogger } from '#core/platform/index.ts'
import type { PreparedRelease, Release, ReleaseDifference, Releases } from '#core/releases/index.ts'
import { openStateHub } from '#core/state/index.ts'
import { openStore } from '#core/store/index.ts'
import type { JobView, ServiceView } from '#shared/contract/state.ts'
import type { VerificationView } from '#shared/contract/verification.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { ManualClock } from './manual-clock.ts'
import { testRuntime } from './runtime.ts'

export const operator: Cause = { type: 'operator', via: 'browser' }

/** How the code of a release behaves when its services are started. */
export type Behaviour = 'well' | 'fails' | 'hangs' | 'never healthy' | 'fails the checks'

export interface DeployRigOptions {
  readonly behaviour?: Readonly<Record<string, Behaviour>>
  /** Lines below `deploy:` of site.yaml. */
  readonly deploy?: string
  /** site.yaml that release two carries. */
  readonly carried?: string
  readonly crashPoints?: CrashPoints
  readonly uncleanExit?: boolean
  readonly serves?: boolean
  /** Snapshots that there are. */
  readonly snapshots?: ReturnType<DeployParts['backups']['snapshots']>
  /** Services that an earlier console left running, with the code that they run. */
  readonly adopted?: Readonly<Record<string, string>>
  /** Called before an effect, to make it fail: `stop`, `start`, `switch two`, `back-up`, `verify`, `reload`. */
  readonly failing?: (effect: string) => void
}

export interface DeployRig extends AsyncDisposable {
  readonly deploys: Deploys
  readonly clock: ManualClock
  readonly attention: DeployParts['attention']
  readonly jobs: DeployParts['jobs']
  /** What was done, in order: `stop api`, `switch two`, `start api`. */
  readonly did: readonly string[]
  readonly verdicts: ReadonlyMap<string, string>
  /** Starts the services on what lies there. */
  startAll(): Promise<unknown>
  /** Which code a service runs now; null: it does not run. */
  runs(service: string): string | null
  /** What the link leads to. */
  current(): string
  siteFile(): string
  change(service: string, change: Partial<ServiceView>): void
  /** Moves time on until this has a value. */
  until<T>(what: string, look: () => T | undefined | false): Promise<T>
  /** Moves time on until the job has ended. */
  ended(job: string): Promise<JobView>
  /** Moves time on until a deploy is in one of these phases. */
  reaches(deploy: string, ...phases: readonly string[]): Promise<string>
}

export const siteYaml = (deploy = '', more = '') => `wheelhouse: 1
site: lab
services:
  api: { kind: node, run: api.mjs }
  kiosk: { kind: node, run: kiosk.mjs, needs: { api: healthy } }
${more}deploy:
  probation: 30m
  checks: [config]
${deploy}`

/** A site folder with two releases, of which the first is in use. */
export function makeDeploySite(directory: string, options: DeployRigOptions = {}): void {
  for (const id of ['one', 'two']) {
    mkdirSync(join(directory, 'releases', id), { recursive: true })
    for (const service of ['api', 'kiosk']) writeFileSync(join(directory, 'releases', id, `${service}.mjs`), `// ${id}`)
  }
  mkdirSync(join(directory, '.wheelhouse'), { recursive: true })
  if (options.carried !== undefined) writeFileSync(join(directory, 'releases', 'two', 'site.yaml'), options.carried)
  symlinkSync('releases/one', join(directory, 'current'))
  writeFileSync(join(directory, 'site.yaml'), siteYaml(options.deploy))
}

/**
 * Deploys on a real folder, with real records, jobs, events and cards. Services are stand-ins that run what `current` leads to when they are
 * started, so that what runs can be told from what lies there.
 */
export async function openDeployRig(directory: string, options: DeployRigOptions = {}): Promise<DeployRig> {
  const { behaviour = {}, failing = () => {} } = options
  const clock = new ManualClock()
  const logger = silentLogger
  const owned = new DisposableStore()
  const schemas = { control: [eventsSchema, attentionSchema, jobsSchema], messages: [] }
  const store = owned.add(
    await openStore({ directory: join(directory, '.wheelhouse'), schemas, runtime: testRuntime(), clock, logger }),
  )
  const database = store.control
  const state = owned.add(openStateHub({ clock, logger }))
  const events = owned.add(openEventLog({ database, clock, logger }))
  const attention = owned.add(openAttention({ database, events, state: state.slice('attention'), clock, logger }))
  const jobs = owned.add(await openJobs({ database, events, state: state.slice('jobs'), clock, logger }))
  const did: string[] = []
  const current = () => readlinkSync(join(directory, 'current')).replace('releases/', '')
  const siteFile = () => readFileSync(join(directory, 'site.yaml'), 'utf8')

  let definition: SiteDefinition | null = null
  const take = (loaded: LoadedSite) => {
    if (loaded.valid) definition = loaded.definition
    return { valid: loaded.valid }
  }
  const check = (text: string, release: string): Promise<LoadedSite> =>
    checkSite(directory, { file: join(directory, 'site.yaml'), text, sha256: '' }, { release })
  const reload = async () => {
    failing('reload')
    did.push('reload')
    return take(await loadSite(directory))
  }

  const running = new Map<string, string>()
  for (const [id, code] of Object.entries(options.adopted ?? {})) running.set(id, code)
  const services = state.slice('services')
  const orders = new Map<string, string | null>()
  const show = (id: string, change: Partial<ServiceView>) =>
    services.set(id, { ...viewOf(id), ...services.get(id), ...change })
  const outcome = (ids: readonly string[]): ServicesOutcome => ({ done: ids, failed: [] })
  const coordinator: DeployParts['coordinator'] = {
    emergencyStops: 0,
    stopOrder: (id) => orders.get(id) ?? null,
    wanted: () => [...running.keys()],
    async stop(ids, order) {
      const named = ids === 'all' ? [...running.keys()] : ids
      failing('stop')
      did.push(`stop ${named.join(' ')}`)
      for (const id of named) {
        running.delete(id)
        orders.set(id, order.operation)
        show(id, { state: 'stopped', health: 'unknown', wanted: false, pid: null })
      }
      return outcome(named)
    },
    async start(ids, order) {
      const named = ids === 'all' ? ['api', 'kiosk'] : ids
      failing('start')
      did.push(`start ${named.join(' ')}`)
      const how = behaviour[current()] ?? 'well'
      for (const id of named) running.set(id, current())
      if (how === 'hangs') {
        const late = Promise.withResolvers<never>()
        order.signal?.addEventListener('abort', () => late.reject(order.signal?.reason))
        await late.promise
      }
      if (how === 'fails') {
        for (const id of named)
          show(id, { state: 'failed', health: 'unhealthy', wanted: true, reason: 'It does not start.' })
        return { done: [], failed: named.map((service) => ({ service, reason: 'It does not start.' })) }
      }
      const health = how === 'never healthy' ? 'unhealthy' : 'healthy'
      for (const id of named) show(id, { state: 'running', health, wanted: true, pid: 1, reason: `It is ${health}.` })
      return outcome(named)
    },
  }

  const verdicts = new Map<string, string>()
  const verification = {
    async run(): Promise<VerificationView> {
      failing('verify')
      const bad = (behaviour[current()] ?? 'well') === 'fails the checks'
      const checks = [
        {
          id: 'files',
          title: 'Files',
          state: bad ? ('failed' as const) : ('passed' as const),
          sentence: bad ? 'A file is missing.' : 'All are there.',
          faults: [],
          about: [],
          at: clock.wall(),
          ms: 1,
          own: false,
        },
      ]
      return { at: clock.wall(), running: false, passed: bad ? 0 : 1, total: 1, sentence: '', checks }
    },
  }
  const job = async (kind: string, data: Record<string, unknown>, run: () => void) => {
    const { id } = await jobs.start(
      {
        kind,
        subject: 'site',
        title: kind,
        steps: [],
        cause: operator,
        commandLine: '',
        input: {},
        lane: 'backup',
        cancellable: true,
      },
      async () => {
        run()
        return { message: `${kind}: done.`, data }
      },
    )
    return { job: id }
  }
  const backups: DeployParts['backups'] = {
    create: () => job('backup.create', { snapshot: 'sn-before' }, () => failing('back-up')),
    restore: async ({ snapshot, paths }) => {
      const begun = await job('restore.run', {}, () => {
        failing('restore')
        did.push(`restore ${snapshot} of ${paths?.join(', ')}`)
      })
      // Whoever uses the data counts as ordered to stop by it, also what is stopped already.
      for (const id of ['api', 'kiosk']) orders.set(id, begun.job)
      return begun
    },
    pin: async () => {},
    snapshots: () => options.snapshots ?? [],
  }

  const site = { id: 'lab', name: 'Lab', directory, own: join(directory, '.wheelhouse') }
  await reload()
  const deploys = owned.add(
    await openDeploys({
      site,
      definition: () => definition,
      config: { check, isTrusted: () => true, trust: async () => {}, reload },
      releases: releasesOf(directory, { did, failing, verdicts, current }),
      coordinator,
      backups,
      verification,
      jobs,
      events,
      attention,
      state,
      runtime: testRuntime(),
      clock,
      logger,
      crashPoints: options.crashPoints ?? { reach() {} },
      uncleanExit: options.uncleanExit ?? false,
      serves: options.serves ?? true,
    }),
  )
  did.length = 0
  const goOn = async <T>(what: string, look: () => T | undefined | false, stepMs = 100): Promise<T> => {
    const deadline = performance.now() + 60_000
    for (;;) {
      const found = look()
      if (found !== undefined && found !== false) return found
      if (performance.now() > deadline) throw new Error(`Waited a minute for: ${what}`)
      await clock.advance(stepMs)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return {
    deploys,
    clock,
    attention,
    jobs,
    did,
    verdicts,
    current,
    siteFile,
    runs: (service) => running.get(service) ?? null,
    change: show,
    startAll: () => coordinator.start('all', { cause: operator, operation: null }),
    until: (what, look) => goOn(what, look),
    ended: (id) =>
      goOn(`the end of ${id}`, () => (jobs.running().some((view) => view.id === id) ? undefined : jobs.get(id))),
    reaches: (id, ...phases) =>
      goOn(
        `${id} to be ${phases.join(' or ')}`,
        () => {
          const phase = state.slice('deploys').get(id)?.phase
          return phase !== undefined && phases.includes(phase) && phase
        },
        2_000,
      ),
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  }
}

/** Copies a site as it lies on disk at this moment, as a crash would leave it; the console's own databases are begun anew. */
export function leftBehind(directory: string, to: string): void {
  cpSync(directory, to, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !/\.wheelhouse\/[^/]*(\.db|lock|copies|store\.json)/.test(path),
  })
}

function releasesOf(
  directory: string,
  ports: {
    readonly did: string[]
    readonly failing: (effect: string) => void
    readonly verdicts: Map<string, string>
    readonly current: () => string
  },
): Releases {
  const { did, failing, verdicts, current } = ports
  const release = (id: string): Release => {
    const verdict = verdicts.get(id)
    return {
      id,
      folder: join(directory, 'releases', id),
      at: 0,
      source: { kind: 'found' },
      version: null,
      digest: id,
      proof: 'computed',
      files: 2,
      bytes: 20,
      commit: null,
      schema: null,
      state: current() === id ? 'active' : 'ready',
      verdict: verdict === 'good' || verdict === 'bad' ? { verdict, why: 'It said so.', at: 0 } : null,
      pinned: false,
      note: '',
      restorePoint: null,
      activeSince: null,
      verified: null,
    }
  }
  const not = (what: string) => () => Promise.reject(new Error(`${what} is not part of this`))
  const difference: ReleaseDifference = {
    added: [],
    removed: [],
    changed: [{ path: 'api.mjs', bytes: 10, before: 10 }],
    unchanged: 1,
  }
  return {
    list: () => ['two', 'one'].map(release),
    get(id) {
      if (id === 'one' || id === 'two') return release(id)
      throw new ConsoleError('release-unknown', `There is no release ${id}.`, 'Name another.')
    },
    active: () => release(current()),
    previous: () => (current() === 'two' ? release('one') : null),
    prepare: (): Promise<PreparedRelease> => Promise.reject(new Error('prepare is not part of this')),
    adopt: not('adopt'),
    verify: async () => {
      failing('prepare')
      return { ok: true, sentence: 'All 2 files are as they were.', missing: [], changed: [], extra: [] }
    },
    switchTo: async (id) => {
      failing(`switch ${id}`)
      did.push(`switch ${id}`)
      const link = join(directory, '.next')
      symlinkSync(`releases/${id}`, link)
      renameSync(link, join(directory, 'current'))
    },
    mark: async (id, verdict) => void verdicts.set(id, verdict),
    unmark: async (id) => void verdicts.delete(id),
    bind: async () => {},
    note: async () => {},
    pin: async () => {},
    remove: not('remove'),
    cleanUp: async () => [],
    difference: async () => difference,
    refresh: async () => {},
    folderOf: (id) => release(id).folder,
    reseal: async (id) => release(id),
    [Symbol.asyncDispose]: async () => {},
  }
}

function viewOf(id: string): ServiceView {
  return {
    id,
    title: id,
    kind: 'node',
    state: 'stopped',
    wanted: false,
    optional: false,
    health: 'unknown',
    since: 0,
    reason: 'It was not started.',
    event: null,
    needs: [],
    dependents: [],
    uses: [],
    phase: null,
    pid: null,
    startedAt: null,
    adopted: false,
    ports: {},
    restarts: 0,
    attempt: 0,
    nextStartAt: null,
    lastExit: null,
    probes: [],
    hooks: [],
    cpu: null,
    memory: null,
    processes: 0,
    unit: null,
    command: '',
    cwd: '',
    pages: [],
  }
}
