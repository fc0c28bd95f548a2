import { z } from 'zod'
import { environmentNameSchema, leftOutSchema } from '../environment.ts'
import {
  causeSchema,
  healthSchema,
  idSchema,
  needConditionSchema,
  serviceKindSchema,
  serviceStateSchema,
  severitySchema,
} from '../vocabulary.ts'
import { encryptionViewSchema } from './backup-keys.ts'
import { dependencyViewSchema } from './dependencies.ts'
import { deployViewSchema } from './deploys.ts'
import { drillViewSchema } from './drills.ts'
import { keepingViewSchema } from './keeping-views.ts'
import { maintenanceViewSchema } from './maintenance.ts'
import { recordingViewSchema } from './recordings.ts'
import { policyViewSchema } from './recovery.ts'
import { rehearsalsViewSchema } from './rehearsals.ts'
import { releaseViewSchema } from './releases.ts'
import { startPathViewSchema } from './start-path.ts'
import { startupViewSchema } from './startup.ts'
import { targetViewSchema } from './targets.ts'
import { serviceUnitSchema } from './unit.ts'
import { verificationViewSchema } from './verification.ts'

/** A fix that a card offers as a button. */
export const fixSchema = z.object({
  /** The button's label, a verb: "Restart api". */
  label: z.string(),
  /** What pressing it calls. */
  action: z.discriminatedUnion('type', [
    z.object({ type: z.literal('start-service'), service: idSchema }),
    z.object({ type: z.literal('restart-service'), service: idSchema }),
    z.object({ type: z.literal('adopt-unit'), service: idSchema }),
    z.object({ type: z.literal('release-unit'), service: idSchema }),
    z.object({ type: z.literal('start-all') }),
    z.object({ type: z.literal('restore'), snapshot: z.string().nullable() }),
    z.object({ type: z.literal('undo') }),
    z.object({ type: z.literal('back-up') }),
    z.object({ type: z.literal('prune') }),
    z.object({ type: z.literal('accept-shrink'), snapshot: z.string() }),
    z.object({ type: z.literal('rehearse') }),
    z.object({ type: z.literal('reload-config') }),
    z.object({ type: z.literal('restore-config') }),
    z.object({ type: z.literal('apply-config') }),
    z.object({ type: z.literal('check-store'), database: z.enum(['control', 'messages']) }),
    z.object({ type: z.literal('recover-store'), database: z.enum(['control', 'messages']) }),
    z.object({ type: z.literal('recover-database'), service: idSchema }),
    z.object({ type: z.literal('reset-dependency'), dependency: idSchema }),
    z.object({ type: z.literal('end-maintenance') }),
    z.object({ type: z.literal('go-to'), page: z.string() }),
  ]),
})
export type Fix = z.infer<typeof fixSchema>

/** The console itself. Slice `console`, the one id `console`. */
export const consoleViewSchema = z.object({
  version: z.string(),
  host: z.enum(['electron', 'headless', 'command line']),
  node: z.string(),
  /** What this run of the console is for, and whether that was said or is the usual. */
  environment: z.object({ name: environmentNameSchema, chosen: z.boolean() }),
  platform: z.string(),
  hostname: z.string(),
  startedAt: z.number(),
  /** Whether a folder chooser, opening folders and desktop notifications exist in this host. */
  can: z.object({ chooseFolder: z.boolean(), openFolder: z.boolean(), notify: z.boolean() }),
  /** Sites opened before, newest first. */
  recent: z.array(z.object({ directory: z.string(), name: z.string(), openedAt: z.number(), sample: z.boolean() })),
  /** What the console is doing about a site. */
  phase: z.enum(['no site', 'opening', 'open', 'closing', 'could not open']),
  /** Why it could not open, when it could not. */
  problem: z.object({ message: z.string(), remedy: z.string() }).nullable(),
})
export type ConsoleView = z.infer<typeof consoleViewSchema>

/** A mistake in site.yaml. */
export const configProblemSchema = z.object({
  code: z.string(),
  file: z.string(),
  line: z.number().int().nullable(),
  column: z.number().int().nullable(),
  /** Where in the document: `services.api.run`. */
  path: z.string(),
  message: z.string(),
  remedy: z.string(),
})
export type ConfigProblem = z.infer<typeof configProblemSchema>

