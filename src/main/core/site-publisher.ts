import type { ConfigProblem, SiteView } from '#shared/contract/state.ts'
import type { LeftOut } from '#shared/environment.ts'
import { brokerAddress } from './broker-address.ts'
import type { SiteDefinition } from './config/index.ts'
import { scoreOf, siteHealth, trendOf } from './diagnostics/index.ts'
import type { Clock } from './platform/index.ts'
import type { StateHub } from './state/index.ts'

/** What the site is besides its parts' own slices. */
export interface SiteFace {
  readonly id: string
  readonly name: string
  readonly directory: string
  readonly sample: boolean
  readonly backupFolder: string
  readonly definition: SiteDefinition | null
  readonly waves: readonly (readonly string[])[]
  readonly problems: readonly ConfigProblem[]
  readonly configValid: boolean
  readonly loadedAt: number
  readonly trust: SiteView['trust']
  readonly leftOut: readonly LeftOut[]
}

const minuteMs = 60_000
/** Values of the score that are kept. */
const historyLength = 60

/** Keeps the `site` slice true: the one sentence about the whole follows the services, cards and backups. */
export class SitePublisher implements Disposable {
  readonly #state: StateHub
  readonly #clock: Clock
  readonly #revisions: Disposable
  #face: SiteFace
  #since: number
  #begun = false
  /** The score once a minute. */
  #history: readonly number[] = []
  #minute: Disposable | undefined

  constructor(state: StateHub, clock: Clock, face: SiteFace) {
    this.#state = state
    this.#clock = clock
    this.#face = face
    this.#since = clock.wall()
    this.#revisions = state.onRevision(({ slices }) => {
      if (slices.services || slices.attention || slices.backups || slices.verification || slices.store) this.#publish()
    })
  }

  show(face: SiteFace): void {
    this.#face = face
    this.#publish()
  }

  /** From here on the site is shown: whoever sees it may also ask for it. */
  begin(): void {
    this.#begun = true
    this.#publish()
    this.#eachMinute()
  }

  [Symbol.dispose](): void {
    this.#revisions[Symbol.dispose]()
    this.#minute?.[Symbol.dispose]()
    this.#state.slice('site').delete('site')
  }

  #eachMinute(): void {
    this.#minute = this.#clock.after(minuteMs, () => {
      const { value } = this.#score()
      if (value !== null) this.#history = [...this.#history, value].slice(-historyLength)
      this.#publish()
      this.#eachMinute()
    })
  }

  #score() {
    const services = this.#face.definition?.services ?? {}
    return scoreOf({
      services: Object.values(this.#state.slice('services').all()),
      definitionOf: (id) => services[id],
      verification: this.#state.slice('verification').get('verification'),
      store: this.#state.slice('store').get('store'),
    })
  }

  #publish(): void {
    if (!this.#begun) return
    const face = this.#face
    const slice = this.#state.slice('site')
    const told = siteHealth({
      services: Object.values(this.#state.slice('services').all()),
      attention: Object.values(this.#state.slice('attention').all()),
      backups: this.#state.slice('backups').get('backups'),
      configValid: face.configValid,
      trusted: face.trust === null,
      now: this.#clock.wall(),
    })
    if (slice.get('site')?.health !== told.health) this.#since = this.#clock.wall()
    slice.set('site', {
      id: face.id,
      name: face.name,
      directory: face.directory,
      sample: face.sample,
      zone: face.definition?.zone ?? 'UTC',
      contact: face.definition?.contact ?? null,
      ...told,
      score: { ...this.#score(), trend: trendOf(this.#history), history: [...this.#history] },
      since: this.#since,
      config: { valid: face.configValid, problems: [...face.problems], loadedAt: face.loadedAt },
      trust: face.trust,
      leftOut: [...face.leftOut],
      phases: (face.definition?.phases ?? []).map((phase) => ({ ...phase })),
      waves: face.waves.map((wave) => [...wave]),
      parts: { ...face.definition?.parts },
      broker: face.definition ? brokerAddress(face.definition) : null,
      backupFolder: face.backupFolder,
    })
  }
}
