import { basename } from 'node:path'
import type { KeepRules } from '#shared/contract/keeping-views.ts'
import type { LogPage, LogSearch } from '#shared/contract/log-search.ts'
import type { LogLine } from '#shared/contract/services.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { Attention } from './attention/index.ts'
import type { Backups } from './backup/index.ts'
import { ConfigRecords, readLastGood, type SiteDefinition } from './config/index.ts'
import { assertChoice, type Coordinator, leftOutBy, type ServiceJobs, serviceJobs } from './coordinator/index.ts'
import type { Databases } from './databases/index.ts'
import type { Dependencies } from './dependencies/index.ts'
import type { Deploys } from './deploy/index.ts'
import type { Drills } from './drills/index.ts'
import type { EventLog } from './events/index.ts'
import type { Jobs } from './jobs/index.ts'
import { stillOwed } from './last-orders.ts'
import type { Maintenance } from './maintenance/index.ts'
import type { Messaging, Recordings } from './messaging/index.ts'
import { OwedServices } from './owed-services.ts'
import { ownFolder } from './own-folder.ts'
import { backupFolder, type Clock, DisposableStore } from './platform/index.ts'
import type { Recovery } from './recovery/index.ts'
import type { Rehearsals } from './rehearsal/index.ts'
import type { Releases } from './releases/index.ts'
import { assertNoHolder, assertNotRestoring } from './restore-hold.ts'
import { checkSources, readSite, SiteConfig } from './site-config.ts'
import { siteFolder } from './site-folder.ts'
import { settleInterrupted } from './site-interrupted.ts'
import { saveKeep } from './site-keep.ts'
import { SiteLogs } from './site-logs.ts'
import { openParts, type SiteHooks, type SiteIdentity, type SiteParts } from './site-parts.ts'
import type { CloseOptions, SitePorts } from './site-ports.ts'
import { SiteRoutes } from './site-routes.ts'
import { SiteStart } from './site-start.ts'
import { SiteVersions } from './site-versions.ts'
import { configurationLines, orphanLine, storeLine } from './startup/index.ts'
import { type SiteLock, type Store, takeSiteLock } from './store/index.ts'
import type { StoreCare } from './store-care/index.ts'
import type { Units } from './units/index.ts'
import type { Verification } from './verification/index.ts'

export type { CloseOptions, SitePorts } from './site-ports.ts'

/** One open site: everything that an operator can see and do there. */
export interface Site {
  readonly id: string
  readonly name: string
  readonly directory: string
  readonly clock: Clock
  readonly events: EventLog
  readonly jobs: Jobs
  readonly attention: Attention
  readonly coordinator: Coordinator
  readonly services: ServiceJobs
  readonly units: Units
  readonly messaging: Messaging
  /** The values of site.yaml and of what is laid over it. */
  readonly config: SiteConfig
  /** Versions of the configuration, and what was set over it. */
  readonly versions: SiteVersions
  /** The routes of site.yaml as they are written, tried and changed. */
  readonly routes: SiteRoutes
  readonly recordings: Recordings
  readonly databases: Databases
  readonly dependencies: Dependencies
  readonly backups: Backups
  readonly releases: Releases
  readonly deploys: Deploys
  readonly rehearsals: Rehearsals
  readonly store: Store
  readonly storeCare: StoreCare
  readonly maintenance: Maintenance
  readonly verification: Verification
  readonly drills: Drills
  readonly recovery: Recovery
  /** Where the site's snapshots are kept. */
  readonly backupFolder: string
  /** site.yaml as it is in use; null while it never was valid. */
  definition(): SiteDefinition | null
  /** Starts everything that is enabled, as a job. Refused with `site-not-trusted` or `site-invalid`. */
  start(cause: Cause): Promise<{ readonly job: string }>
  /**
   * Starts it as the console does by itself: after maintenance while that is on, and as soon as the store takes records while it
   * takes none, unless the services were ordered about meanwhile. Never rejects for a reason that the site's own state shows.
   */
  startByItself(cause: Cause): Promise<void>
  /** Reads site.yaml again. An invalid one changes nothing but the problems shown. */
  reload(cause: Cause): Promise<{ readonly valid: boolean }>
  /** Writes other rules of keeping into site.yaml and puts them to use; one change at a time. See `saveKeep`. */
  saveKeep(keep: KeepRules, cause: Cause): Promise<void>
  /** Trusts exactly what was shown under this fingerprint, and starts the site. */
  trust(fingerprint: string, cause: Cause): Promise<void>
  logTail(service: string, lines: number): Promise<readonly LogLine[]>
  /** Lines of a service's log that hold a text, newest first, in pages. */
  searchLog(request: LogSearch): Promise<LogPage>
  followLog(service: string, lines: number, onLines: (lines: readonly LogLine[]) => void): Promise<Disposable>
  /** Tells the next one who wants this site where this console can be reached. */
  announce(reachable: { readonly address: string | null; readonly socket: string | null }): Promise<void>
  /** Gives everything back. Safe to call twice; the second call waits for the first. */
  close(options: CloseOptions): Promise<void>
}

