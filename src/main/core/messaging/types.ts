import type { RouteDefinition, SiteDefinition } from '#core/config/index.ts'
import type { Builtin } from '#core/platform/index.ts'
import type {
  JournalRow,
  OutboxPage,
  QuarantineChoice,
  Quarantined,
  Settled,
  ShownMessage,
  TopicsPage,
} from '#shared/contract/messages.ts'
import type { Problem } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { OwnLogin } from './broker/door.ts'
import type { DescribedDevices } from './devices/described-devices.ts'
import type { TableContents } from './lookup/lookup-tables.ts'
import type {
  BrokerClient,
  ChannelMessage,
  RecordingCounts,
  RecordingOrder,
  ReplayedMessage,
  TapWish,
} from './protocol.ts'
import type { WholePayload } from './tap-ring.ts'
import type { MessageTrace } from './trail/message-trace.ts'

/** Broker and router of a site, each in a thread of its own. */
export interface Messaging extends AsyncDisposable {
  /** The embedded broker as a builtin service for the coordinator. */
  readonly broker: Builtin
  /** As whom the console itself connects to the embedded broker. Never to be logged, shown or stored. */
  readonly ownLogin: OwnLogin
  /** Takes over who may use the embedded broker, for its next start. To be called before that can be ordered. */
  define(definition: SiteDefinition): void
  /**
   * Connects the router to the site's brokers and loads the routes. Called again when either changes. `brokerUrl` is where the first one
   * is, null to stay away from all; `embeddedUrl` where the site's own one is, when that is not the first.
   */
  configure(definition: SiteDefinition, brokerUrl: string | null, embeddedUrl?: string | null): Promise<void>
  publish(message: {
    readonly topic: string
    readonly payload: string
    readonly qos: 0 | 1
    readonly retain: boolean
    /** One of the site's brokers; without it the first. */
    readonly broker?: string | undefined
  }): Promise<void>
  /**
   * Sends messages of the quarantine again, or gives them up. Rejects with `message-gone`, `message-busy` (another order has it in its
   * hands), `message-cut` (it is not whole), and with what stands in the way.
   */
  sendQuarantined(choice: QuarantineChoice, payload: string | undefined, cause: Cause): Promise<Settled>
  discardQuarantined(choice: QuarantineChoice, cause: Cause): Promise<Settled>
  /** Tries the target of a message that waits at once, or gives the message up. Rejects with `message-gone` and `message-under-way`. */
  settleWaiting(seq: number, what: 'send' | 'discard', cause: Cause): Promise<{ readonly done: number }>
  /** Messages that wait for their targets, oldest first, from behind `after`. */
  outbox(query: {
    readonly route?: string | undefined
    readonly after?: number | undefined
    readonly limit: number
  }): Promise<OutboxPage>
  /** While on, what the outbox holds stays there, and what comes in is added to it. */
  holdDeliveries(on: boolean): void
  /**
   * Follows messages as they pass: those of a topic filter, with a text in topic or payload, that a route has seen. `take` gives what has come since, newest
   * 5,000, and how many were skipped.
   */
  tap(wish: TapWish): Tap
  readonly recorder: RecorderPort
  /** Topics seen by one run of the router after a sighting; of another run all of them. At most 10,000 are known. */
  topics(run: string, after: number): Promise<TopicsPage>
  /** The payload of a message that a tap has shown, up to 4 MiB. Rejects with `message-gone` when newer ones took its place. */
  payload(n: number, at: number): Promise<WholePayload>
  /** What became of the messages that came at this moment on this topic, as far as it is known. */
  trace(at: number, topic: string): Promise<MessageTrace>
  /** Newest first, from below `before`; rejects with what the store says when it cannot be read in time. */
  journal(query: {
    readonly route?: string | undefined
    readonly topic?: string | undefined
    readonly before?: number | undefined
    readonly limit: number
  }): Promise<{ readonly rows: readonly JournalRow[]; readonly more: boolean }>
  quarantine(query: {
    readonly route?: string | undefined
    readonly before?: number | undefined
    readonly limit: number
  }): { readonly rows: readonly Quarantined[]; readonly more: boolean }
  /** What a channel remembers: its newest 100 messages, oldest first. Empty when no route has delivered to it. */
  channel(name: string): Promise<readonly ChannelMessage[]>
  /** Ids of the clients of the embedded broker, the router's own among them. Empty when it does not run. */
  brokerClients(): Promise<readonly string[]>
  /** What the embedded broker tells of its clients, a quarter of a second old at most; `untold` more are connected. Empty when it does not run. */
  clientFigures(): { readonly clients: readonly BrokerClient[]; readonly untold: number }
  /** The devices that site.yaml describes. */
  readonly devices: DescribedDevices
  /** Ends the embedded broker as a crash would, with all its connections; who supervises it starts it again. `why` is a sentence without a full stop. */
  cutBroker(why: string, cause: Cause): Promise<void>
  /** What expressions of routes look up at present. */
  tables(): TableContents
  /** Checks routes without loading them: filters, expressions. One sentence per mistake, with its position. */
  check(route: RouteDefinition): readonly { readonly path: string; readonly message: string; readonly remedy: string }[]
}

/** Recordings as the data plane makes and replays them; {@link openRecordings} keeps account of them. */
export interface RecorderPort {
  record(order: RecordingOrder): void
  /** Its counts are told a last time when all that it kept is on disk. */
  end(id: number): void
  /** It is not taken up again by a thread that comes after this one. */
  forget(id: number): void
  /** Publishes in order; resolves when the broker has all of them. Rejects with `router-restarting` or `router-silent`. */
  replay(messages: readonly ReplayedMessage[]): Promise<{ readonly sent: number; readonly problem: Problem | null }>
  onCounts(listener: (counts: readonly RecordingCounts[]) => void): Disposable
  /** The thread ended unasked: what it had in hand is missing from the recordings under way. */
  onRestart(listener: () => void): Disposable
}

export interface Tap extends Disposable {
  take(): { readonly messages: readonly ShownMessage[]; readonly skipped: number }
  /** Told when there is something to take. */
  onReady(listener: () => void): Disposable
}
