import type { MessagePort } from 'node:worker_threads'
import type {
  BrokerDefinition,
  BrokerLinkDefinition,
  DeviceDefinition,
  OutboxBounds,
  RouteDefinition,
  WebhookCall,
} from '#core/config/index.ts'
import type { LogLevel } from '#core/platform/index.ts'
import type { ShownMessage } from '#shared/contract/messages.ts'
import type { StageName } from '#shared/contract/state.ts'
import type { Problem } from '#shared/problem.ts'
import type { PackedMessages } from './admission/packed-messages.ts'
import type { OwnLogin } from './broker/door.ts'
import type { DeviceFacts, FamilyFacts } from './devices/device-facts.ts'
import type { CallCounts } from './function/call-ledger.ts'
import type { FunctionGround } from './function/function-process.ts'
import type { TableContents } from './lookup/lookup-tables.ts'
import type { MessageProperties } from './message-properties.ts'
import type { OutageHorizon } from './outbox/outage-horizon.ts'
import type { RowOrder } from './outbox/outbox.ts'
import type { WholePayload } from './tap-ring.ts'
import type { DeliveryStep } from './trail/delivery-trail.ts'
import type { RouteStep } from './trail/route-trail.ts'

/** What the console says to its data-plane thread. */
export type ToDataPlane =
  | {
      readonly type: 'configure'
      readonly version: number
      readonly routes: readonly RouteDefinition[]
      readonly brokers: readonly KnownBroker[]
      readonly bounds: OutboxBounds
      /** Webhooks by {@link webhookKey}. Never to be logged: they hold secrets. */
      readonly webhooks: Readonly<Record<string, WebhookCall>>
      /** Where functions lie and what runs them; null: nothing is known of the site yet. */
      readonly functions: FunctionGround | null
    }
  /** Whether deliveries from the outbox wait, as somebody works on the site. */
  | { readonly type: 'hold'; readonly on: boolean }
  /** A port straight to the store's writer; replaces an earlier one. */
  | { readonly type: 'store-port'; readonly port: MessagePort }
  /** A port to an embedded broker, which asks by it before it acknowledges a message. */
  | { readonly type: 'admission-port'; readonly port: MessagePort }
  /** A port from an embedded broker, by which messages of QoS 0 come. */
  | { readonly type: 'passing-port'; readonly port: MessagePort }
  /** A port to an embedded broker, by which messages of QoS 0 go that routes publish. */
  | { readonly type: 'delivering-port'; readonly port: MessagePort }
  /** What expressions look up; replaces what was there. */
  | { readonly type: 'tables'; readonly contents: TableContents }
  /** Devices that topics tell of, and what was known of them before. */
  | {
      readonly type: 'devices'
      readonly definitions: readonly DeviceDefinition[]
      readonly known: readonly DeviceFacts[]
    }
  /** A broker is known to be back: connect now instead of waiting out the pause. */
  | { readonly type: 'wake'; readonly broker: string }
  /** A message of the quarantine, through its route or to one target; answered by `published` once it is safe elsewhere. */
  | {
      readonly type: 'resend'
      readonly id: number
      readonly route: string
      readonly target: string | null
      readonly topic: string
      readonly payload: string | Uint8Array
      /** What it had brought, as it is stored. */
      readonly properties: string | null
      /** Who had published it; null where that is not known. */
      readonly client: string | null
    }
  | {
      readonly type: 'publish'
      readonly id: number
      /** Where to; null: the site's first broker. */
      readonly broker: string | null
      readonly topic: string
      readonly payload: string
      readonly qos: 0 | 1
      readonly retain: boolean
    }
  | ({ readonly type: 'tap-open'; readonly id: number } & TapWish)
  /** The last batch was taken: the next one may come. */
  | { readonly type: 'tap-more'; readonly id: number }
  | { readonly type: 'tap-close'; readonly id: number }
  | { readonly type: 'channel'; readonly id: number; readonly channel: string }
  | { readonly type: 'ask'; readonly id: number; readonly question: Question }
  /** Keep what matches from now on; replaces what was said of this recording before. */
  | ({ readonly type: 'record' } & RecordingOrder)
  | { readonly type: 'record-end'; readonly id: number }
  /** Publish these, in their order; answered by `replayed`. */
  | { readonly type: 'replay'; readonly id: number; readonly messages: readonly ReplayedMessage[] }
  | { readonly type: 'stop' }

