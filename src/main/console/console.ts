import { mkdir, realpath } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, join } from 'node:path'
import { type ConsoleControl, type ServerTransport, serveConnection } from '#core/api/index.ts'
import { installSampleSite, isSampleSite, releaseFolder, resetSampleSite } from '#core/config/index.ts'
import type { ServiceChoice } from '#core/coordinator/index.ts'
import { environments, usualEnvironment } from '#core/environment.ts'
import { controlSocketPath, DisposableStore, Listeners } from '#core/platform/index.ts'
import { openSite, type Site } from '#core/site.ts'
import { siteFolder } from '#core/site-folder.ts'
import { StartupBoard } from '#core/startup/index.ts'
import { openStateHub, type StateHub } from '#core/state/index.ts'
import { isHeldByCommand } from '#core/store/index.ts'
import type { ConsoleView, JobView } from '#shared/contract/state.ts'
import type { EnvironmentName } from '#shared/environment.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { whenGivenBack } from './given-back.ts'
import { lookAround, tellTroubles } from './look-around.ts'
import { assertFolder } from './opened-folder.ts'
import type { ConsolePorts, InitialSite } from './ports.ts'
import { RecentSites } from './recent-sites.ts'
import { WayIn } from './way-in.ts'
import { WorkedOn } from './worked-on.ts'

const sampleName = 'consultease'

/**
 * The console as every host has it: which site is open, its state, and the connections that operate it. Opening and closing
 * sites happen one at a time, in the order in which they were asked for.
 */
export class Console implements ConsoleControl {
  readonly version: string
  readonly host: ConsolePorts['host']
  readonly environment: EnvironmentName
  readonly state: StateHub
  readonly #ports: ConsolePorts
  readonly #recent: RecentSites
  readonly #owned = new DisposableStore()
  readonly #siteChanges: Listeners<void>
  readonly #connections = new Set<Disposable>()
  readonly #startedAt: number
  #site: Site | null = null
  #wayIn: WayIn | null = null
  #address: string | null = null
  #phase: ConsoleView['phase'] = 'no site'
  #problem: ConsoleView['problem'] = null
  #turn: Promise<unknown> = Promise.resolve()
  /** Of the site that this run was started for, by its folder. */
  #choice: { readonly directory: string; readonly services: ServiceChoice } | null = null
  /** Which folder is worked on: the site's own, or that of a copy. */
  readonly #ground: WorkedOn
  #startup: StartupBoard | null = null
  #givenBack: Disposable | null = null
  #closing: Promise<void> | null = null

  /** Opens the console without a site. */
  static async open(ports: ConsolePorts): Promise<Console> {
    await mkdir(ports.folders.data, { recursive: true, mode: 0o700 })
    return new Console(ports, await RecentSites.open(ports.folders.data, ports.logger))
  }

