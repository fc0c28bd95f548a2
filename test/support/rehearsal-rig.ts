import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RunMarks } from '#core/coordinator/index.ts'
import {
  type CrashPoints,
  DisposableStore,
  networkApart,
  noCrashPoints,
  type Processes,
  silentLogger,
  systemClock,
  systemProcesses,
} from '#core/platform/index.ts'
import { openSite, type Site } from '#core/site.ts'
import { openStateHub, type StateHub } from '#core/state/index.ts'
import type { RehearsalRun } from '#shared/contract/rehearsals.ts'
import type { JobView } from '#shared/contract/state.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { freePorts } from './ports.ts'
import { testRuntime } from './runtime.ts'
import { until } from './until.ts'

export const operator: Cause = { type: 'operator', via: 'command line' }

export interface RehearsalRig extends AsyncDisposable {
  readonly site: Site
  readonly state: StateHub
  readonly processes: Processes
  /** Starts everything and waits until all is healthy. */
  start(): Promise<void>
  backUp(kind?: 'full' | 'data'): Promise<string>
  /** Resolves with the end of the job, and what was recorded. */
  rehearse(snapshot?: string | null, keep?: boolean): Promise<{ readonly job: JobView; readonly run: RehearsalRun }>
  /** Processes of sandboxes of this site. */
  inSandboxes(): readonly number[]
}

/** A live site with everything that a console has, in a folder that holds its user's data as well. */
export async function openRehearsalRig(
  home: string,
  directory: string,
  more: { readonly network?: boolean; readonly crashPoints?: CrashPoints } = {},
): Promise<RehearsalRig> {
  const owned = new DisposableStore()
  const clock = systemClock()
  const logger = silentLogger
  const runtime = testRuntime()
  const state = owned.add(openStateHub({ clock, logger }))
  const processes = systemProcesses({ clock, logger, runtime })
  owned.add(processes)
  mkdirSync(join(home, 'user'), { recursive: true })
  const site = await openSite(directory, {
    runtime,
    clock,
    logger,
    state,
    folders: { data: join(home, 'user'), runtime: join(home, 'run') },
    processes,
    crashPoints: more.crashPoints ?? noCrashPoints,
    random: Math.random,
    owner: { host: 'headless', hostname: 'test', pid: process.pid, address: null, socket: null },
    sample: true,
    profile: null,
    networkApart: more.network === false ? async () => null : networkApart,
  })
  const ended = async ({ job }: { readonly job: string }) => await site.jobs.finished(job)
  return {
    site,
    state,
    processes,
    async start() {
      await site.start(operator)
      const services = () => Object.values(state.slice('services').all())
      const well = () => services().every(({ health, optional }) => health === 'healthy' || optional)
      await until('all is healthy', () => services().length > 0 && well() && site.jobs.running().length === 0)
    },
    async backUp(kind = 'full') {
      const view = await ended(await site.backups.create({ kind, note: '', cause: operator }))
      if (view.state !== 'completed') throw new Error(view.message ?? 'the backup did not complete')
      return String(view.data.snapshot)
    },
    async rehearse(snapshot = null, keep = false) {
      const job = await ended(await site.rehearsals.run({ snapshot, keep, cause: operator }))
      const run = site.rehearsals.history().find(({ id }) => id === job.id)
      if (!run) throw new Error('the rehearsal was not recorded')
      return { job, run }
    },
    inSandboxes: () => sandboxProcesses(directory),
    async [Symbol.asyncDispose]() {
      await site.close({ services: 'stop' })
      await owned[Symbol.asyncDispose]()
    },
  }
}

/** Pids of all processes that belong to sandboxes of the site, or of those that have one open, by their marks. */
export function sandboxProcesses(directory: string, which: 'all' | 'main' = 'all'): readonly number[] {
  const root = join(directory, '.wheelhouse', 'sandbox')
  // A sandbox that is gone already has left its name with what still runs of it.
  const folders = new Set([...sandboxFolders(directory), ...(known.get(directory) ?? [])])
  known.set(directory, folders)
  const marks = [...folders].flatMap((name) => {
    const short = createHash('sha256').update(join(root, name)).digest('hex').slice(0, 8)
    return [
      `WHEELHOUSE_RUN=sandbox-${short}-main`,
      ...(which === 'all' ? [`WHEELHOUSE_RUN=${new RunMarks(join(root, name, 'site')).prefix}`] : []),
    ]
  })
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const environment = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0')
      return environment.some((each) => marks.some((mark) => each.startsWith(mark))) ? [Number(name)] : []
    } catch {
      return []
    }
  })
}

const known = new Map<string, ReadonlySet<string>>()

/** The ConsultEase sample on ports that are free here, with what `yaml` makes of its site.yaml. */
export async function makeConsultEase(
  directory: string,
  change: (yaml: string) => string = (yaml) => yaml,
): Promise<number[]> {
  const shipped = join(import.meta.dirname, '../../resources/sites/consultease')
  const ports = await freePorts(3)
  mkdirSync(join(directory, 'releases'), { recursive: true })
  cpSync(join(shipped, 'release'), join(directory, 'releases', 'one'), { recursive: true })
  symlinkSync('releases/one', join(directory, 'current'))
  const yaml = readFileSync(join(shipped, 'site.yaml'), 'utf8')
  const moved = [18830, 18101, 18102].reduce((text, port, at) => text.replaceAll(String(port), String(ports[at])), yaml)
  writeFileSync(join(directory, 'site.yaml'), change(moved))
  return ports
}

/** A site of a broker and a web service `web`, whose code and entry can be chosen. */
export async function makeWebSite(
  directory: string,
  { code, entry = '', more = '' }: { readonly code?: string; readonly entry?: string; readonly more?: string } = {},
): Promise<{ readonly mqtt: number; readonly http: number; write(text: string): void }> {
  const [mqtt = 0, http = 0] = await freePorts(2)
  mkdirSync(join(directory, 'services'), { recursive: true })
  mkdirSync(join(directory, 'data'), { recursive: true })
  writeFileSync(join(directory, 'data', 'orders.txt'), 'kept\n')
  const good = `import { createServer } from 'node:http'
createServer((_request, response) => response.end('ok')).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('web listens'))
process.on('SIGTERM', () => process.exit(0))
`
  const write = (text: string) => writeFileSync(join(directory, 'services', 'web.mjs'), text)
  write(code ?? good)
  writeFileSync(
    join(directory, 'site.yaml'),
    `wheelhouse: 1
site: lab
services:
  broker: { kind: builtin, use: broker, ports: { mqtt: ${mqtt} } }
  web:
    kind: node
    run: services/web.mjs
    ports: { http: ${http} }
    needs: { broker: ready }
    env: { PORT: "\${ports.http}" }
    startup: { http: "http://127.0.0.1:\${ports.http}/", every: 100ms, within: 2m }
    readiness: { http: "http://127.0.0.1:\${ports.http}/health", every: 500ms, failures: 1 }
    restart: { backoff: { first: 100ms, factor: 1, cap: 100ms }, budget: { starts: 2, per: 10m } }
${entry}
${more}
backup: { rehearse: weekly, sandbox: { healthy: 4s } }
`.replace(/^\s*\n/gm, ''),
  )
  return { mqtt, http, write }
}

/** Folders of sandboxes that are there. */
export function sandboxFolders(directory: string): readonly string[] {
  const root = join(directory, '.wheelhouse', 'sandbox')
  return existsSync(root) ? readdirSync(root) : []
}