/** The open site. Slice `site`, the one id `site`; absent while no site is open. */
export const siteViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  directory: z.string(),
  sample: z.boolean(),
  zone: z.string(),
  contact: z.object({ name: z.string(), phone: z.string().nullable(), email: z.string().nullable() }).nullable(),
  /** One true sentence, and the health behind it. */
  health: healthSchema,
  sentence: z.string(),
  /** How well the site is as a number: 100 when everything that is wanted is healthy; null while nothing is known. */
  score: z.object({
    value: z.number().int().min(0).max(100).nullable(),
    /** Over the last quarter of an hour. */
    trend: z.enum(['rising', 'steady', 'falling']).nullable(),
    /** One value each minute, newest last, at most 60. */
    history: z.array(z.number()),
    /** What takes points away, the most first. */
    lowered: z.array(z.object({ page: z.string(), title: z.string(), points: z.number(), reason: z.string() })),
  }),
  /** Since when it has this health. */
  since: z.number(),
  /** Event id or subject that is its evidence, as a page address (`/services/api`). */
  evidence: z.string().nullable(),
  config: z.object({ valid: z.boolean(), problems: z.array(configProblemSchema), loadedAt: z.number() }),
  /** Set while the site is foreign and has not been trusted: what it would run. */
  trust: z
    .object({
      fingerprint: z.string(),
      /** `of`: whose it is, as a person reads it (`api`, `recovery policy p`); `service` is its id alone. */
      commands: z.array(z.object({ service: idSchema, of: z.string(), command: z.string(), cwd: z.string() })),
    })
    .nullable(),
  /** Services that this start of the console leaves out. */
  leftOut: z.array(leftOutSchema),
  /** The headings that services stand under, in their order. */
  phases: z.array(z.object({ id: idSchema, title: z.string() })),
  /** Ids of services in waves: each wave needs only earlier ones. */
  waves: z.array(z.array(idSchema)),
  parts: z.record(z.string(), z.boolean()),
  /** Where MQTT clients on the LAN can reach the embedded broker, and whether it is bound beyond loopback. */
  broker: z.object({ addresses: z.array(z.string()), beyondLoopback: z.boolean(), note: z.string() }).nullable(),
  /** Folder of the backup repository and whether it shares a disk with the site. */
  backupFolder: z.string(),
})
export type SiteView = z.infer<typeof siteViewSchema>

/** A service. Slice `services`, by its id. */
export const serviceViewSchema = z.object({
  id: idSchema,
  title: z.string(),
  kind: serviceKindSchema,
  state: serviceStateSchema,
  /** Whether the operator or the site wants it running. */
  wanted: z.boolean(),
  /** The site counts as healthy without it. */
  optional: z.boolean(),
  health: healthSchema,
  /** Since when it has this state and health. */
  since: z.number(),
  /** Why it is in this state, one sentence. */
  reason: z.string(),
  /** The event that brought it here. */
  event: z.string().nullable(),
  needs: z.array(z.object({ service: idSchema, condition: needConditionSchema, met: z.boolean() })),
  dependents: z.array(idSchema),
  /** Dependencies that it calls through the console, and whether calls reach them. */
  uses: z.array(z.object({ dependency: idSchema, required: z.boolean(), reachable: z.boolean() })),
  /** One of the site's phases, by id. */
  phase: z.string().nullable(),
  pid: z.number().int().nullable(),
  startedAt: z.number().nullable(),
  adopted: z.boolean(),
  ports: z.record(z.string(), z.number().int()),
  /** Lifetime restarts, for display; and the back-off counter behind decisions. */
  restarts: z.number().int(),
  attempt: z.number().int(),
  /** When the next start is due while backing off. */
  nextStartAt: z.number().nullable(),
  lastExit: z
    .object({ at: z.number(), code: z.number().int().nullable(), signal: z.string().nullable(), sentence: z.string() })
    .nullable(),
  probes: z.array(
    z.object({
      name: z.enum(['startup', 'readiness', 'liveness']),
      what: z.string(),
      passing: z.boolean().nullable(),
      /** Last answer in words, its age and how long it took. */
      answer: z.string(),
      at: z.number().nullable(),
      ms: z.number().nullable(),
      failures: z.number().int(),
    }),
  ),
  /** Callbacks of the site around its start and stop; `runs` is the one under way. */
  hooks: z.array(z.object({ name: z.string(), command: z.string(), timeoutMs: z.number(), runs: z.boolean() })),
  /** CPU share of one core in per cent, and resident bytes, of the service's whole process tree. */
  cpu: z.number().nullable(),
  memory: z.number().nullable(),
  processes: z.number().int(),
  /** The unit of systemd that runs it, or ran it before the console took it over. While systemd runs it, `pid` and `memory` are the unit's. */
  unit: serviceUnitSchema.nullable(),
  command: z.string(),
  cwd: z.string(),
  /** Addresses of pages that a person can open. */
  pages: z.array(z.object({ title: z.string(), url: z.string() })),
})
export type ServiceView = z.infer<typeof serviceViewSchema>