/**
 * Opens the site in a folder: lock, store, what was in flight, the services that still run. Starts nothing new. Rejects with
 * a ConsoleError (`site-missing`, `site-locked`, `store-from-newer-version`, …) and then holds nothing.
 */
export async function openSite(folder: string, ports: SitePorts): Promise<Site> {
  const directory = await siteFolder(folder)
  const own = await ownFolder(directory)
  for (let attempt = 1; ; attempt++) {
    const owned = new DisposableStore()
    try {
      return await open(directory, own, ports, owned)
    } catch (error) {
      await owned[Symbol.asyncDispose]().catch((failure: unknown) =>
        ports.logger.error('A site that could not be opened could not be let go of either.', {
          error: String(failure),
        }),
      )
      if (attempt >= mostAttempts || !metDamage(error)) throw error
      ports.logger.warn(
        'A part met damage in the store while it opened. The site is opened again on what took its place.',
      )
    }
  }
}

/** Each of the two databases may be replaced three times, and then a stand-in takes its place. */
const mostAttempts = 8

/** " in testing, without kiosk, board" */
function launchWords(ports: SitePorts, definition: SiteDefinition | undefined): string {
  const { environment, without } = launchData(ports, definition)
  const left = without.length > 0 ? `, without ${without.join(', ')}` : ''
  return environment === undefined ? left : ` in ${environment}${left}`
}

function launchData({ runsFor: environment, choice }: SitePorts, definition: SiteDefinition | undefined) {
  const without = definition && choice ? leftOutBy(definition, choice).map(({ service }) => service) : []
  return { environment, without }
}

/** Damage that only shows when a part reads its tables: the store has replaced the database by the time it is closed. */
function metDamage(error: unknown): boolean {
  const codes = ['store-damaged', 'store-recovering', 'store-interrupted']
  return error instanceof ConsoleError && codes.includes(error.problem.code)
}

/** A command such as `wheelhouse status` has a site for less than this. Milliseconds. */
const commandTakesMs = 5_000

/** Before the site's file has been read, nobody deploys. */
const notYet: SiteHooks['config'] = {
  check: () => Promise.reject(new Error('the site is only being opened')),
  isTrusted: () => false,
  trust: () => Promise.reject(new Error('the site is only being opened')),
  reload: async () => ({ valid: false }),
}

