import type { Clock } from '#core/platform/index.ts'
import type { Slice } from '#core/state/index.ts'
import type { TrafficView } from '#shared/contract/state.ts'
import type { BrokerStatus } from './embedded-broker.ts'
import type { LinkState, Report } from './protocol.ts'
import { Rate } from './rate.ts'

type LinkView = TrafficView['links'][number]

/** One value of the history, and how many are kept. */
const historyMs = 2_000
const historyLength = 60

/** The traffic as a whole as it is shown: brokers, router, messages a second, busiest topics. */
export class TrafficBoard implements Disposable {
  readonly #slice: Slice<TrafficView>
  readonly #clock: Clock
  readonly #rate = new Rate()
  #view: TrafficView
  /** What threads before the running one have counted. */
  #carried = { received: 0, quarantined: 0 }
  #history: number[] = []
  #totalAtHistory = 0
  #timer: Disposable

  constructor(slice: Slice<TrafficView>, clock: Clock) {
    this.#slice = slice
    this.#clock = clock
    this.#view = {
      at: clock.wall(),
      broker: { state: 'off', clients: 0, address: null },
      router: 'off',
      links: [],
      received: { total: 0, perSecond: 0, history: [] },
      topics: [],
      topicsHidden: 0,
      quarantined: 0,
    }
    this.#show({})
    this.#timer = clock.after(historyMs, () => this.#turn())
  }

  broker(status: BrokerStatus): void {
    this.#show({ broker: { ...status } })
  }

  /** Shows these brokers from now on, those that it knows with what it knows of them. */
  know(brokers: readonly Pick<LinkView, 'broker' | 'address' | 'embedded'>[]): void {
    const links = brokers.map((one): LinkView => {
      const old = this.#view.links.find(({ broker }) => broker === one.broker)
      const nothing = { state: 'off', since: this.#clock.wall(), lastError: null, lastErrorAt: null } as const
      return { ...(old?.address === one.address ? old : nothing), ...one }
    })
    this.#show({ links, router: links[0]?.state ?? 'off' })
  }

  /** The connection to one broker has become so. */
  link(broker: string, state: LinkState, reason: string): void {
    const now = this.#clock.wall()
    const links = this.#view.links.map((link): LinkView => {
      if (link.broker !== broker) return link
      const isNews = state === 'connecting' && reason !== link.lastError && !reason.startsWith('Connecting to ')
      const error = isNews ? { lastError: reason, lastErrorAt: now } : {}
      return { ...link, ...error, ...(state === link.state ? {} : { state, since: now }) }
    })
    this.#showLinks(links)
  }

  /** The thread that held the connections is gone. */
  failed(): void {
    const since = this.#clock.wall()
    this.#showLinks(this.#view.links.map((link): LinkView => ({ ...link, state: 'failed', since })))
    this.#show({ router: 'failed' })
  }

  #showLinks(links: LinkView[]): void {
    if (JSON.stringify(links) !== JSON.stringify(this.#view.links)) {
      this.#show({ links, router: links[0]?.state ?? 'off' })
    }
  }

  report(report: Report): void {
    const total = this.#carried.received + report.received
    const perSecond = this.#rate.observe(total, this.#clock.monotonic())
    const before = this.#view
    const quarantined = this.#carried.quarantined + report.quarantined
    const unchanged = total === before.received.total && perSecond === before.received.perSecond
    if (unchanged && quarantined === before.quarantined && report.topics === null) return
    this.#show({
      received: { total, perSecond, history: this.#history },
      quarantined,
      ...(report.topics
        ? { topics: report.topics.map((topic) => ({ ...topic })), topicsHidden: report.topicsHidden }
        : {}),
    })
  }

  /** The data plane ended: its successor counts from nothing. */
  crashed(): void {
    this.#carried = { received: this.#view.received.total, quarantined: this.#view.quarantined }
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]()
  }

  /** One more value for the history: the mean rate since the last. */
  #turn(): void {
    this.#timer = this.#clock.after(historyMs, () => this.#turn())
    const { total, perSecond } = this.#view.received
    const rate = Math.round(((total - this.#totalAtHistory) * 1000) / historyMs)
    this.#totalAtHistory = total
    const idle = rate === 0 && this.#history.every((value) => value === 0)
    if (idle && this.#history.length === historyLength) return
    this.#history = [...this.#history, rate].slice(-historyLength)
    this.#show({ received: { total, perSecond, history: this.#history } })
  }

  #show(change: Partial<TrafficView>): void {
    this.#view = { ...this.#view, ...change, at: this.#clock.wall() }
    this.#slice.set('traffic', this.#view)
  }
}
