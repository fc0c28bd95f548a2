import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { ConfigLayerView, ConfigValueView } from '#shared/contract/config.ts'
import type { ConfigProblem, SiteView } from '#shared/contract/state.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import {
  type AskedSource,
  askedSources,
  type ConfigChange,
  type ConfigRecords,
  type ConfigSources,
  changesBetween,
  checkSite,
  commandsOf,
  digestOf,
  type ExportFormat,
  exportConfig,
  type GivenSources,
  keptSourceFile,
  type LastGood,
  type Layer,
  type LoadedSite,
  loadSite,
  type Override,
  openSecrets,
  openTrust,
  type PathValue,
  readLastGood,
  type Secrets,
  type SectionReader,
  type SectionReaders,
  type SiteComposition,
  type SiteDefinition,
  type TrustStore,
  trustFingerprint,
  valuesInUse,
  writeLastGood,
} from './config/index.ts'
import { leftOutBy, planWaves, type ServiceChoice, withChoice } from './coordinator/index.ts'
import { checkDevices, checkRoutes } from './messaging/index.ts'
import { checkPolicies } from './recovery/index.ts'
import { holdsServices } from './restore-hold.ts'
import { tellLoaded, tellPending, tellUndone } from './site-config-cards.ts'
import { restartForConfig } from './site-config-restart.ts'
import { AskedSources } from './site-config-sources.ts'
import { type ConfigTouch, touchOf } from './site-config-touch.ts'
import { ConfigWatch } from './site-config-watch.ts'
import type { SiteIdentity, SiteParts } from './site-parts.ts'
import type { SitePorts } from './site-ports.ts'
import { type SiteFace, SitePublisher } from './site-publisher.ts'
import { sectionReaders } from './site-section-readers.ts'

interface SiteConfigParts {
  readonly identity: SiteIdentity
  readonly ports: SitePorts
  readonly parts: SiteParts
  /** Whether the site's files are a mixture that nothing may be started on. */
  readonly mixed: boolean
  /** What was read when the site was opened; null when files of the site may have changed since. */
  readonly first: LoadedSite | null
  readonly records: ConfigRecords
  /** Told whenever another definition is in use. */
  inUse(definition: SiteDefinition): void
}

type Reading = Pick<SitePorts, 'profile' | 'environment'>

const checks = { checkDevices, checkRoutes, checkPolicies }

/** Reads and checks everything that a site is made of, with the checks of the parts that read it. */
export function readSite(
  directory: string,
  ports: Reading,
  overrides: readonly Override[] = [],
  asked: Partial<Record<AskedSource, Layer>> = {},
): Promise<LoadedSite> {
  return loadSite(directory, {
    profile: ports.profile,
    given: { ...givenBy(ports, overrides), ...asked },
    kept: true,
    ...checks,
  })
}

/** The same for texts that need not lie on disk. */
export function checkSources(directory: string, sources: ConfigSources, ports: Reading): Promise<LoadedSite> {
  const { site: text, includes, overrides } = sources
  const source = { file: join(directory, 'site.yaml'), text, sha256: createHash('sha256').update(text).digest('hex') }
  return checkSite(directory, source, {
    profile: ports.profile,
    given: givenBy(ports, overrides),
    includes: new Map(Object.entries(includes)),
    kept: true,
    ...checks,
  })
}

function givenBy({ environment = {} }: Reading, overrides: readonly Override[]): GivenSources {
  const place = { file: 'set on screen', line: null, column: null }
  return {
    environment,
    overrides: overrides.map(({ path, value }): PathValue => ({ path, value, place })),
  }
}

/** Which site.yaml is in use: read, shown with its mistakes, trusted, and handed to the parts. */
export class SiteConfig implements AsyncDisposable {
  readonly #given: SiteConfigParts
  readonly #trusted: TrustStore
  readonly #publisher: SitePublisher
  readonly #readers: SectionReaders
  readonly #watch: ConfigWatch
  readonly #asked: AskedSources
  /** As site.yaml says; and as the parts work by it: what systemd runs is run by somebody else. */
  #read: SiteDefinition | null = null
  #inUse: SiteDefinition | null = null
  /** Valid, but its commands have not been trusted yet. */
  #waiting: SiteDefinition | null = null
  #waitingOf: SiteComposition | null = null
  /** What the definition that was read last was put together from. */
  #composition: SiteComposition | null = null
  #problems: readonly ConfigProblem[] = []
  #valid = false
  #first: LoadedSite | null
  /** In use because site.yaml cannot be. */
  #lastGood: LastGood | null = null
  #loading: Promise<unknown> = Promise.resolve()