async function open(directory: string, own: string, ports: SitePorts, owned: DisposableStore): Promise<Site> {
  const since = ports.clock.wall()
  const lock = owned.add(await takeSiteLock(own, { ...ports.owner, since }, { clock: ports.clock, ms: commandTakesMs }))
  const read = await readSite(directory, ports)
  const lastGood = read.definition ? null : await readLastGood(own)
  const instead = lastGood && (await checkSources(directory, lastGood.sources, ports))
  const loaded = instead?.definition ? instead : read
  const readable = loaded.definition
  if (readable && ports.choice) assertChoice(readable, ports.choice)
  const id = readable?.id ?? (loaded.valid ? null : loaded.id) ?? basename(directory)
  const identity: SiteIdentity = {
    id,
    name: readable?.name ?? (loaded.valid ? null : loaded.name) ?? basename(directory),
    directory,
    own,
    backupFolder: (ports.sandbox ? null : readable?.backup.folder) ?? backupFolder(ports.folders, id, directory),
    loaded,
  }
  let definition: SiteDefinition | null = null
  const hooks: SiteHooks = {
    afterSwap: async () => {},
    redefine: async () => {},
    startSite: async () => {},
    assertStartable: () => {},
    config: notYet,
  }
  const parts = await openParts(
    identity,
    () => definition,
    {
      afterSwap: () => hooks.afterSwap(),
      redefine: () => hooks.redefine(),
      startSite: (cause) => hooks.startSite(cause),
      assertStartable: () => hooks.assertStartable(),
      config: {
        check: (text, release) => hooks.config.check(text, release),
        isTrusted: (of) => hooks.config.isTrusted(of),
        trust: (of, cause) => hooks.config.trust(of, cause),
        reload: (cause) => hooks.config.reload(cause),
      },
    },
    ports,
    owned,
  )
  const opened = parts.events.emit({
    kind: 'site.opened',
    subject: 'site',
    severity: 'info',
    message: `${identity.name} was opened${launchWords(ports, readable)}.`,
    cause: { type: 'console', why: `opened in ${directory} by the ${ports.owner.host} host` },
    data: { directory, store: parts.store.opened, ...launchData(ports, readable) },
  })
  const mixed = await settleInterrupted(parts, ports)
  const records = new ConfigRecords(parts.store.control)
  const config = owned.add(
    await SiteConfig.open({
      identity,
      ports,
      parts,
      mixed,
      first: parts.jobs.interrupted.length > 0 || parts.deploys.recovered ? null : read,
      records,
      inUse: (changed) => {
        definition = changed
      },
    }),
  )
  hooks.assertStartable = () => {
    config.assertStartable()
    assertNotRestoring(parts.jobs.running())
  }
  hooks.config = {
    check: (text, release) => config.check(text, release),
    isTrusted: (of) => config.isTrusted(of),
    trust: (of, cause) => config.trustAhead(of, cause),
    reload: (cause) => config.load(cause),
  }
  hooks.redefine = () => config.redefine()
  hooks.afterSwap = async () => {
    await parts.deploys.siteReplaced()
    await config.load({ type: 'console', why: 'a restore brought the files of the site back' })
  }
  ports.startup?.tell('pre-flight', [storeLine(parts.store)])
  await config.load(opened.cause)
  const taken = await parts.coordinator.takeUp(opened.cause)
  ports.startup?.tell('clean-up', [orphanLine(taken)])
  const runs = new Set(taken.adopted)
  const holdersOf = (port: number) => ports.processes.portHolders(port)
  ports.startup?.tell(
    'configuration',
    configurationLines({ ...config.asRead, environment: ports.runsFor, runs, holdersOf }),
  )
  const site = new OpenSite(identity, ports, parts, config, records, lock, owned, hooks.assertStartable)
  hooks.startSite = (cause) => site.startByItself(cause)
  const { backups, databases, recovery } = parts
  const owed = [...backups.owedServices(), ...databases.owedServices(), ...recovery.owedServices()]
  const owing = owned.add(
    new OwedServices({ ...parts, state: ports.state, services: site.services, logger: ports.logger }),
  )
  if (ports.owner.host !== 'command line') {
    await owing.start(await stillOwed([...new Set(owed)], parts), opened.cause)
    await parts.deploys.resume()
  }
  config.begin()
  return site
}

class OpenSite implements Site {
  readonly id: string
  readonly name: string
  readonly directory: string
  readonly clock: Clock
  readonly events: EventLog
  readonly jobs: Jobs
  readonly attention: Attention
  readonly coordinator: Coordinator
  readonly services: ServiceJobs
  readonly units: Units
  readonly messaging: Messaging
  readonly config: SiteConfig
  readonly versions: SiteVersions
  readonly routes: SiteRoutes
  readonly recordings: Recordings
  readonly databases: Databases
  readonly dependencies: Dependencies
  readonly backups: Backups
  readonly releases: Releases
  readonly deploys: Deploys
  readonly rehearsals: Rehearsals
  readonly store: Store
  readonly storeCare: StoreCare
  readonly maintenance: Maintenance
  readonly verification: Verification
  readonly drills: Drills
  readonly recovery: Recovery
  readonly backupFolder: string
  readonly #ports: SitePorts
  readonly #lock: SiteLock
  readonly #owned: DisposableStore
  readonly #starting: SiteStart
  readonly #since: number
  readonly #logs: SiteLogs
  #closing: Promise<void> | null = null
  #keepSaving: Promise<void> = Promise.resolve()