/** What a service pushed of itself since it was started. Slice `pushed`, by the id of the service. */
export const pushedViewSchema = z.object({
  id: idSchema,
  /** When the newest push came. */
  at: z.number(),
  /** What it called itself last, in its own words. */
  health: healthSchema.nullable(),
  sentence: z.string().nullable(),
  pushes: z.number(),
  /** Figures that were not taken, because there were too many. */
  refused: z.number(),
  /** The last value of each figure and those before it, newest last, at most 60. */
  figures: z.array(z.object({ name: z.string(), value: z.number(), at: z.number(), history: z.array(z.number()) })),
})
export type PushedView = z.infer<typeof pushedViewSchema>

/** A job. Slice `jobs`, by its id; finished ones stay for a while. */
export const jobViewSchema = z.object({
  id: z.string(),
  kind: z.string(),
  subject: z.string(),
  title: z.string(),
  state: z.enum(['running', 'completed', 'failed', 'cancelled', 'interrupted']),
  startedAt: z.number(),
  endedAt: z.number().nullable(),
  steps: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      state: z.enum(['pending', 'running', 'done', 'failed', 'skipped']),
      startedAt: z.number().nullable(),
      endedAt: z.number().nullable(),
    }),
  ),
  progress: z.object({ done: z.number(), total: z.number(), unit: z.string() }).nullable(),
  cancellable: z.boolean(),
  /** Why it cannot be cancelled any more, when it cannot. */
  noReturn: z.string().nullable(),
  commandLine: z.string(),
  cause: causeSchema,
  /** The result or the failure, one sentence. */
  message: z.string().nullable(),
  remedy: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
})
export type JobView = z.infer<typeof jobViewSchema>

/** A card that needs attention. Slice `attention`, by its id. */
export const attentionViewSchema = z.object({
  id: z.string(),
  subject: z.string(),
  severity: severitySchema,
  title: z.string(),
  why: z.string(),
  since: z.number(),
  fixes: z.array(fixSchema),
  event: z.string().nullable(),
  dismissible: z.boolean(),
  dismissed: z.boolean(),
  /** Kept back while maintenance is on: counted, not shown. */
  shelved: z.boolean().optional(),
})
export type AttentionView = z.infer<typeof attentionViewSchema>

const historySchema = z.array(z.number())

/** The machine. Slice `machine`, the one id `machine`. Histories are one value each 2 s, newest last, at most 60. */
export const machineViewSchema = z.object({
  at: z.number(),
  cpu: z.object({ percent: z.number(), history: historySchema, cores: z.number().int() }),
  memory: z.object({ used: z.number(), total: z.number(), history: historySchema }),
  disk: z.object({ free: z.number(), total: z.number(), path: z.string() }).nullable(),
  /** Degrees Celsius; null where the machine has no sensor. */
  temperature: z.number().nullable(),
  /** Resident bytes of the console's own process. */
  console: z.object({ memory: z.number() }),
})
export type MachineView = z.infer<typeof machineViewSchema>