  static async open(given: SiteConfigParts): Promise<SiteConfig> {
    const { identity, ports } = given
    const userData = ports.sandbox?.userData ?? ports.folders.data
    const secrets = await openSecrets(userData, ports.sandbox?.of ?? identity.directory)
    return new SiteConfig(given, await openTrust(userData), secrets)
  }

  private constructor(given: SiteConfigParts, trusted: TrustStore, secrets: Secrets) {
    this.#given = given
    this.#trusted = trusted
    this.#readers = sectionReaders(given.parts)
    this.#first = given.first
    const { clock, logger } = given.ports
    this.#watch = new ConfigWatch({
      clock,
      logger: logger.part('config'),
      files: () => this.#files(),
      onChange: () => this.#changedOnDisk(),
    })
    this.#asked = new AskedSources({
      clock,
      logger: logger.part('config'),
      directory: given.identity.directory,
      attention: given.parts.attention,
      secrets,
      sessions: (service) => given.parts.databases.sessions(service),
      zone: () => this.#inUse?.zone ?? 'UTC',
      check: (kind, layer) =>
        readSite(given.identity.directory, given.ports, given.records.overrides(), { [kind]: layer }),
    })
    this.#publisher = new SitePublisher(given.ports.state, given.ports.clock, this.#face())
  }

  /** Shows the site, once everything of it is open. */
  begin(): void {
    this.#publisher.begin()
    if (this.#given.ports.owner.host === 'command line' || this.#given.ports.sandbox) return
    this.#watch.begin()
    this.#asked.begin()
  }

  /** Until the result is disposed, the reader is told of changes in its sections, and may refuse them. */
  onSections(reader: SectionReader): Disposable {
    return this.#readers.add(reader)
  }

  /** What came of reading it last. */
  get asRead() {
    const shown = this.#inUse ?? this.#waiting
    const leftOut = shown ? leftOutBy(shown, this.#choice) : []
    return {
      valid: this.#valid,
      problems: this.#problems,
      definition: shown && withChoice(shown, this.#choice),
      leftOut,
    }
  }

  get inUse(): SiteDefinition | null {
    return this.#inUse
  }

  /** Every value in use and where it comes from. Throws what is wrong when there is none in use. */
  values(): { values: ConfigValueView[]; layers: ConfigLayerView[] } {
    const composition = this.#composition
    if (!composition) throw this.#invalid()
    return {
      values: [...valuesInUse(composition)],
      layers: [
        { kind: 'default', name: 'default', at: null },
        ...composition.composed.layers.map(({ kind, name, at = null }) => ({ kind, name, at })),
      ],
    }
  }

  /** What is in use as one document, without secrets. Throws what is wrong when nothing is in use. */
  export(format: ExportFormat): { text: string; leftOut: string[] } {
    const composition = this.#composition
    if (!composition) throw this.#invalid()
    const { text, leftOut } = exportConfig(composition, format)
    return { text, leftOut: [...leftOut] }
  }

  /** What the configuration in use was put together from; null while none is. */
  get composition(): SiteComposition | null {
    return this.#composition
  }

  /** Texts of what is in use; null while nothing is. */
  sources(): ConfigSources | null {
    return this.#composition && sourcesOf(this.#composition, this.#given.records.overrides(), this.#given.ports)
  }

  /**
   * Reads site.yaml and all that is laid over it, and uses it when it is valid and trusted. One at a time; a second call waits its turn.
   * `everything`: also what did not change is taken over anew, as the tables' files. Rejects with `config-undone` when a part refused it.
   */
  load(cause: Cause, { everything = true, why }: LoadOrder = {}): Promise<{ readonly valid: boolean }> {
    const turn = this.#loading.then(() => this.#load(cause, everything, why ?? causeWords(cause)))
    this.#loading = turn.catch(() => {})
    return turn
  }

  /**
   * What lies on disk and is set now, against what is in use. Changes nothing. `outdated`: whether services count that run with something else
   * than what is in use already, as after it was trusted.
   */
  async plan(outdated = true): Promise<ConfigPlan> {
    const { identity, ports, parts, records } = this.#given
    const loaded = await readSite(identity.directory, ports, records.overrides())
    const { definition, composition } = loaded
    const before = this.#inUse
    if (!definition) return { problems: loaded.valid ? [] : loaded.problems, changes: [], touch: null, trust: false }
    const adapted = withChoice(parts.units.held((await ports.sandbox?.adapt(definition)) ?? definition), this.#choice)
    return {
      problems: loaded.valid ? [] : loaded.problems,
      changes: changesBetween(this.#composition?.composed.value, composition?.composed.value),
      touch: touchOf(
        before ?? { ...adapted, services: {}, routes: {} },
        adapted,
        parts.coordinator.wanted(),
        outdated ? parts.coordinator.outdated() : [],
      ),
      trust: !this.#isTrusted(definition),
    }
  }

  /**
   * Uses what lies on disk, and restarts the services that have to work by it, as a job; null when none has to. A service that does not
   * come up with it makes the whole change be undone.
   */
  async apply(cause: Cause, why: string, outdated = true): Promise<{ readonly job: string | null }> {
    const before = { read: this.#read, composition: this.#composition }
    const { touch } = await this.plan(outdated)
    const { valid } = await this.load(cause, { everything: false, why })
    if (!valid && !this.#inUse) throw this.#invalid()
    const restarts = touch?.restarts ?? []
    if (restarts.length === 0 || (this.#read === before.read && this.#waiting)) return { job: null }
    return await restartForConfig(this.#given.parts, restarts, cause, (service, reason, origin) =>
      this.#goBack(before, service, reason, origin),
    )
  }

  /** Hands the definition in use to the parts again, because who runs a service changed. */
  redefine(): Promise<void> {
    const turn = this.#loading.then(async () => {
      if (this.#read) await this.#use(this.#read, true)
    })
    this.#loading = turn.catch(() => {})
    return turn
  }

  /** Checks a text as if it were the site's file, with a release as its ground. */
  check(text: string, release: string): Promise<LoadedSite> {
    const { identity, ports, records } = this.#given
    const source = {
      file: join(identity.directory, 'site.yaml'),
      text,
      sha256: createHash('sha256').update(text).digest('hex'),
    }
    const given = givenBy(ports, records.overrides())
    return checkSite(identity.directory, source, { profile: ports.profile, given, kept: true, release, ...checks })
  }

  /** Whether all that it would run by itself is trusted. */
  isTrusted(definition: SiteDefinition): boolean {
    return this.#isTrusted(definition)
  }

  /** Trusts what the operator has looked through before it is in use. */
  async trustAhead(definition: SiteDefinition, cause: Cause): Promise<void> {
    const { identity, parts } = this.#given
    const fingerprint = trustFingerprint(definition)
    await this.#trusted.trust(identity.directory, fingerprint)
    await parts.events.record({
      kind: 'site.trusted',
      subject: 'site',
      severity: 'notice',
      message: `What ${identity.name} will run after a deploy was looked at and trusted.`,
      cause,
      data: { fingerprint },
    })
  }

  async trust(fingerprint: string, cause: Cause): Promise<void> {
    const waiting = this.#waiting
    const expected = waiting ? trustFingerprint(waiting) : null
    if (!waiting || expected !== fingerprint) {
      throw new ConsoleError(
        'trust-outdated',
        'What this site would run has changed since it was shown, or was trusted already.',
        'Look at the list again before trusting it.',
        { params: { expected } },
      )
    }
    const { identity, parts, ports } = this.#given
    await this.#trusted.trust(ports.sandbox?.of ?? identity.directory, fingerprint)
    await parts.events.record({
      kind: 'site.trusted',
      subject: 'site',
      severity: 'notice',
      message: `What ${identity.name} runs was looked at and trusted.`,
      cause,
      data: { fingerprint },
    })
    this.#waiting = null
    const adapted = (await ports.sandbox?.adapt(waiting)) ?? waiting
    await this.#take(adapted, this.#waitingOf, true, cause, 'it was trusted')
    this.#publisher.show(this.#face())
  }

  /** Throws the reason when nothing may be started now. */
  assertStartable(): void {
    if (this.#given.mixed) {
      throw new ConsoleError(
        'site-mixed',
        'An interrupted restore could neither be finished nor undone, so the files of this site are a mixture of old and new.',
        'Put right what the card on Overview names, such as a full disk, then open the site again.',
      )
    }
    if (this.#waiting && !this.#inUse) {
      throw new ConsoleError(
        'site-not-trusted',
        'This site came from elsewhere and nothing of it has been trusted yet.',
        'Look at what it would run, then trust it.',
      )
    }
    if (this.#inUse) return
    throw this.#invalid()
  }

  #invalid(): ConsoleError {
    const [first] = this.#problems
    return new ConsoleError(
      'site-invalid',
      `site.yaml cannot be used: ${first?.message ?? 'it could not be read'}`,
      first?.remedy ?? 'Put it right, then reload it.',
      { params: { problems: this.#problems.length } },
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#asked[Symbol.asyncDispose]()
    await this.#watch[Symbol.asyncDispose]()
    await this.#loading
    this.#publisher[Symbol.dispose]()
  }

  async #load(cause: Cause, everything: boolean, why: string): Promise<{ readonly valid: boolean }> {
    const { identity, ports, parts, records } = this.#given
    const overrides = records.overrides()
    const first = overrides.length === 0 ? this.#first : null
    this.#first = null
    const stamp = await this.#watch.stamp()
    const loaded = first ?? (await readSite(identity.directory, ports, overrides))
    this.#valid = loaded.valid
    this.#problems = loaded.valid ? loaded.warnings : loaded.problems
    this.#waiting = null
    // With only files missing on disk the rest can run: a service without its script fails by itself, with its sentence.
    const usable = loaded.definition ?? null
    try {
      if (usable) {
        this.#lastGood = null
        await this.#takeTrusted(usable, loaded.composition ?? null, everything, cause, why)
      } else if (!this.#inUse) await this.#takeLastGood(cause)
      tellLoaded(
        parts,
        loaded,
        { any: this.#inUse !== null, lastGood: this.#lastGood, zone: this.#inUse?.zone ?? 'UTC' },
        cause,
      )
    } finally {
      this.#watch.accept(stamp)
      parts.attention.clear('config-pending', cause)
      this.#publisher.show(this.#face())
    }
    return { valid: loaded.valid }
  }

  /** Instead of a site.yaml that cannot be used when the site is opened. */
  async #takeLastGood(cause: Cause): Promise<void> {
    const { identity, ports } = this.#given
    const good = await readLastGood(identity.own)
    if (!good) return
    const loaded = await checkSources(identity.directory, good.sources, ports)
    if (!loaded.definition) return
    this.#lastGood = good
    await this.#takeTrusted(loaded.definition, loaded.composition ?? null, true, cause, '')
  }

  async #takeTrusted(
    definition: SiteDefinition,
    composition: SiteComposition | null,
    everything: boolean,
    cause: Cause,
    why: string,
  ): Promise<void> {
    if (this.#isTrusted(definition)) {
      const adapted = (await this.#given.ports.sandbox?.adapt(definition)) ?? definition
      await this.#take(adapted, composition, everything, cause, why)
    } else {
      this.#waiting = definition
      this.#waitingOf = composition
    }
  }

  /** Puts a definition to use, or leaves everything as it was and rejects with `config-undone`. */
  async #take(
    definition: SiteDefinition,
    composition: SiteComposition | null,
    everything: boolean,
    cause: Cause,
    why: string,
  ): Promise<void> {
    await this.#use(definition, everything, cause)
    this.#composition = composition
    this.#given.parts.attention.clear('config-undone', cause)
    if (composition && !this.#lastGood) await this.#remember(composition, why)
  }

  /** Keeps what is in use as a version. That this fails is no reason not to use it. */
  async #remember(composition: SiteComposition, why: string): Promise<void> {
    const { identity, ports, records } = this.#given
    const sources = sourcesOf(composition, records.overrides(), ports)
    const at = ports.clock.wall()
    try {
      const before = await readLastGood(identity.own)
      if (!before || digestOf(before.sources) !== digestOf(sources)) await writeLastGood(identity.own, { at, sources })
      await records.keep(sources, at, why)
    } catch (error) {
      ports.logger.warn('The version of the configuration in use could not be kept.', { error: String(error) })
    }
  }

  #files(): readonly string[] {
    const { directory } = this.#given.identity
    const files = ['site.yaml', ...(this.#composition?.includes.keys() ?? [])].map((name) => join(directory, name))
    const asked = askedSources.filter((kind) => this.#read?.sources[kind])
    return [...files, ...asked.map((kind) => keptSourceFile(directory, kind))]
  }

  /** Takes a change on disk over by itself where no service stops or restarts for it, else asks. */
  async #changedOnDisk(): Promise<boolean> {
    const { parts } = this.#given
    if (this.#inUse?.reload.watch === false) return true
    if (parts.jobs.running().some(holdsServices)) return false
    const cause: Cause = { type: 'observation', what: 'the configuration changed on disk' }
    const plan = await this.plan(false)
    const { touch } = plan
    const [problem] = plan.problems
    if (!problem && this.#valid && plan.changes.length === 0) return true
    const touches = touch !== null && touch.restarts.length + touch.stops.length > 0
    // What is missing on disk would be missed by what restarts: that is never taken over unasked.
    if (touches && !plan.trust && (problem || this.#inUse?.reload.apply !== 'auto')) {
      tellPending(parts, problem ? `${touch.sentence} ${problem.message}` : touch.sentence, cause)
    } else await this.apply(cause, 'the configuration changed on disk', false)
    return true
  }

  /** A service did not come up with a change: what was in use before is in use again, the service included. */
  async #goBack(
    before: { readonly read: SiteDefinition | null; readonly composition: SiteComposition | null },
    service: string,
    reason: string,
    cause: Cause,
  ): Promise<string> {
    const turn = this.#loading.then(async () => {
      if (!before.read) return reason
      await this.#use(before.read, false, cause)
      this.#composition = before.composition
      const why = tellUndone(this.#given.parts, { part: service, why: reason, notUndone: [] }, cause)
      this.#publisher.show(this.#face())
      return why
    })
    this.#loading = turn.catch(() => {})
    return await turn
  }

  #isTrusted(definition: SiteDefinition): boolean {
    const { identity, ports } = this.#given
    const directory = ports.sandbox?.of ?? identity.directory
    return ports.sample || this.#trusted.isTrusted(directory, trustFingerprint(definition))
  }

  async #use(read: SiteDefinition, everything: boolean, cause?: Cause): Promise<void> {
    const { parts } = this.#given
    const before = { read: this.#read, inUse: this.#inUse }
    const ran = parts.coordinator.wanted()
    parts.units.configure(read)
    const definition = withChoice(parts.units.held(read), this.#choice)
    this.#settle(read, definition)
    const applied = await this.#readers.apply(before.inUse, definition, everything)
    if (!applied.ok) {
      if (!before.read || !before.inUse) throw applied.error
      this.#settle(before.read, before.inUse)
      parts.units.configure(before.read)
      const origin: Cause = cause ?? { type: 'console', why: 'a change of the configuration was undone' }
      const message = applied.error instanceof Error ? applied.error.message : String(applied.error)
      const why = tellUndone(parts, { part: applied.part, why: message, notUndone: applied.notUndone }, origin)
      // What was taken out of the site for a moment was stopped.
      const still = new Set(parts.coordinator.wanted())
      const gone = ran.filter((service) => !still.has(service))
      if (gone.length > 0) await parts.coordinator.start(gone, { cause: origin, operation: null }).catch(() => {})
      throw new ConsoleError('config-undone', why, 'Put right what it refused, then try again.')
    }
    await parts.units.settle({ type: 'console', why: 'an earlier console had ended while a service changed places' })
  }

  #settle(read: SiteDefinition, inUse: SiteDefinition): void {
    this.#read = read
    this.#inUse = inUse
    this.#given.inUse(inUse)
    this.#asked.follow(read.sources)
  }

  #face(): SiteFace {
    const { identity, ports } = this.#given
    const shown = this.#inUse ?? this.#waiting
    return {
      id: identity.id,
      name: shown?.name ?? identity.name,
      directory: identity.directory,
      sample: ports.sample,
      backupFolder: identity.backupFolder,
      definition: shown,
      waves: shown ? planWaves(shown) : [],
      problems: this.#problems,
      configValid: this.#valid,
      loadedAt: ports.clock.wall(),
      trust: this.#trustAsked(),
      leftOut: shown ? leftOutBy(shown, this.#choice) : [],
    }
  }

  get #choice(): ServiceChoice {
    return this.#given.ports.choice ?? { only: [], without: [] }
  }

  #trustAsked(): SiteView['trust'] {
    if (!this.#waiting) return null
    return { fingerprint: trustFingerprint(this.#waiting), commands: [...commandsOf(this.#waiting)] }
  }
}

/** What would become of what lies on disk. */
export interface ConfigPlan {
  readonly problems: readonly ConfigProblem[]
  readonly changes: readonly ConfigChange[]
  /** Null when it cannot be used at all. */
  readonly touch: ConfigTouch | null
  /** Whether what it runs has to be trusted first. */
  readonly trust: boolean
}

/** How a configuration is read again. */
export interface LoadOrder {
  readonly everything?: boolean
  /** Who wants it, in words, for the version that comes of it. */
  readonly why?: string
}

function sourcesOf(
  { site, includes }: SiteComposition,
  overrides: readonly Override[],
  { profile }: Reading,
): ConfigSources {
  return { site, includes: Object.fromEntries(includes), overrides: [...overrides], profile }
}

function causeWords(cause: Cause): string {
  switch (cause.type) {
    case 'operator':
      return `an operator read it again (${cause.via})`
    case 'console':
      return cause.why
    case 'schedule':
      return cause.name
    case 'observation':
      return cause.what
    case 'event':
      return 'the site was opened'
  }
}