/** What a recording keeps, what it holds already, and where it ends. */
export interface RecordingOrder {
  readonly id: number
  readonly filter: string
  readonly text: string
  readonly messages: number
  readonly bytes: number
  readonly lost: number
  readonly most: { readonly messages: number; readonly bytes: number; readonly until: number }
}

/** How far a recording has come. `ended`: it has reached this bound, and all that it kept is on disk. */
export interface RecordingCounts {
  readonly id: number
  /** Those on the disk. */
  readonly messages: number
  /** Those on their way there. */
  readonly pending: number
  readonly bytes: number
  readonly lost: number
  readonly ended: 'messages' | 'bytes' | 'time' | 'asked' | null
}

export interface ReplayedMessage {
  /** Where to; null: the site's first broker. */
  readonly broker: string | null
  readonly topic: string
  readonly payload: string | Uint8Array
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  readonly properties: MessageProperties | null
}

/** What a tap is to show: see {@link Messaging.tap}. */
export interface TapWish {
  readonly filter: string
  readonly text: string
  readonly route: string | null
  /** Only what this client of the embedded broker published. */
  readonly client?: string | null
}

/** What the console asks its data-plane thread for, each answered by the answer of the same type. */
export type Question =
  /** Topics seen after a sighting. */
  | { readonly type: 'topics'; readonly after: number }
  /** The last values of a device's figures. */
  | { readonly type: 'device'; readonly key: string }
  /** Forgets a device; what is told of it before the answer is old. */
  | { readonly type: 'device-forget'; readonly key: string }
  /** The payload of one message of the ring. */
  | { readonly type: 'payload'; readonly n: number; readonly at: number }
  /** One row of the outbox: give it up, or try its target at once. */
  | { readonly type: 'outbox-row'; readonly order: RowOrder }
  /** How long the outbox can go on as it does now. */
  | { readonly type: 'outbox-horizon' }
  /** What became of the messages that came at this moment on this topic. */
  | { readonly type: 'trail'; readonly at: number; readonly topic: string }

export type Answer =
  | ({ readonly type: 'topics' } & TopicsSince)
  | { readonly type: 'payload'; readonly payload: WholePayload | null }
  | { readonly type: 'outbox-row'; readonly result: 'done' | 'under way' | 'gone' }
  | { readonly type: 'outbox-horizon'; readonly horizon: OutageHorizon | null }
  | { readonly type: 'device'; readonly history: DeviceHistory }
  | { readonly type: 'device-forget' }
  | {
      readonly type: 'trail'
      readonly since: number | null
      readonly routes: readonly RouteStep[]
      readonly deliveries: readonly DeliveryStep[]
    }

/** Values of figures by their names, oldest first. */
export type DeviceHistory = Readonly<Record<string, readonly { readonly at: number; readonly value: number }[]>>

/** Topics seen after a sighting. `unlisted` more were seen and are not known one by one; `full`: or even more than that. */
export interface TopicsSince {
  readonly topics: readonly TopicCount[]
  readonly sighting: number
  readonly unlisted: number
  readonly full: boolean
}

/** What the data-plane thread says to the console. Never one message per MQTT message. */
export type FromDataPlane =
  | { readonly type: 'ready' }
  | { readonly type: 'configured'; readonly version: number; readonly refused: readonly RefusedRoute[] }
  | { readonly type: 'report'; readonly report: Report }
  /** Counters of a part of the routes; see {@link RouteReport}. */
  | { readonly type: 'routes'; readonly report: RouteReport }
  | { readonly type: 'link'; readonly broker: string; readonly state: LinkState; readonly reason: string }
  | { readonly type: 'published'; readonly id: number; readonly problem: Problem | null }
  | {
      readonly type: 'tap'
      readonly id: number
      readonly messages: readonly ShownMessage[]
      readonly skipped: number
    }
  | { readonly type: 'channel'; readonly id: number; readonly messages: readonly ChannelMessage[] }
  /** Recordings whose counts changed, at most four times a second. */
  | { readonly type: 'recorded'; readonly recordings: readonly RecordingCounts[] }
  /** Devices that changed, at most four times a second. */
  | { readonly type: 'devices'; readonly devices: readonly DeviceFacts[]; readonly families: readonly FamilyFacts[] }
  /** How many of them went out before a failure; null: all did. */
  | { readonly type: 'replayed'; readonly id: number; readonly problem: Problem | null; readonly sent: number }
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answer }
  /** The writer's end of the port is gone: a new one is needed. */
  | { readonly type: 'store-port-lost' }
  | {
      readonly type: 'log'
      readonly level: LogLevel
      readonly message: string
      readonly fields: Readonly<Record<string, unknown>>
    }

