import type { ConfigProblem } from '#shared/contract/state.ts'
import type { NeedCondition } from '#shared/vocabulary.ts'
import type { BrokerDefinition } from './broker-definition.ts'
import type { BrokerLinkDefinition } from './broker-link-definition.ts'
import type { DeployDefinition } from './deploy-definition.ts'
import type { Composition } from './layers/layer.ts'
import type { Rate } from './rate.ts'
import type { SourcesDefinition } from './sources/source-definition.ts'
import type { TargetDefinition } from './target-definition.ts'

export type { BrokerDefinition, BrokerLimits, BrokerUser, TopicPermissions } from './broker-definition.ts'
export type { BrokerLinkDefinition } from './broker-link-definition.ts'
export type { DeployDefinition, TimedCommand } from './deploy-definition.ts'
export type { HttpSourceDefinition, SourcesDefinition, TableSourceDefinition } from './sources/source-definition.ts'
export type { TargetDefinition } from './target-definition.ts'

/** A validated site.yaml: profile merged, defaults filled in, durations in milliseconds, sizes in bytes, patterns not yet resolved. */
export interface SiteDefinition {
  readonly id: string
  readonly name: string
  readonly zone: string
  readonly contact: { readonly name: string; readonly phone: string | null; readonly email: string | null } | null
  /** Parts of the console switched on or off for this site: router, recovery, monitoring, gateway, backups. */
  readonly parts: Readonly<Record<string, boolean>>
  /** Names in `${secrets.NAME}`, sorted; never their values. */
  readonly secrets: readonly string[]
  /** The headings that services stand under, in their order. */
  readonly phases: readonly PhaseDefinition[]
  readonly services: Readonly<Record<string, ServiceDefinition>>
  /** What services call over HTTP, through the console. */
  readonly dependencies: Readonly<Record<string, DependencyDefinition>>
  /** Brokers that somebody else runs; the first is the one that routes mean which name none. */
  readonly brokers: Readonly<Record<string, BrokerLinkDefinition>>
  readonly routes: Readonly<Record<string, RouteDefinition>>
  /** Devices and families of them that topics tell of, by id. */
  readonly devices: Readonly<Record<string, DeviceDefinition>>
  /** What the site adds to the list of checks, by id. */
  readonly checks: Readonly<Record<string, SiteCheck>>
  readonly backup: BackupDefinition
  /** How releases come in, and when they are good. */
  readonly deploy: DeployDefinition
  /** Drills that site.yaml declares; those that every service has are not among them. */
  readonly drills: Readonly<Record<string, DrillDefinition>>
  /** Recovery policies by id, those of site.yaml first, then the shipped ones that it does not change. */
  readonly recovery: Readonly<Record<string, PolicyDefinition>>
  /** What may wait for targets that must be reached. */
  readonly outbox: OutboxBounds
  /** Tables that expressions of routes look things up in, by id. */
  readonly tables: Readonly<Record<string, TableDefinition>>
  /** Bytes that each of the console's own databases is kept within. */
  readonly store: { readonly control: number; readonly messages: number }
  /** Where values of the configuration come from besides files. */
  readonly sources: SourcesDefinition
  /** What is done when the files of the configuration change. */
  readonly reload: { readonly watch: boolean; readonly apply: 'ask' | 'auto' }
  /** The text it was read from and the sha256 of it: what trust and restore compare. */
  readonly source: { readonly file: string; readonly sha256: string }
}

/** A device that topics tell of, or a family of them. */
export interface DeviceDefinition {
  readonly id: string
  readonly title: string
  /** The broker that its topics are at; absent: the site's first one. */
  readonly broker?: string
  /** Topic filters with `{id}` as a level; without it one device. Empty for Sparkplug. */
  readonly topics: readonly string[]
  /** Id of a Sparkplug B group whose births and deaths are told; null: plain topics. */
  readonly sparkplug: string | null
  readonly online: {
    readonly topic: string
    /** CEL expression; null: the payload as it is. */
    readonly value: string | null
    readonly online: string
    readonly offline: string
  } | null
  readonly silentAfterMs: number | null
  readonly required: boolean
  /** Its client id at the embedded broker, with `{id}` for a family. */
  readonly client: string | null
  readonly figures: readonly DeviceFigure[]
  /** Devices of the family that are kept. */
  readonly most: number
}

export interface DeviceFigure {
  readonly name: string
  /** CEL expression. */
  readonly value: string
  readonly unit: string | null
  readonly below: number | null
  readonly above: number | null
}