  constructor(
    identity: SiteIdentity,
    ports: SitePorts,
    parts: SiteParts,
    config: SiteConfig,
    records: ConfigRecords,
    lock: SiteLock,
    owned: DisposableStore,
    assertStartable: () => void,
  ) {
    this.id = identity.id
    this.name = identity.name
    this.directory = identity.directory
    this.backupFolder = identity.backupFolder
    this.clock = ports.clock
    this.events = parts.events
    this.jobs = parts.jobs
    this.attention = parts.attention
    this.coordinator = parts.coordinator
    const services = serviceJobs(parts.coordinator, parts.jobs, assertStartable)
    this.#starting = owned.add(
      new SiteStart({ ...parts, services, clock: ports.clock, logger: ports.logger.part('start') }),
    )
    this.services = this.#starting.watched
    this.units = parts.units
    this.messaging = parts.messaging
    this.recordings = parts.recordings
    this.databases = parts.databases
    this.dependencies = parts.dependencies
    this.backups = parts.backups
    this.releases = parts.releases
    this.deploys = parts.deploys
    this.rehearsals = parts.rehearsals
    this.store = parts.store
    this.storeCare = parts.storeCare
    this.maintenance = parts.maintenance
    this.verification = parts.verification
    this.drills = parts.drills
    this.recovery = parts.recovery
    this.#ports = ports
    this.config = config
    this.#lock = lock
    this.#owned = owned
    this.#since = ports.clock.wall()
    this.#logs = owned.add(new SiteLogs(parts.coordinator, config, ports))
    this.versions = new SiteVersions({
      directory: identity.directory,
      own: identity.own,
      clock: ports.clock,
      events: parts.events,
      records,
      sources: () => config.sources(),
      check: (sources) => checkSources(identity.directory, sources, ports),
      checkDisk: (overrides) => readSite(identity.directory, ports, overrides),
      assertWritable: () => assertNoHolder(parts.jobs.running()),
      reload: (cause, why) => config.load(cause, { everything: false, why }),
    })
    this.routes = owned.add(
      new SiteRoutes({
        directory: identity.directory,
        profile: ports.profile,
        runtime: ports.runtime,
        clock: ports.clock,
        events: parts.events,
        definition: () => config.inUse,
        tables: () => parts.messaging.tables(),
        trace: (at, topic) => parts.messaging.trace(at, topic),
        recordings: parts.recordings,
        assertWritable: () => assertNoHolder(parts.jobs.running()),
        reload: (cause) => config.load(cause, { why: 'a route was changed' }),
      }),
    )
  }

  definition(): SiteDefinition | null {
    return this.config.inUse
  }

  async start(cause: Cause): Promise<{ readonly job: string }> {
    return this.services.start('all', cause)
  }

  startByItself(cause: Cause): Promise<void> {
    return this.#starting.begin(cause)
  }

  reload(cause: Cause): Promise<{ readonly valid: boolean }> {
    return this.config.load(cause)
  }

  saveKeep(keep: KeepRules, cause: Cause): Promise<void> {
    const saving = this.#keepSaving.then(() =>
      saveKeep(
        {
          directory: this.directory,
          profile: this.#ports.profile,
          events: this.events,
          definition: () => this.config.inUse,
          assertWritable: () => assertNoHolder(this.jobs.running()),
          reload: (cause) => this.config.load(cause, { why: 'the rules of keeping were changed' }),
        },
        keep,
        cause,
      ),
    )
    this.#keepSaving = saving.catch(() => {})
    return saving
  }

  async trust(fingerprint: string, cause: Cause): Promise<void> {
    await this.config.trust(fingerprint, cause)
    await this.start(cause)
  }

  logTail(service: string, lines: number): Promise<readonly LogLine[]> {
    return this.#logs.tail(service, lines)
  }

  searchLog(request: LogSearch): Promise<LogPage> {
    return this.#logs.search(request)
  }

  followLog(service: string, lines: number, onLines: (lines: readonly LogLine[]) => void): Promise<Disposable> {
    return this.#logs.follow(service, lines, onLines)
  }

  announce(reachable: { readonly address: string | null; readonly socket: string | null }): Promise<void> {
    return this.#lock.update({ ...this.#ports.owner, since: this.#since, ...reachable })
  }

  close(options: CloseOptions): Promise<void> {
    this.#closing ??= this.#close(options)
    return this.#closing
  }

  async #close({ services }: CloseOptions): Promise<void> {
    const closing = this.events.emit({
      kind: 'site.closing',
      subject: 'site',
      severity: 'info',
      message:
        services === 'stop'
          ? `${this.name} is closing; its services stop.`
          : `${this.name} is closing; its services go on.`,
      cause: { type: 'console', why: 'the site was closed' },
    })
    this.#starting[Symbol.dispose]()
    const told = this.#tellClosing()
    try {
      // First the jobs, while what they work on still stands: they are aborted, or waited for where only finishing is safe.
      await this.jobs[Symbol.asyncDispose]()
      if (services === 'stop') await this.coordinator.stop('all', { cause: closing.cause, operation: null })
      else await this.coordinator.release()
    } finally {
      await told
      await this.#owned[Symbol.asyncDispose]()
    }
  }

  /** A command that comes now is told to wait: it is not reached any more, and services may take a while to stop. */
  async #tellClosing(): Promise<void> {
    const { owner, logger } = this.#ports
    if (owner.host === 'command line') return // is waited for anyway
    const closing = { ...owner, since: this.#since, address: null, socket: null, closing: true }
    await this.#lock
      .update(closing)
      .catch((error: unknown) =>
        logger.warn('It could not be told that the site is closing.', { error: String(error) }),
      )
  }
}