/** The message traffic as a whole. Slice `traffic`, the one id `traffic`. */
export const trafficViewSchema = z.object({
  at: z.number(),
  broker: z.object({
    state: z.enum(['off', 'starting', 'running', 'failed']),
    clients: z.number().int(),
    address: z.string().nullable(),
  }),
  /** Whether the router's own client is connected to the broker. */
  router: z.enum(['off', 'connecting', 'connected', 'failed']),
  /** The router's connections to the site's brokers; the first is the one that `router` is about. */
  links: z.array(
    z.object({
      broker: z.string(),
      /** Without user, password and query. */
      address: z.string(),
      embedded: z.boolean(),
      state: z.enum(['off', 'connecting', 'connected', 'failed']),
      since: z.number(),
      /** Why it was without a connection last, and when; null when it never was. */
      lastError: z.string().nullable(),
      lastErrorAt: z.number().nullable(),
    }),
  ),
  received: z.object({ total: z.number(), perSecond: z.number(), history: historySchema }),
  /** Topics seen, with their counts; at most 200, the busiest. `topicsHidden` more are not listed. */
  topics: z.array(z.object({ topic: z.string(), count: z.number(), at: z.number(), retained: z.boolean() })),
  topicsHidden: z.number().int(),
  quarantined: z.number(),
})
export type TrafficView = z.infer<typeof trafficViewSchema>

/**
 * A route with its ledger. Slice `routes`, by its id. For each target: received + carried = filtered + limited + held + merged + quarantined (of the
 * route and of the target) + passedOver + delivered + queued + expired + dropped.
 */
export const routeViewSchema = z.object({
  id: idSchema,
  from: z.string(),
  /** The broker that it listens to; missing: the site's first. */
  broker: z.string().optional(),
  title: z.string(),
  on: z.boolean(),
  received: z.number(),
  perSecond: z.number(),
  /** How often messages go on, in words; null: as often as they come. */
  limit: z.string().nullable(),
  /** Messages that left the route before any target: `where` said no, they came too soon, or a stage threw. */
  filtered: z.number(),
  limited: z.number(),
  /** Messages that wait until they may go on. */
  held: z.number(),
  /** How messages are gathered, in words; null: each goes by itself. And those that went on as a part of another. */
  batch: z.string().nullable(),
  merged: z.number(),
  quarantined: z.number(),
  /** The function of the site's own that messages go through; null without one. */
  function: z
    .object({
      file: z.string(),
      /** Which function, and how long it may take. */
      words: z.string(),
      /** Messages that it answered, and those of them for which it threw or gave nothing that can go on. */
      calls: z.number(),
      failed: z.number(),
      /** Messages for which it took too long, and with which its process ended otherwise. */
      timedOut: z.number(),
      ended: z.number(),
      /** Milliseconds for a message; null while it has answered none. */
      meanMs: z.number().nullable(),
      /** Why the newest file cannot be used, the end of a sentence; null when it can. `keptOld`: the one from before is used on. */
      failure: z.string().nullable(),
      keptOld: z.boolean(),
    })
    .nullable(),
  targets: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['mqtt', 'channel', 'journal', 'webhook']),
      delivered: z.number(),
      queued: z.number(),
      dropped: z.number(),
      /** Came to the end of their time in the outbox; refused by the target for good. */
      expired: z.number(),
      /** Not for this target, by their tags. */
      passedOver: z.number(),
      quarantined: z.number(),
      /** Gave way in the outbox to newer ones of their key. */
      merged: z.number(),
      /** What the outbox held from before, and what waited in the route. */
      carried: z.number(),
      lastError: z.string().nullable(),
      /** Since when every delivery failed; null while they arrive. */
      failingSince: z.number().nullable(),
    }),
  ),
  /** Why the router did not load it; null when it did. */
  refused: z.string().nullable(),
  lastError: z.string().nullable(),
  lastAt: z.number().nullable(),
})
export type RouteView = z.infer<typeof routeViewSchema>

/** A stage of a route. `payload`: it is read as JSON, for the stages that look at it; `key`: it is told what its targets keep the order by. */
export const stageNameSchema = z.enum(['payload', 'where', 'validate', 'limit', 'tag', 'key', 'enrich', 'map', 'batch'])
export type StageName = z.infer<typeof stageNameSchema>

/**
 * What the stages of a route did with its messages. Slice `stages`, by the id of the route. Counted since the router was started or the
 * route was loaded as it is now; once a second.
 */