/** A failure on purpose. */
export interface DrillDefinition {
  readonly id: string
  /** Null: made of what it does. */
  readonly title: string | null
  readonly do: 'kill' | 'freeze' | 'cut-broker' | 'corrupt-database'
  /** The service. */
  readonly of: string
  /** Cron expression in the site's zone; null: only on request. */
  readonly schedule: string | null
  /** The service must be healthy again within this time. */
  readonly withinMs: number
}

export interface ServiceDefinition {
  readonly id: string
  readonly title: string
  readonly kind: 'node' | 'process' | 'builtin' | 'external'
  /** `node`: the script, relative to the release. `process`: program and arguments, never a shell line. */
  readonly run: readonly string[]
  /** `builtin`: which one. */
  readonly use: 'broker' | 'database' | null
  /** `use: broker`: who may use it; null for every other service. */
  readonly broker: BrokerDefinition | null
  /** `use: database`: which one; null for every other service. */
  readonly database: DatabaseDefinition | null
  /** Working directory relative to the release. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly ports: Readonly<Record<string, number>>
  /** Address that a builtin binds to; loopback unless the site says otherwise. */
  readonly bind: string
  /** One of the site's phases; null: none, and held to no order. */
  readonly phase: string | null
  readonly needs: Readonly<Record<string, NeedCondition>>
  /** Those of its needs after whose restart it is restarted as well. */
  readonly follows: readonly string[]
  /** Dependencies that it calls: it waits while a required one cannot be called. */
  readonly uses: Readonly<Record<string, 'required' | 'optional'>>
  readonly optional: boolean
  /** How much it counts in the site's score. */
  readonly weight: number
  readonly enabled: boolean
  readonly oneShot: boolean
  readonly probes: { readonly startup: Probe | null; readonly readiness: Probe | null; readonly liveness: Probe | null }
  readonly hooks: Readonly<Record<HookName, HookDefinition | null>>
  readonly restart: RestartDefinition
  readonly stop: { readonly signal: string; readonly withinMs: number }
  /** The unit of systemd that runs it, or ran it before the console took it over; null: none is known. */
  readonly unit: UnitDefinition | null
  /** Whether rehearsals start it. */
  readonly rehearse: boolean
  /** Files and folders of the release that it runs on, relative to it; null: any. */
  readonly code: readonly string[] | null
  /** What it should not use more of; null: nothing is said. */
  readonly limits: LimitDefinition | null
  /** How it may push its own health and figures; null: it may not. */
  readonly push: 'http' | 'mqtt' | 'both' | null
  readonly onCrash: 'adopt' | 'stop'
  readonly pages: Readonly<Record<string, string>>
}

/** Null where there is no limit. Memory in bytes, processor time in per cent of one core. */
export interface LimitDefinition {
  readonly memory: number | null
  readonly cpu: number | null
  readonly processes: number | null
  readonly openFiles: number | null
  /** How long it must be beyond a limit until that counts. */
  readonly forMs: number
}

/** Another side that services call over HTTP. References in `url` and `headers` are not yet resolved. Times in milliseconds, sizes in bytes. */
export interface DependencyDefinition {
  readonly id: string
  readonly title: string
  readonly url: string
  readonly timeoutMs: number
  readonly longestMs: number
  readonly attempts: number
  readonly repeat: 'idempotent' | 'all'
  readonly backoff: { readonly firstMs: number; readonly factor: number; readonly capMs: number }
  readonly breaker: { readonly openMs: number; readonly successes: number } & (
    | { readonly kind: 'consecutive'; readonly failures: number }
    /** `rate` is a share in (0, 1]. */
    | { readonly kind: 'rate'; readonly rate: number; readonly windowMs: number; readonly minimum: number }
  )
  readonly fallback: {
    readonly status: number
    readonly type: string
    /** `file` is relative to the release. */
    readonly from: { readonly body: string } | { readonly file: string }
  } | null
  /** `path` null: a connection is opened and nothing sent. */
  readonly check: {
    readonly path: string | null
    readonly status: number | null
    readonly everyMs: number
    readonly timeoutMs: number
  } | null
  readonly methods: readonly string[]
  readonly failures: readonly ('network' | 'timeout' | { readonly from: number; readonly to: number })[]
  readonly headers: Readonly<Record<string, string>>
  readonly concurrency: number
  readonly requestBytes: number
  readonly answerBytes: number
}