  private constructor(ports: ConsolePorts, recent: RecentSites) {
    this.#ports = ports
    this.#recent = recent
    this.version = ports.version
    this.host = ports.host
    this.environment = ports.runsFor ?? usualEnvironment(ports.installed ?? false)
    this.#startedAt = ports.clock.wall()
    // A command opens a site for itself alone, and is about the site itself.
    this.#ground = new WorkedOn(this.host === 'command line' ? 'production' : this.environment, ports)
    this.state = this.#owned.add(openStateHub({ clock: ports.clock, logger: ports.logger.part('state') }))
    this.#owned.add(ports.processes)
    this.#siteChanges = new Listeners((error) =>
      ports.logger.error('A listener to a change of site failed.', { error: String(error) }),
    )
    this.#publish()
  }

  get site(): Site | null {
    return this.#site
  }

  /** Folder of the console's own sample site. */
  get sampleFolder(): string {
    return join(this.#ports.folders.data, 'sites', sampleName)
  }

  onSiteChanged(listener: () => void): Disposable {
    return this.#siteChanges.add(listener)
  }

  runningJobs(): readonly JobView[] {
    return this.#site?.jobs.running() ?? []
  }

  /** Serves one client; `token` is what its greeting must carry, null where the transport proves who it is. */
  connect(
    transport: ServerTransport,
    options: { readonly client: 'window' | 'browser' | 'command line'; readonly token: string | null },
  ): Disposable {
    const { clock, logger } = this.#ports
    const { stacks, patience } = environments[this.environment]
    const served = serveConnection(transport, {
      console: this,
      clock,
      logger: logger.part('connection'),
      stacks,
      patience,
      ...options,
    })
    const connection: Disposable = {
      [Symbol.dispose]: () => {
        this.#connections.delete(connection)
        served[Symbol.dispose]()
      },
    }
    this.#connections.add(connection)
    transport.onClosed(() => this.#connections.delete(connection))
    return connection
  }

  /** Where this console's page can be reached, for whoever finds the site taken. Never the token. */
  async announce(address: string): Promise<void> {
    this.#address = address
    await this.#wayIn?.serve(address)
  }

  /**
   * Opens the first site of a run. A site that cannot be opened does not end the console: the state says why, and a refused
   * start is told there too; one that a command has at the moment is opened as soon as that gives it back. Resolves when the site
   * is open and its start has begun, or could not be opened now.
   */
  async openInitial(initial: InitialSite): Promise<void> {
    const cause: Cause = { type: 'console', why: 'the console started' }
    const directory = initial.site ?? this.#initialFolder(initial.otherwise)
    if (directory === null) return
    if (initial.choice) this.#choice = { directory, services: initial.choice }
    try {
      if (directory === this.sampleFolder) await this.#installSample()
      const site = await this.#exclusive(() => this.#open(directory, initial.onReachable))
      if (initial.start) await site.startByItself(cause)
      else this.#startup?.skip('services', 'The site was opened without starting them.')
    } catch (error) {
      this.#ports.logger.error(`The site in ${directory} could not be opened.`, { error: String(error) })
      if (initial.site !== null && this.host === 'command line') throw error
      if (this.host === 'command line' || !isHeldByCommand(error)) return
      this.#givenBack = whenGivenBack(directory, {
        clock: this.#ports.clock,
        // Somebody may have opened a site meanwhile: that counts more.
        wanted: () => !this.#closing && this.#phase === 'could not open',
        open: () => void this.openInitial(initial),
      })
    }
  }

  async openSite(directory: string, cause: Cause): Promise<Site> {
    const site = await this.#exclusive(async () => {
      // A mistyped folder must not cost the site that is open.
      if (this.#site) await siteFolder(directory)
      return this.#open(directory)
    })
    await site.startByItself(cause)
    return site
  }

  async openSample(cause: Cause): Promise<Site> {
    await this.#installSample()
    return this.openSite(this.sampleFolder, cause)
  }

  async resetSample(cause: Cause): Promise<Site> {
    const site = await this.#exclusive(async () => {
      const open = this.#site && this.#ground.original(this.#site.directory)
      if (this.#site && open === (await realpath(this.sampleFolder).catch(() => null))) await this.#close()
      await resetSampleSite(this.#shipped, this.sampleFolder)
      return this.#open(this.sampleFolder)
    })
    await site.startByItself(cause)
    return site
  }

  closeSite(_cause: Cause): Promise<void> {
    return this.#exclusive(() => this.#close())
  }

  async chooseFolder(): Promise<string | null> {
    return this.#desktop('choose a folder').chooseFolder()
  }

  async openFolder(what: 'site' | 'data' | 'logs' | 'release' | 'backups'): Promise<string> {
    const site = this.#openSiteOrThrow()
    const path = await folderOf(site, what)
    const desktop = this.#desktop('open folders')
    await assertFolder(path)
    await desktop.openFolder(path)
    return path
  }

  async openPage(url: string): Promise<void> {
    const pages = Object.values(this.state.slice('services').all()).flatMap((service) => service.pages)
    if (!pages.some((page) => page.url === url)) {
      throw new ConsoleError(
        'page-unknown',
        `No service of this site declares the page ${url}.`,
        'Declare it under "pages" in site.yaml.',
      )
    }
    await this.#desktop('open pages').openPage(url)
  }

  /** Closes the site and every connection. Safe to call twice; the second call waits for the first. */
  close(options: { readonly services: 'stop' | 'leave' }): Promise<void> {
    this.#closing ??= this.#exclusive(async () => {
      this.#givenBack?.[Symbol.dispose]()
      try {
        await this.#close(options.services)
      } finally {
        for (const connection of [...this.#connections]) connection[Symbol.dispose]()
        await this.#owned[Symbol.asyncDispose]()
      }
    })
    return this.#closing
  }

  get #shipped(): string {
    return join(this.#ports.resources, 'sites', sampleName)
  }

  #initialFolder(otherwise: InitialSite['otherwise']): string | null {
    if (otherwise === 'none') return null
    const last = this.#recent.list[0]
    return otherwise === 'recent' ? (last?.directory ?? null) : this.sampleFolder
  }

  async #installSample(): Promise<void> {
    // A sample that was used and then damaged is a site to be restored, not one to be replaced unasked.
    if (await isSampleSite(this.sampleFolder)) return
    await installSampleSite(this.#shipped, this.sampleFolder)
  }

  async #open(directory: string, onReachable?: () => void): Promise<Site> {
    await this.#close()
    this.#show('opening')
    const ports = this.#ports
    try {
      const startup = new StartupBoard(this.state, ports.clock)
      this.#startup = startup
      const folder = await this.#ground.begin(await siteFolder(directory))
      // Before the site is there: a command that comes meanwhile waits for it, instead of finding it taken or taking it away.
      await this.#beginWayIn(folder)
      onReachable?.()
      const looked = lookAround(startup, folder, { ...ports, isBeside: this.host !== 'command line' })
      const sample =
        (await realpath(directory).catch(() => directory)) === (await realpath(this.sampleFolder).catch(() => null))
      this.#site = await openSite(folder, {
        ...ports,
        ...this.#ground.sitePorts(),
        state: this.state,
        owner: { host: this.host, hostname: hostname(), pid: process.pid, address: this.#address, socket: null },
        sample,
        startup,
        profile: this.environment,
        environment: ports.environment ?? process.env,
        runsFor: this.environment,
        choice: { ...this.#choiceFor(directory), also: await this.#ground.leavesOut() },
      })
      // At once: whoever has seen the site in the state may have asked for a stream of it already, and that one must go on.
      this.#siteChanges.tell()
      await this.#wayIn?.open()
      // A single command would give the lane to a snapshot that is overdue instead of to what was asked.
      if (this.host !== 'command line') {
        this.#site.backups.startSchedule()
        this.#site.rehearsals.startSchedule()
      }
      await this.#recent.add({
        directory: this.#ground.original(this.#site.directory),
        name: this.#site.name,
        openedAt: ports.clock.wall(),
        sample,
      })
      this.#show('open')
      startup.follow()
      const { events } = this.#site
      // Not waited for: a disk that hangs keeps no site from being used.
      void looked.then(() => tellTroubles(startup, events))
      return this.#site
    } catch (error) {
      await this.#close().catch((failure: unknown) =>
        ports.logger.error('Closing again failed.', { error: String(failure) }),
      )
      const { message, remedy } = asConsoleError(error, directory).problem
      this.#show('could not open', { message, remedy })
      throw asConsoleError(error, directory)
    }
  }

  /** A command opens a site for itself alone. */
  async #beginWayIn(directory: string): Promise<void> {
    if (this.host === 'command line') return
    const { folders, logger, clock } = this.#ports
    this.#wayIn = new WayIn(this.#address, {
      path: controlSocketPath(folders, directory),
      onTransport: (transport) => this.connect(transport, { client: 'command line', token: null }),
      tell: async (reachable) => this.#site?.announce(reachable),
      clock,
      logger,
    })
    await this.#wayIn.listen()
  }

  async #close(services: 'stop' | 'leave' = 'stop'): Promise<void> {
    const site = this.#site
    this.#startup?.[Symbol.dispose]()
    this.#startup = null
    if (!site) {
      await this.#closeWayIn()
      return this.#ground.end()
    }
    this.#show('closing')
    this.#site = null
    this.#siteChanges.tell()
    try {
      await this.#closeWayIn()
      // Services of a copy cannot go on where their folder is removed.
      await site.close({ services: this.#ground.isCopy ? 'stop' : services })
    } finally {
      await this.#ground.end()
      this.#show('no site')
    }
  }

  #choiceFor(directory: string): ServiceChoice {
    return this.#choice?.directory === directory ? this.#choice.services : { only: [], without: [] }
  }

  async #closeWayIn(): Promise<void> {
    const wayIn = this.#wayIn
    this.#wayIn = null
    await wayIn?.[Symbol.asyncDispose]()
  }

  /** One opening or closing at a time, so that a second click waits instead of meeting a half-open site. */
  #exclusive<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(run)
    this.#turn = turn.catch(() => {})
    return turn
  }

  #desktop(what: string) {
    if (this.#ports.dialogs) return this.#ports.dialogs
    throw new ConsoleError(
      'no-desktop',
      `This console runs without a desktop, so it cannot ${what}.`,
      'Use the path that the screen shows, on the machine where the console runs.',
    )
  }

  #openSiteOrThrow(): Site {
    if (this.#site) return this.#site
    throw new ConsoleError('no-site', 'No site is open.', 'Open a site first: your own, or the sample.')
  }

  #show(phase: ConsoleView['phase'], problem: ConsoleView['problem'] = null): void {
    this.#phase = phase
    this.#problem = problem
    this.#publish()
  }

  #publish(): void {
    const desktop = this.#ports.dialogs !== null
    this.state.slice('console').set('console', {
      version: this.version,
      host: this.host,
      node: process.versions.node,
      environment: { name: this.environment, chosen: (this.#ports.runsFor ?? null) !== null },
      platform: `${process.platform} ${process.arch}`,
      hostname: hostname(),
      startedAt: this.#startedAt,
      can: { chooseFolder: desktop, openFolder: desktop, notify: desktop },
      recent: [...this.#recent.list],
      phase: this.#phase,
      problem: this.#problem,
    })
  }
}

async function folderOf(site: Site, what: 'site' | 'data' | 'logs' | 'release' | 'backups'): Promise<string> {
  switch (what) {
    case 'site':
      return site.directory
    case 'release':
      return releaseFolder(site.directory)
    case 'backups':
      return site.backupFolder
    default:
      return join(site.directory, what)
  }
}

function asConsoleError(error: unknown, directory: string): ConsoleError {
  if (error instanceof ConsoleError) return error
  return new ConsoleError(
    'site-not-opened',
    `The site ${basename(directory)} in ${directory} could not be opened: ${error instanceof Error ? error.message : String(error)}.`,
    'Look at the console log; the site itself was not changed.',
    { cause: error },
  )
}
