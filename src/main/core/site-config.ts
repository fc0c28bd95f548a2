import type { ConfigValueView } from '#shared/contract/config.ts'
import type { ConfigProblem, SiteView } from '#shared/contract/state.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { brokerUrl, routerBrokerUrl } from './broker-address.ts'
import {
  commandsOf,
  type LoadedSite,
  loadSite,
  openTrust,
  type SiteComposition,
  type SiteDefinition,
  type TrustStore,
  trustFingerprint,
  valuesInUse,
} from './config/index.ts'
import { leftOutBy, planWaves, type ServiceChoice, withChoice } from './coordinator/index.ts'
import { pushingServices } from './health/index.ts'
import { checkDevices, checkRoutes } from './messaging/index.ts'
import { checkPolicies } from './recovery/index.ts'
import type { SiteIdentity, SiteParts } from './site-parts.ts'
import type { SitePorts } from './site-ports.ts'
import { type SiteFace, SitePublisher } from './site-publisher.ts'

interface SiteConfigParts {
  readonly identity: SiteIdentity
  readonly ports: SitePorts
  readonly parts: SiteParts
  /** Whether the site's files are a mixture that nothing may be started on. */
  readonly mixed: boolean
  /** Whether files of the site may have changed since {@link SiteIdentity.loaded} was read. */
  readonly touched: boolean
  /** Told whenever another definition is in use. */
  inUse(definition: SiteDefinition): void
}

/** Reads and checks everything that a site is made of, with the checks of the parts that read it. */
export function readSite(
  directory: string,
  { profile, environment = {} }: Pick<SitePorts, 'profile' | 'environment'>,
): Promise<LoadedSite> {
  return loadSite(directory, { profile, given: { environment }, checkDevices, checkRoutes, checkPolicies })
}

/** Which site.yaml is in use: read, shown with its mistakes, trusted, and handed to the parts. */
export class SiteConfig implements AsyncDisposable {
  readonly #given: SiteConfigParts
  readonly #trusted: TrustStore
  readonly #publisher: SitePublisher
  /** As site.yaml says; and as the parts work by it: what systemd runs is run by somebody else. */
  #read: SiteDefinition | null = null
  #inUse: SiteDefinition | null = null
  /** Valid, but its commands have not been trusted yet. */
  #waiting: SiteDefinition | null = null
  /** What the definition that was read last was put together from. */
  #composition: SiteComposition | null = null
  #problems: readonly ConfigProblem[] = []
  #valid = false
  #hasRead = false
  #loading: Promise<unknown> = Promise.resolve()

  static async open(given: SiteConfigParts): Promise<SiteConfig> {
    return new SiteConfig(given, await openTrust(given.ports.sandbox?.userData ?? given.ports.folders.data))
  }

  private constructor(given: SiteConfigParts, trusted: TrustStore) {
    this.#given = given
    this.#trusted = trusted
    this.#publisher = new SitePublisher(given.ports.state, given.ports.clock, this.#face())
  }

  /** Shows the site, once everything of it is open. */
  begin(): void {
    this.#publisher.begin()
  }

  get inUse(): SiteDefinition | null {
    return this.#inUse
  }

  /** Every value in use and where it comes from. Throws what is wrong when there is none in use. */
  values(): { values: ConfigValueView[]; layers: { kind: ConfigValueView['kind']; name: string }[] } {
    const composition = this.#composition
    if (!composition) throw this.#invalid()
    return {
      values: [...valuesInUse(composition)],
      layers: [
        { kind: 'default', name: 'default' },
        ...composition.composed.layers.map(({ kind, name }) => ({ kind, name })),
      ],
    }
  }

  /** Reads site.yaml and uses it when it is valid and trusted. One at a time; a second call waits its turn. */
  load(cause: Cause): Promise<{ readonly valid: boolean }> {
    const turn = this.#loading.then(() => this.#load(cause))
    this.#loading = turn.catch(() => {})
    return turn
  }