/** A broker of the site. The first one is meant where a route names none. */
export interface KnownBroker {
  readonly id: string
  /** Whether it is the console's own. */
  readonly embedded: boolean
  /** How the router goes to it; null: stay away. */
  readonly link: BrokerLink | null
}

/** How the router goes to a broker. */
/** Never to be logged: it holds a password and a key. */
export interface BrokerLink {
  readonly url: string
  /** The name under which the broker keeps what the router has not acknowledged; null: a new one each time, and it keeps nothing. */
  readonly session: string | null
  readonly username: string | null
  readonly password: string | null
  readonly keepaliveMs: number
  /** Group of a shared subscription; null: the router gets every message. */
  readonly share: string | null
  /** PEM. */
  readonly ca: string | null
  readonly cert: string | null
  readonly key: string | null
  readonly serverName: string | null
  /** Which MQTT it is spoken to in: 5 where it can and else 3.1.1, or that one alone. */
  readonly protocol: BrokerLinkDefinition['protocol']
  /** How long a broker of MQTT 5 keeps the session of a router that is away. */
  readonly sessionExpiryMs: number
  /** Bytes of the largest packet that it takes, where the console knows: it cannot say so itself in MQTT 3.1.1. */
  readonly largestPacket: number | null
  /** Levels that a topic may have there, where the console knows. */
  readonly mostLevels: number | null
  /** Messages that were passed on so often are not passed on again. */
  readonly mostHops: number
  /** Why it cannot even be tried, a sentence; null when it can. */
  readonly fault: string | null
}

export type LinkState = 'off' | 'connecting' | 'connected'

/** A route that was not loaded, with the first thing that is wrong with it. */
export interface RefusedRoute {
  readonly route: string
  readonly reason: string
}

/** A message that waits in, or has passed through, a channel. */
export interface ChannelMessage {
  readonly at: number
  readonly route: string
  readonly topic: string
  readonly payload: string
  readonly encoding: 'utf8' | 'hex'
}

/** The counters of the data plane as a whole, four times a second. */
export interface Report {
  readonly received: number
  readonly quarantined: number
  /** The busiest topics, when any count changed since the last report; else null. */
  readonly topics: readonly TopicCount[] | null
  /** How many further topics were seen and are not listed. */
  readonly topicsHidden: number
}

/**
 * The counters of some of the routes, taken between two messages, so that those of each route always add up. Many routes are told in
 * parts, one after the other over a quarter of a second, so that no thread is held up by all of them at once.
 */
export interface RouteReport {
  /** Routes of this part whose counters changed since they were told last. */
  readonly routes: readonly RouteCounts[]
  /** The stages of the routes of this part in which messages came on, once a second; else empty. */
  readonly stages: readonly RouteStages[]
}

/** What became of the messages in the stages of one route since it was loaded, in the order of the stages. */
export interface RouteStages {
  readonly route: string
  /** Wall-clock milliseconds. */
  readonly since: number
  readonly stages: readonly StageCounts[]
}

/** One stage: of `in` messages, so many ended there as the route says, failed, or wait; the others went on. */
export interface StageCounts {
  readonly stage: StageName
  readonly in: number
  readonly ended: number
  readonly failed: number
  readonly waiting: number
  /** Why the newest of those that failed did, and who published it; empty where that is not known. */
  readonly reason: string | null
  readonly client: string
  /** What it took for the messages that were timed, in microseconds; null: none was. */
  readonly meanUs: number | null
  readonly p99Us: number | null
}

export interface TopicCount {
  readonly topic: string
  readonly count: number
  readonly at: number
  readonly retained: boolean
}

/**
 * The ledger of one route. At every moment, for every target:
 * `received + restored + carried = filtered + limited + held + merged + quarantined + passedOver + delivered + queued + expired + dropped`, the target's own `quarantined` and `merged` with it.
 */
export interface RouteCounts {
  readonly id: string
  readonly received: number
  readonly filtered: number
  /** Given up because they came too soon. */
  readonly limited: number
  /** Waiting until they may go on. */
  readonly held: number
  /** Those of `held` that are on the disk, and outlive the router. */
  readonly secured: number
  /** Went on as a part of another message. */
  readonly merged: number
  /** Waited already when the router was started; null until it is known. */
  readonly restored: number | null
  readonly quarantined: number
  /** Of these, messages that had been passed on too often. */
  readonly looped: number
  readonly lastAt: number | null
  /** The newest error of the route itself or of a target; null when there was none. */
  readonly lastError: string | null
  /** What its function did; null without one. */
  readonly calls: CallCounts | null
  readonly targets: readonly TargetCounts[]
}

