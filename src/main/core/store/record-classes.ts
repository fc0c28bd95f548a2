import type { DatabaseName } from './types.ts'

/**
 * How much a commit must survive. `durable`: a power cut (fsync before the promise resolves). `relaxed`: a crash of the
 * console, not of the machine. How the store keeps this is written in `docs/decisions.md`.
 */
export type Durability = 'durable' | 'relaxed'

/**
 * What becomes of a write when its class has as many waiting as it may. `wait`: it waits a bounded time for a place and is then
 * refused with `store-full`. `refuse`: refused at once. `drop`: the oldest of its class is given up for it. All is counted.
 */
export type WhenFull = 'wait' | 'refuse' | 'drop'

export interface RecordClassRule {
  readonly what: string
  readonly database: DatabaseName
  /** Every table of the console's own databases stands in one class or more. */
  readonly tables: readonly string[]
  readonly durability: Durability
  readonly whenFull: WhenFull
  /** How many writes of the class may wait for the writer, and their approximate size together. */
  readonly most: { readonly writes: number; readonly bytes: number }
}

const MiB = 1024 * 1024

/**
 * What is recorded, where, what it survives, and what happens when too much of it comes at once. Each class has places of its
 * own in the queue, so that a flood of one never keeps the others out. `docs/architecture.md` and `docs/queues.md` show this table.
 */
export const recordClasses = {
  event: {
    what: 'everything that happened, with its cause',
    database: 'control',
    tables: ['events'],
    durability: 'durable',
    whenFull: 'wait',
    most: { writes: 10_000, bytes: 32 * MiB },
  },
  job: {
    what: 'jobs: that they began, their input, their end; databases that restores make on servers',
    database: 'control',
    tables: ['jobs', 'backup_databases'],
    durability: 'durable',
    whenFull: 'wait',
    most: { writes: 1_000, bytes: 16 * MiB },
  },
  progress: {
    what: 'how far a running job has come; the next save says it again',
    database: 'control',
    tables: ['jobs'],
    durability: 'relaxed',
    whenFull: 'drop',
    most: { writes: 500, bytes: 16 * MiB },
  },
  attention: {
    what: 'cards that a person should see',
    database: 'control',
    tables: ['attention'],
    durability: 'durable',
    whenFull: 'wait',
    most: { writes: 1_000, bytes: 8 * MiB },
  },
  run: {
    what: 'children of the console, to be found after it crashed; none survives a power cut; and how long their starts took',
    database: 'control',
    tables: ['service_runs', 'service_start_times'],
    durability: 'relaxed',
    whenFull: 'wait',
    most: { writes: 1_000, bytes: MiB },
  },
  bookkeeping: {
    what: 'what a part remembers between two runs',
    database: 'control',
    tables: [
      'backup_repositories',
      'backup_databases',
      'database_records',
      'dependency_states',
      'dependency_proxy',
      'maintenance',
      'drill_runs',
      'unit_holdings',
      'recovery_attempts',
      'config_versions',
      'config_overrides',
    ],
    durability: 'durable',
    whenFull: 'wait',
    most: { writes: 1_000, bytes: 4 * MiB },
  },
  outbox: {
    what: 'what must be delivered, and under which name the router is known to brokers; the data plane hands it in by its own port',
    database: 'messages',
    tables: ['outbox', 'router_identity'],
    durability: 'durable',
    whenFull: 'wait',
    most: { writes: 5_000, bytes: 32 * MiB },
  },
  journal: {
    what: 'messages of routes that keep them, those that could not be routed, those that brokers retain, and what was delivered and leaves the outbox; by the same port',
    database: 'messages',
    tables: ['journal', 'quarantine', 'journal_keeping', 'journal_ages', 'outbox', 'retained', 'device'],
    durability: 'relaxed',
    whenFull: 'refuse',
    most: { writes: 5_000, bytes: 32 * MiB },
  },
  recording: {
    what: 'recordings of messages; the data plane hands them in by its own port, imports by the queue',
    database: 'messages',
    tables: ['recordings', 'recorded'],
    durability: 'relaxed',
    whenFull: 'wait',
    most: { writes: 500, bytes: 16 * MiB },
  },
  metric: {
    what: 'figures, of which the next comes soon',
    database: 'messages',
    tables: [],
    durability: 'relaxed',
    whenFull: 'drop',
    most: { writes: 2_000, bytes: 8 * MiB },
  },
  housekeeping: {
    what: 'what retention deletes, and the index of events; written when nothing else waits, or a little at a time beside it',
    database: 'control',
    // Those of the text index behind its own name are SQLite's.
    tables: [
      'events_index',
      'events_runs',
      'events_text',
      'events_text_config',
      'events_text_data',
      'events_text_docsize',
      'events_text_idx',
    ],
    durability: 'relaxed',
    whenFull: 'refuse',
    most: { writes: 100, bytes: MiB },
  },
} as const satisfies Readonly<Record<string, RecordClassRule>>

export type RecordClass = keyof typeof recordClasses

export const recordClassNames = Object.keys(recordClasses) as readonly RecordClass[]

export function ruleOf(name: RecordClass): RecordClassRule {
  return recordClasses[name]
}