export const routeStagesSchema = z.object({
  id: idSchema,
  since: z.number(),
  /** In their order; empty for a route without any. For each: in = out + ended + failed + waiting. */
  stages: z.array(
    z.object({
      stage: stageNameSchema,
      in: z.number(),
      /** Went on to the next one, or to the targets. */
      out: z.number(),
      /** Ended there as the route says: filtered, given up as too soon, for none of the targets, too old when they could go on. */
      ended: z.number(),
      /** Went to quarantine, why the newest did, and which client published that one; empty where that is not known. */
      failed: z.number(),
      reason: z.string().nullable(),
      client: z.string(),
      waiting: z.number(),
      /** The same for the last minute, or for as long as it counts. */
      minute: z.object({ in: z.number(), ended: z.number(), failed: z.number() }),
      /** Microseconds that it takes: the mean, and what 99 of 100 do not exceed; of ten messages a second at most. Null: none was timed yet. */
      meanUs: z.number().nullable(),
      p99Us: z.number().nullable(),
    }),
  ),
})
export type RouteStagesView = z.infer<typeof routeStagesSchema>

/** What a database of the console's own store is doing. `stand-in`: a new file takes its place until an operator decides. */
export const storeStateSchema = z.enum(['open', 'read-only', 'recovering', 'stand-in', 'failed'])

/** The console's own store. Slice `store`, the one id `store`. Times of commits are milliseconds over the last 1,000. */
export const storeViewSchema = z.object({
  at: z.number(),
  /** The worst state of its databases, and why in a sentence when it is not `open`. */
  state: storeStateSchema,
  note: z.string().nullable(),
  /** Since when it has this state. */
  since: z.number(),
  /** All databases with their write-ahead logs. */
  bytes: z.number(),
  commitP50: z.number(),
  commitP99: z.number(),
  commits: z.number(),
  queueDepth: z.number(),
  queueBound: z.number(),
  /** Writes refused because the queue was full, and expendable ones (metrics) that were given up for others. */
  refused: z.number(),
  dropped: z.number(),
  /** Transactions that were tried again because another program held a lock. */
  busyRetries: z.number(),
  databases: z.array(
    z.object({
      name: z.enum(['control', 'messages']),
      state: storeStateSchema,
      note: z.string().nullable(),
      bytes: z.number(),
      walBytes: z.number(),
      /** The size that it is kept within. */
      limitBytes: z.number(),
      /** A stand-in runs, and no damage of the database itself is known: the console goes back to it once it can be opened. */
      comesBack: z.boolean(),
      /** Checked copies, the newest's time. */
      copies: z.object({ count: z.number().int(), newestAt: z.number().nullable(), bytes: z.number() }),
      lastCheck: z
        .object({ at: z.number(), kind: z.enum(['quick', 'full']), ok: z.boolean(), note: z.string() })
        .nullable(),
    }),
  ),
  /** Statements that took over 40 ms, by name, the slowest first; at most 20. */
  slow: z.array(
    z.object({
      name: z.string(),
      count: z.number().int(),
      worstMs: z.number(),
      lastMs: z.number(),
      lastAt: z.number(),
    }),
  ),
  /** Damaged files that were set aside, newest first, and until when they are kept. */
  quarantine: z.array(
    z.object({
      folder: z.string(),
      database: z.string(),
      at: z.number(),
      until: z.number(),
      bytes: z.number(),
      why: z.string(),
    }),
  ),
})
export type StoreView = z.infer<typeof storeViewSchema>

/** A database that the site uses, with the pool in front of it. Slice `databases`, by the id of its service. */
export const siteDatabaseViewSchema = z.object({
  id: idSchema,
  engine: z.enum(['sqlite', 'postgres']),
  /** Path below the site, or `host:port/name`; never a password. */
  where: z.string(),
  /** As the engine calls itself, its name included: `SQLite 3.54.1`. Null until it was connected to. */
  version: z.string().nullable(),
  health: healthSchema,
  sentence: z.string(),
  since: z.number(),
  pool: z.object({
    size: z.number().int(),
    overflow: z.number().int(),
    open: z.number().int(),
    inUse: z.number().int(),
    waiting: z.number().int(),
    /** Waits for a connection that ended in the time-out. */
    timeouts: z.number(),
    /** Connections closed for their age, and those that failed their check before use. */
    recycled: z.number(),
    discarded: z.number(),
  }),
  sessions: z.object({ committed: z.number(), rolledBack: z.number() }),
  queries: z.object({
    total: z.number(),
    perSecond: z.number(),
    failed: z.number(),
    retried: z.number(),
    p50: z.number(),
    p99: z.number(),
  }),
  /** Queries that took over 40 ms, by their text without values; the slowest first, at most 20. */
  slow: z.array(z.object({ sql: z.string(), count: z.number().int(), worstMs: z.number() })),
  lastError: z.object({ at: z.number(), sentence: z.string() }).nullable(),
  lastCheck: z.object({ at: z.number(), ok: z.boolean(), note: z.string() }).nullable(),
  bytes: z.number().nullable(),
  /** SQLite: whether damage is put right by itself, the copies to do it with. PostgreSQL: null. */
  recovery: z
    .object({
      policy: z.enum(['ask', 'automatic']),
      copies: z.number().int(),
      newestCopyAt: z.number().nullable(),
      /** The last one, in a sentence. */
      last: z.object({ at: z.number(), sentence: z.string() }).nullable(),
    })
    .nullable(),
})
export type SiteDatabaseView = z.infer<typeof siteDatabaseViewSchema>

