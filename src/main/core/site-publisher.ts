import type { ConfigProblem, SiteView } from '#shared/contract/state.ts'
import { brokerAddress } from './broker-address.ts'
import type { SiteDefinition } from './config/index.ts'
import { siteHealth } from './diagnostics/index.ts'
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
}

/** Keeps the `site` slice true: the one sentence about the whole follows the services, cards and backups. */
export class SitePublisher implements Disposable {
  readonly #state: StateHub
  readonly #clock: Clock
  readonly #revisions: Disposable
  #face: SiteFace
  #since: number
  #begun = false

  constructor(state: StateHub, clock: Clock, face: SiteFace) {
    this.#state = state
    this.#clock = clock
    this.#face = face
    this.#since = clock.wall()
    this.#revisions = state.onRevision(({ slices }) => {
      if (slices.services || slices.attention || slices.backups) this.#publish()
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
  }

  [Symbol.dispose](): void {
    this.#revisions[Symbol.dispose]()
    this.#state.slice('site').delete('site')
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
      since: this.#since,
      config: { valid: face.configValid, problems: [...face.problems], loadedAt: face.loadedAt },
      trust: face.trust,
      phases: (face.definition?.phases ?? []).map((phase) => ({ ...phase })),
      waves: face.waves.map((wave) => [...wave]),
      parts: { ...face.definition?.parts },
      broker: face.definition ? brokerAddress(face.definition) : null,
      backupFolder: face.backupFolder,
    })
  }
}