export interface TargetCounts {
  readonly name: string
  readonly kind: 'mqtt' | 'channel' | 'journal' | 'webhook'
  readonly delivered: number
  readonly queued: number
  readonly dropped: number
  /** Came to the end of their time in the outbox. */
  readonly expired: number
  /** Not for this target, by their tags. */
  readonly passedOver: number
  /** Refused by the target for good. */
  readonly quarantined: number
  /** Gave way to newer ones of their key. */
  readonly merged: number
  /** What the outbox held from before; null until it has been read, 0 where there is none. */
  readonly carried: number | null
  readonly lastError: string | null
  /** Since when every delivery failed, wall-clock milliseconds; null while deliveries arrive or none is tried. */
  readonly failingSince: number | null
}

/** What the console says to its broker thread, and what it says back. */
export type ToBroker =
  | { readonly type: 'stop' }
  | { readonly type: 'who' }
  /** A port straight to the store's writer; replaces an earlier one. */
  | { readonly type: 'store-port'; readonly port: MessagePort }
  /** The ways to the data plane, for messages that are acknowledged and for those that are not, and the way from it; they replace earlier ones. */
  | {
      readonly type: 'router-ports'
      readonly admission: MessagePort
      readonly passing: MessagePort
      readonly delivering: MessagePort
    }
  /** Whether the data plane gets every message from here, and must have it before it is acknowledged. */
  | { readonly type: 'admission'; readonly on: boolean }
export type FromBroker =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'failed'; readonly code: string; readonly reason: string }
  /** Ids of the clients that are connected, as asked by `who`. */
  | { readonly type: 'who'; readonly clients: readonly string[] }
  /** The writer's end of the port is gone: a new one is needed. */
  | { readonly type: 'store-port-lost' }
  /** A client was refused something; a sentence, each once a minute. */
  | { readonly type: 'refusal'; readonly message: string }
  | { readonly type: 'clients'; readonly now: number; readonly connects: number; readonly disconnects: number }
  /** Clients whose figures changed since the last time, and those that have gone; `untold` more are connected and not told of. */
  | {
      readonly type: 'figures'
      readonly clients: readonly BrokerClient[]
      readonly gone: readonly string[]
      readonly untold: number
    }
  | {
      readonly type: 'log'
      readonly level: LogLevel
      readonly message: string
      readonly fields: Readonly<Record<string, unknown>>
    }

/** A client of the embedded broker. Times are wall-clock milliseconds; counts are of this connection. */
export interface BrokerClient {
  readonly id: string
  /** `host:port` from which it connected. */
  readonly address: string | null
  readonly since: number
  /** When it last sent a message, or connected. */
  readonly lastAt: number
  /** Messages from it, and to it. */
  readonly received: number
  readonly sent: number
  /** The first 100 by their filters. */
  readonly subscriptions: readonly { readonly filter: string; readonly qos: number }[]
  readonly moreSubscriptions: number
  /** What is sent in its name when it goes without a word. */
  readonly will: {
    readonly topic: string
    readonly payload: string
    readonly qos: number
    readonly retain: boolean
  } | null
}

/** What the broker thread is started with. Never to be logged: it holds passwords. */
export interface BrokerSettings {
  readonly service: string
  readonly host: string
  readonly port: number
  /** Whether the data plane must have a message before it is acknowledged; see {@link ToBroker}. */
  readonly admission: boolean
  readonly rules: BrokerDefinition
  /** Passwords of the users that are not known by a hash. */
  readonly passwords: Readonly<Record<string, string>>
  /** As whom the console's own connections come; null: like everybody else. */
  readonly own: OwnLogin | null
}

/** Messages that a broker hands to the data plane before it acknowledges them, numbered one after the other. */
export interface Admissions {
  readonly first: number
  readonly qos: readonly (1 | 2)[]
  readonly messages: PackedMessages
}

/** The data plane has taken every message up to this number: what must not be lost of them is safe, apart from those it refuses. */
export interface Admitted {
  readonly through: number
  readonly refused: readonly number[]
}

/** Names of the router's own connections to the embedded broker begin so. */
export const routerClientPrefix = 'wheelhouse-router-'