/** Backups as a whole. Slice `backups`, the one id `backups`. */
export const backupsViewSchema = z.object({
  folder: z.string(),
  sharesDisk: z.boolean(),
  bytes: z.number().nullable(),
  freeBytes: z.number().nullable(),
  /** Newest good snapshot. */
  lastAt: z.number().nullable(),
  /** Newest snapshot whose every byte was read back and whose databases were opened and checked. */
  lastVerifiedAt: z.number().nullable(),
  /** When the next scheduled one is due. */
  nextAt: z.number().nullable(),
  /** The restore point that Undo would go back to. */
  undo: z.object({ snapshot: z.string(), what: z.string(), at: z.number() }).nullable(),
  note: z.string().nullable(),
  encryption: encryptionViewSchema,
})
export type BackupsView = z.infer<typeof backupsViewSchema>

/** A snapshot. Slice `snapshots`, by its id. */
export const snapshotViewSchema = z.object({
  id: z.string(),
  at: z.number(),
  kind: z.enum(['full', 'data', 'restore-point']),
  note: z.string(),
  files: z.number().int(),
  bytes: z.number(),
  /** New bytes that it added to the repository. */
  added: z.number(),
  durationMs: z.number(),
  databases: z.number().int(),
  /** Read back after writing and every database in it opened and checked. */
  verified: z.object({ at: z.number(), ok: z.boolean(), note: z.string() }).nullable(),
  /** Restored beside the site and started there; null: never. */
  rehearsed: z
    .object({
      at: z.number(),
      verdict: z.enum(['proven', 'partly', 'failed']),
      note: z.string(),
      totalMs: z.number().nullable(),
    })
    .nullable(),
  /** Something was missing or damaged when it was taken; for restore points made in an emergency. */
  partial: z.boolean(),
  /** Files that changed while they were read, or could not be read. */
  warnings: z.array(z.string()),
  pinned: z.boolean(),
  release: z.string().nullable(),
  /** For restore points: what was about to be done. */
  before: z.string().nullable(),
})
export type SnapshotView = z.infer<typeof snapshotViewSchema>

/** Every slice of the shown state with the schema of its entities. */
export const sliceSchemas = {
  console: consoleViewSchema,
  site: siteViewSchema,
  services: serviceViewSchema,
  pushed: pushedViewSchema,
  jobs: jobViewSchema,
  attention: attentionViewSchema,
  machine: machineViewSchema,
  traffic: trafficViewSchema,
  routes: routeViewSchema,
  stages: routeStagesSchema,
  recordings: recordingViewSchema,
  store: storeViewSchema,
  databases: siteDatabaseViewSchema,
  dependencies: dependencyViewSchema,
  backups: backupsViewSchema,
  snapshots: snapshotViewSchema,
  keeping: keepingViewSchema,
  maintenance: maintenanceViewSchema,
  startPath: startPathViewSchema,
  startup: startupViewSchema,
  verification: verificationViewSchema,
  drills: drillViewSchema,
  recovery: policyViewSchema,
  rehearsals: rehearsalsViewSchema,
  deploys: deployViewSchema,
  releases: releaseViewSchema,
  targets: targetViewSchema,
} as const

export type SliceName = keyof typeof sliceSchemas
export type Slices = { [S in SliceName]: z.infer<(typeof sliceSchemas)[S]> }
export const sliceNames = Object.keys(sliceSchemas) as readonly SliceName[]