/** `of`: the systemd of the machine, or that of the user who runs the console. */
export interface UnitDefinition {
  readonly name: string
  readonly of: 'system' | 'user'
}

export interface PhaseDefinition {
  readonly id: string
  readonly title: string
}

export type HookName = 'before-start' | 'after-start' | 'before-stop' | 'after-stop'

/** A callback of the site around the start or stop of a service. */
export interface HookDefinition {
  /** Program and arguments, never a shell line; references not yet resolved. */
  readonly run: readonly string[]
  /** Then it is killed. Milliseconds. */
  readonly timeoutMs: number
  /** Nothing outside the site notices it, so that it is run in rehearsals too. */
  readonly harmless?: boolean
}

/** A database that the site uses. References in `file` and `url` are not yet resolved. Times in milliseconds. */
export interface DatabaseDefinition {
  readonly target:
    | { readonly engine: 'sqlite'; readonly file: string }
    | { readonly engine: 'postgres'; readonly url: string }
  readonly pool: {
    readonly size: number
    readonly overflow: number
    readonly recycleMs: number
    readonly timeoutMs: number
    readonly statementMs: number
    readonly ping: boolean
  }
  readonly recover: 'ask' | 'automatic'
  readonly check: 'weekly' | 'off'
  /** PostgreSQL: whether snapshots hold a dump of it. */
  readonly backup: boolean
  /** PostgreSQL: as whom it is dumped and restored; null: the user of the address. `secret`: name of the one with the password. */
  readonly admin: { readonly user: string; readonly secret: string | null } | null
}

/** What is looked at. Times in milliseconds; references in texts are not yet resolved. */
export type CheckDefinition =
  | {
      readonly type: 'http'
      readonly url: string
      /** The one status that passes; null: 200 to 399. */
      readonly status: number | null
      /** A text that the answer must hold, and how long it may take at most. */
      readonly body?: string
      readonly latencyMs?: number
    }
  | { readonly type: 'tcp'; readonly address: string }
  | { readonly type: 'mqtt'; readonly url: string; readonly topic: string }
  | { readonly type: 'command'; readonly run: readonly string[] }
  | { readonly type: 'sqlite'; readonly file: string; readonly tables: readonly string[] }
  | { readonly type: 'postgres'; readonly url: string; readonly tables: readonly string[] }
  | { readonly type: 'file'; readonly path: string; readonly newerMs: number | null }
  /** CEL over the figures that the service pushes. */
  | { readonly type: 'metric'; readonly condition: string; readonly newerMs: number }
  | { readonly type: 'pushed'; readonly newerMs: number }

/** One probe. Times in milliseconds. */
export interface Probe {
  readonly check: CheckDefinition
  /** How long the first try waits. */
  readonly delayMs: number
  readonly everyMs: number
  /** Time-out of one try. */
  readonly timeoutMs: number
  /** Failures in a row that count as failed, and successes that count as passed again. */
  readonly failures: number
  readonly successes: number
  /** Startup only: how long the service has to pass. */
  readonly withinMs: number
}

/** A check of the site as a whole. `of` is the service whose ports, login and figures it uses. */
export interface SiteCheck {
  readonly id: string
  readonly title: string
  readonly of: string | null
  readonly check: CheckDefinition
  readonly timeoutMs: number
}

export interface RestartDefinition {
  readonly policy: 'always' | 'on-failure' | 'never'
  readonly backoff: { readonly firstMs: number; readonly factor: number; readonly capMs: number }
  /** At most `starts` in a sliding window; then the service is failed, visibly. */
  readonly budget: { readonly starts: number; readonly perMs: number }
  /** Healthy for this long resets the back-off. */
  readonly forgiveMs: number
}

/** When the console acts by itself, and what it does. Times in milliseconds. */
export interface PolicyDefinition {
  readonly id: string
  readonly title: string
  readonly on: boolean
  /** Whether the console brings it, changed or not. */
  readonly shipped: boolean
  readonly when: PolicyCondition
  readonly forMs: number
  readonly steps: readonly RecoveryStep[]
  readonly backoff: { readonly firstMs: number; readonly factor: number; readonly capMs: number }
  readonly perDay: number
  readonly coolDownMs: number
}

