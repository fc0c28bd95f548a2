import { onTestFinished } from 'vitest'
import {
  type EventDraft,
  type EventIndexer,
  type EventLimits,
  type EventLog,
  eventsSchema,
  openEventIndexer,
  openEventLog,
} from '#core/events/index.ts'
import { silentLogger } from '#core/platform/index.ts'
import { openStore, type Schema, type Store } from '#core/store/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { temporaryFolder } from './folders.ts'
import { ManualClock } from './manual-clock.ts'
import { testRuntime } from './runtime.ts'

export interface EventRig extends AsyncDisposable {
  readonly log: EventLog
  readonly indexer: EventIndexer
  readonly store: Store
  readonly clock: ManualClock
}

export interface EventRigOptions {
  readonly directory?: string
  readonly clock?: ManualClock
  readonly limits?: Partial<EventLimits>
  readonly databaseLimit?: () => number
  readonly schema?: Schema
}

/** An event log with its indexer on a real store; what is not closed by then is closed when the test has ended. */
export async function eventRig(options: EventRigOptions = {}): Promise<EventRig> {
  const { limits, databaseLimit, schema = eventsSchema, clock = new ManualClock() } = options
  const folder = options.directory === undefined ? temporaryFolder() : undefined
  const store = await openStore({
    directory: options.directory ?? folder?.path ?? '',
    schemas: { control: [schema], messages: [] },
    runtime: testRuntime(),
    clock,
    logger: silentLogger,
  })
  const common = { database: store.control, clock, logger: silentLogger }
  const log = openEventLog(common)
  const indexer = openEventIndexer({
    ...common,
    onCommitted: (wake) => log.onCommitted(() => wake()),
    reindex: (why) => log.reindex(why),
    ...(limits && { limits }),
    ...(databaseLimit && { databaseLimit }),
  })
  const close = async () => {
    await indexer[Symbol.asyncDispose]()
    await log[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
    folder?.[Symbol.dispose]()
  }
  onTestFinished(close)
  return { log, indexer, store, clock, [Symbol.asyncDispose]: close }
}

export const operator: Cause = { type: 'operator', via: 'window' }

export function eventDraft(more: Partial<EventDraft> = {}): EventDraft {
  return {
    kind: 'service.started',
    subject: 'service:api',
    severity: 'info',
    message: 'api was started.',
    cause: operator,
    ...more,
  }
}