  /** Hands the definition in use to the parts again, because who runs a service changed. */
  redefine(): Promise<void> {
    const turn = this.#loading.then(async () => {
      if (this.#read) await this.#use(this.#read)
    })
    this.#loading = turn.catch(() => {})
    return turn
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
    await this.#use((await ports.sandbox?.adapt(waiting)) ?? waiting)
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
    await this.#loading
    this.#publisher[Symbol.dispose]()
  }

  async #load(cause: Cause): Promise<{ readonly valid: boolean }> {
    const loaded = this.#takeFirst() ?? (await readSite(this.#given.identity.directory, this.#given.ports))
    this.#valid = loaded.valid
    this.#problems = loaded.valid ? loaded.warnings : loaded.problems
    this.#waiting = null
    // With only files missing on disk the rest can run: a service without its script fails by itself, with its sentence.
    const usable = loaded.valid ? loaded.definition : (loaded.definition ?? null)
    if (loaded.composition) this.#composition = loaded.composition
    if (usable) {
      if (this.#isTrusted(usable)) await this.#use((await this.#given.ports.sandbox?.adapt(usable)) ?? usable)
      else this.#waiting = usable
    }
    this.#tell(loaded, cause)
    this.#publisher.show(this.#face())
    return { valid: loaded.valid }
  }

  /** What was read when the site was opened, once, unless something was put right or brought back since. */
  #takeFirst(): LoadedSite | null {
    if (this.#hasRead || this.#given.touched) return null
    this.#hasRead = true
    return this.#given.identity.loaded
  }

  #isTrusted(definition: SiteDefinition): boolean {
    const { identity, ports } = this.#given
    const directory = ports.sandbox?.of ?? identity.directory
    return ports.sample || this.#trusted.isTrusted(directory, trustFingerprint(definition))
  }

  async #use(read: SiteDefinition): Promise<void> {
    const { parts } = this.#given
    this.#read = read
    parts.units.configure(read)
    const definition = withChoice(parts.units.held(read), this.#choice)
    this.#inUse = definition
    this.#given.inUse(definition)
    parts.store.setLimits(definition.store)
    // Before a database is opened: an interrupted drill may have left pages of it overwritten.
    await parts.drills.configure(definition)
    await parts.databases.configure(definition)
    // Before anything is started: a service is told in its environment where it may push.
    await parts.pushes.configure(pushingServices(definition), brokerUrl(definition), parts.messaging.ownLogin)
    await parts.dependencies.configure(definition)
    parts.messaging.define(definition)
    await parts.coordinator.define(definition)
    await parts.messaging.configure(definition, routerBrokerUrl(definition), brokerUrl(definition))
    parts.recovery.configure(definition)
    await parts.rehearsals.configure(definition)
    await parts.units.settle({ type: 'console', why: 'an earlier console had ended while a service changed places' })
  }

  #tell(loaded: LoadedSite, cause: Cause): void {
    const { attention, events } = this.#given.parts
    if (loaded.valid) {
      events.emit({
        kind: 'config.loaded',
        subject: 'site',
        severity: 'info',
        message: 'site.yaml was read and is valid.',
        cause,
      })
      attention.clear('site-yaml-invalid', cause)
      return
    }
    const [first] = loaded.problems
    const others = loaded.problems.length > 1 ? ` ${loaded.problems.length - 1} more mistakes.` : ''
    const why = `${first?.file ?? 'site.yaml'}${first?.line ? ` line ${first.line}` : ''}: ${first?.message ?? 'it cannot be read.'}${others}`
    const event = events.emit({
      kind: 'config.refused',
      subject: 'site',
      severity: 'error',
      message: `site.yaml cannot be used. ${why}`,
      cause,
      data: { problems: loaded.problems.slice(0, 20) },
    })
    attention.raise({
      id: 'site-yaml-invalid',
      subject: 'site',
      severity: 'error',
      title: this.#inUse
        ? 'site.yaml has mistakes; the last valid one stays in use'
        : 'site.yaml has mistakes; nothing can be started',
      why,
      fixes: [
        { label: 'Read it again', action: { type: 'reload-config' } },
        { label: 'Show the mistakes', action: { type: 'go-to', page: '/settings' } },
        { label: 'Restore from a backup', action: { type: 'restore', snapshot: null } },
      ],
      cause: event.cause,
      dismissible: false,
    })
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