export type PolicyCondition =
  | {
      readonly kind: 'health'
      readonly is: 'unhealthy' | 'failed' | 'degraded'
      readonly of: readonly string[] | 'all'
    }
  | { readonly kind: 'site' }
  /** CEL on the figures that a service pushes. */
  | { readonly kind: 'metric'; readonly expression: string; readonly of: readonly string[] | 'all' }
  /** CEL on the machine; `of`: the services that steps work on. */
  | { readonly kind: 'machine'; readonly expression: string; readonly of: readonly string[] }
  /** `of`: the services that steps work on; none is whatever the event is about. */
  | { readonly kind: 'event'; readonly event: string; readonly of: readonly string[] }

export type RecoveryStep =
  | {
      readonly action:
        | 'restart'
        | 'restart-with-dependents'
        | 'reconnect'
        | 'restore-database'
        | 'recover-site'
        | 'call-operator'
    }
  /** Paths below the site's folder, with `${service}` still in them. */
  | { readonly action: 'reset-state' | 'reset-corrupt' | 'clear-cache'; readonly paths: readonly string[] }
  | { readonly action: 'run'; readonly run: readonly string[]; readonly withinMs: number }

export interface RouteDefinition {
  readonly id: string
  readonly title: string
  readonly on: boolean
  /** Topic filter, or a regular expression written `/…/`. */
  readonly from: string
  /** The broker it listens to; absent: the site's first one. */
  readonly broker?: string
  /** CEL condition; null lets everything through. */
  readonly where: string | null
  /** JSON Schema (2020-12) that the payload must fit; null: any payload does. */
  readonly validate: Readonly<Record<string, unknown>> | null
  /** How often messages may go on; null as often as they come. */
  readonly limit: RouteLimit | null
  /** Fields that are added to the payload, each a CEL expression; null: none. */
  readonly enrich: Readonly<Record<string, string>> | null
  /** Which targets a message is for; null: each takes every one. */
  readonly tag: RouteTags | null
  /** What makes the new payload: a CEL mapping, or a function of the site's own; null leaves it as it is. */
  readonly map: string | RouteFunction | null
  /** Many messages go on as one; null: each goes by itself. */
  readonly batch: RouteBatch | null
  readonly priority: RoutePriority
  /** How long a message that waits in the outbox is wanted; null: as long as the outbox keeps it. */
  readonly expiresMs: number | null
  readonly to: readonly RouteTarget[]
}

export type RoutePriority = 'critical' | 'high' | 'normal' | 'low'

export interface OutboxBounds {
  readonly rows: number
  /** Of payloads. */
  readonly bytes: number
  /** Messages that waited for longer are given up. */
  readonly ageMs: number
  /** What goes when there is no room: the oldest of the least urgent, the oldest, or nothing, so that publishers wait. */
  readonly whenFull: 'drop-lowest' | 'drop-oldest' | 'refuse'
}

/** A file with rows: `.csv` or `.json`. */
export interface TableDefinition {
  readonly id: string
  /** Relative to the site's folder. */
  readonly file: string
  /** Column by which rows are looked up. */
  readonly key: string
}

/** A function of the site's own that makes the new payload of each message. */
export interface RouteFunction {
  /** Relative to the release. */
  readonly file: string
  readonly export: string
  /** How long it may take for one message. */
  readonly timeoutMs: number
  /** How it is given the payload: decoded from JSON, as text, or as bytes. */
  readonly payload: 'json' | 'text' | 'bytes'
}

/** Routing by tag. */
export interface RouteTags {
  /** CEL expression that gives the tag of a message, or a list of tags. */
  readonly expression: string
  /** For each target in its order the tags that it takes; null: every message. */
  readonly of: readonly (readonly string[] | null)[]
}

export interface RouteLimit {
  /** So many at once, then one each time a share of the period has gone by. */
  readonly rate: Rate
  /** What is counted by itself: each topic, the route as a whole, or each value of a CEL expression. */
  readonly per: 'topic' | 'route' | { readonly expression: string }
  /** Which message of those that come too soon goes on when one may again: the newest, or none of them. */
  readonly keep: 'latest' | 'first'
}

export interface RouteBatch {
  /** How long after its first message a batch goes on, at the latest. */
  readonly windowMs: number
  /** Messages, and bytes of payload, with which it goes on before. */
  readonly most: number
  readonly bytes: number
  /** What is gathered by itself: each topic, the route as a whole, or each value of a CEL expression. */
  readonly per: 'topic' | 'route' | { readonly expression: string }
  /** CEL expression that makes one payload of the list; null: the list. */
  readonly as: string | null
}

/** How messages that wait in the outbox for a target keep their order. */
export interface TargetOrder {
  /** CEL expression; of messages for which it gives the same none overtakes another. Absent: by their topic. */
  readonly key?: string
  /** Of a key only the newest waits. Absent: all do. */
  readonly keep?: 'latest'
}

export type RouteTarget =
  | ({
      readonly kind: 'mqtt'
      /** The topic to publish to; a `#` at its end stands for the topic that the message came on. */
      readonly topic: string
      readonly qos: 0 | 1
      readonly retain: boolean
      /** The broker to publish to; absent: the site's first one. */
      readonly broker?: string
    } & TargetOrder)
  | { readonly kind: 'channel'; readonly channel: string }
  | { readonly kind: 'journal'; readonly keepMs: number }
  | WebhookTarget

/** A place that messages are sent to by HTTP. Address and headers as they are written: with references, never with secrets. */
export interface WebhookTarget extends TargetOrder {
  readonly kind: 'webhook'
  readonly url: string
  readonly method: 'POST' | 'PUT' | 'PATCH'
  readonly headers: Readonly<Record<string, string>>
  /** Content type; null: by the payload. */
  readonly type: string | null
  readonly timeoutMs: number
  /** Calls under way at a time, of one key always one. */
  readonly parallel: number
}

export interface BackupDefinition {
  /** Folder of the repository; null: the user's data folder. */
  readonly folder: string | null
  /** Where the repository is; null: the user's data folder. A folder stands in `folder` as well. */
  readonly target: TargetDefinition | null
  /** Further places that are brought up to date after each backup, by id. */
  readonly copies: Readonly<Record<string, TargetDefinition>>
  /** Cron expressions in the site's zone; null: not scheduled. */
  readonly schedule: { readonly full: string | null; readonly data: string | null }
  /** How long the health of the services is watched after a restore; 0 is not at all. */
  readonly watchMs: number
  /** How many of each period are kept. */
  readonly keep: {
    readonly last: number
    readonly hourly: number
    readonly daily: number
    readonly weekly: number
    readonly monthly: number
    readonly yearly: number
  }
  /** Glob patterns below the site folder that are left out. */
  readonly exclude: readonly string[]
  /** Whether caches are backed up too. */
  readonly caches: boolean
  /** For how long there may be no good snapshot; null: by the schedule. */
  readonly alertAfterMs: number | null
  /** Name of the secret that holds the passphrase; null: not encrypted. */
  readonly encryption: { readonly secret: string } | null
  readonly rehearsal: RehearsalDefinition
}

/** When and how the newest good snapshot is tried out beside the site. */
export interface RehearsalDefinition {
  /** Cron expression in the site's zone; null: only on request. */
  readonly schedule: string | null
  /** Folder of the sandboxes; null: `.wheelhouse/sandbox` of the site. */
  readonly folder: string | null
  /** Bytes of a snapshot that may be restored there at most. */
  readonly most: number
  /** How long all of it may take, and how long services have to become healthy once they are started. */
  readonly withinMs: number
  readonly healthyWithinMs: number
}

/** A site as read from disk: a definition, or everything that is wrong with it at once. */
export type LoadedSite =
  | {
      readonly valid: true
      readonly definition: SiteDefinition
      readonly warnings: readonly ConfigProblem[]
      readonly composition: SiteComposition
    }
  | {
      readonly valid: false
      readonly problems: readonly ConfigProblem[]
      /** What could still be read. */
      readonly name: string | null
      readonly id: string | null
      /**
       * Given when the file is right and only things on disk are missing (a script, a program, the release): enough to take
       * up services that still run, to stop them and to restore, not to start the site.
       */
      readonly definition?: SiteDefinition
      readonly composition?: SiteComposition
    }

/** What a definition was put together from. */
export interface SiteComposition {
  readonly composed: Composition
  /** Texts of the files that `include` names, by name. */
  readonly includes: ReadonlyMap<string, string>
  /** Text of site.yaml. */
  readonly site: string
}

/**
 * Values for `${…}`: the service's own `ports.NAME`, another's `services.ID.ports.NAME`, `data`, `release`, `site`, `logs`,
 * and at spawn time `secrets.NAME`. Rehearsal gives other ports and folders.
 */
export interface Variables {
  readonly site: string
  readonly release: string
  readonly data: string
  readonly logs: string
  /** Ports by service and name, where they differ from the definition's. */
  readonly ports?: Readonly<Record<string, Readonly<Record<string, number>>>>
}
