import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { type EventLog, type EventQuery, eventsSchema, openEventIndexer, openEventLog } from '#core/events/index.ts'
import { silentLogger, systemClock } from '#core/platform/index.ts'
import { openStore, type Store } from '#core/store/index.ts'
import { testRuntime } from '../test/support/runtime.ts'
import { type BenchContext, type Benchmark, type Measurement, quantile } from './benchmark.ts'
import { eventRows } from './timeline-events.ts'

const count = 1_000_000
const rounds = 300
const limit = 100

const benchmark: Benchmark = {
  what: '1,000,000 events: pages and counts of the timeline, and the time to index them (filled by direct insertion into the same tables)',
  peers: { like: 'the same words looked for with LIKE, as long as that takes' },
  async run(context) {
    const directory = join(context.folder, 'store')
    const open = () =>
      openStore({
        directory,
        schemas: { control: [eventsSchema], messages: [] },
        runtime: testRuntime(),
        clock: systemClock(),
        logger: silentLogger,
      })
    await (await open())[Symbol.asyncDispose]()
    const perEvent = await fill(join(directory, 'control.db'), context)
    await using store = await open()
    const log = openEventLog({ database: store.control, clock: systemClock(), logger: silentLogger })
    try {
      return [
        { what: 'insertion into the tables with their indexes, one event', value: perEvent, unit: 'µs' },
        ...(await index(store, log, context)),
        ...(await pages(log, context)),
        ...(await spans(log, context)),
        ...(await inserts(log, context)),
        ...(context.peer === 'like' ? like(store, context) : []),
      ]
    } finally {
      await log[Symbol.asyncDispose]()
    }
  },
}
export default benchmark

/** Microseconds for each event. */
async function fill(path: string, { note }: BenchContext): Promise<number> {
  note(`${count.toLocaleString('en-GB')} events`)
  const database = new Sqlite(path)
  database.pragma('synchronous = OFF')
  const insert = database.prepare(
    `INSERT INTO events (id, at, kind, area, subject, severity, message, cause, cause_event, operation, data)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const many = database.transaction((from: number, to: number) => {
    for (const row of eventRows(from, to)) insert.run(...row)
  })
  const began = performance.now()
  for (let from = 1; from <= count; from += 10_000) {
    many(from, from + 9_999)
    await setImmediate()
  }
  const took = performance.now() - began
  database.pragma('wal_checkpoint(TRUNCATE)')
  database.close()
  return (took / count) * 1_000
}

async function index(store: Store, log: EventLog, { note }: BenchContext): Promise<Measurement[]> {
  note('indexing, without pauses')
  const before = store.statistics().databases.control.bytes
  const indexer = openEventIndexer({
    database: store.control,
    clock: systemClock(),
    logger: silentLogger,
    onCommitted: (wake) => log.onCommitted(() => wake()),
    reindex: (why) => log.reindex(why),
  })
  const began = performance.now()
  await indexer.caughtUp()
  const took = performance.now() - began
  await indexer[Symbol.asyncDispose]()
  return [
    { what: 'time to index all, without pauses', value: took / 1_000, unit: 's' },
    { what: 'events, with their indexes', value: before / count, unit: 'bytes each' },
    {
      what: 'index of words and counts',
      value: (store.statistics().databases.control.bytes - before) / count,
      unit: 'bytes each',
    },
  ]
}

const queries: Readonly<Record<string, Omit<EventQuery, 'limit'>>> = {
  newest: {},
  'in the middle, older': { before: 500_000 },
  'in the middle, newer': { after: 500_000 },
  'by subject': { subject: 'service:kiosk' },
  'by area': { kind: 'service.' },
  'by exact kind, rare': { kind: 'clock.jumped' },
  'at least warning': { atLeast: 'warning' },
  'at least error': { atLeast: 'error' },
  'by operation': { operation: 'jb-50000' },
  'by subject and severity': { subject: 'service:kiosk', atLeast: 'warning' },
  'by area and subject': { kind: 'probe.', subject: 'service:kiosk' },
  'by a word of every event': { text: 'se' },
  'by a word of many': { text: 'timeout' },
  'by a word of none': { text: 'zeppelin' },
  'by an id': { text: 'jb-50000' },
  'by two words': { text: 'refused kiosk' },
  'by text in the middle, oldest': { text: 'timeout', after: 500_000, order: 'oldest' },
  'by text and subject': { text: 'timeout', subject: 'service:kiosk' },
  'by text and severity': { text: 'broker', atLeast: 'error' },
}

async function pages(log: EventLog, { note }: BenchContext): Promise<Measurement[]> {
  const measured: Measurement[] = []
  for (const [what, query] of Object.entries(queries)) {
    note(`page ${what}`)
    const found = (await log.page({ ...query, limit })).events.length
    const times = await timed(() => log.page({ ...query, limit }))
    const named = `page ${what} (${found} events)`
    measured.push(
      { what: `${named}, p50`, value: quantile(times, 0.5), unit: 'ms' },
      { what: `${named}, p99`, value: quantile(times, 0.99), unit: 'ms', bar: { atMost: 10 } },
    )
  }
  return measured
}

async function spans(log: EventLog, { note }: BenchContext): Promise<Measurement[]> {
  note('counts over time')
  const whole = await timed(() => log.span({}, 300), 20)
  const measured: Measurement[] = [
    { what: 'counts of the whole log, p50', value: quantile(whole, 0.5), unit: 'ms' },
    { what: 'counts of the whole log, p99', value: quantile(whole, 0.99), unit: 'ms', bar: { atMost: 50 } },
  ]
  for (const filter of [{ subject: 'service:kiosk' }, { atLeast: 'error' }, { text: 'timeout' }] as const) {
    const span = await log.span(filter, 300)
    const times = await timed(() => log.span(filter, 300), 3)
    const all = span.countedFrom === null ? 'all' : 'the newest'
    const what = `counts by ${Object.values(filter).join(' ')} (${all} ${span.total}), p50`
    measured.push({ what, value: quantile(times, 0.5), unit: 'ms', bar: { atMost: 1_000 } })
  }
  return measured
}

/** Durable events through the log, the indexer beside them. */
async function inserts(log: EventLog, { note }: BenchContext): Promise<Measurement[]> {
  note('recording into the full log')
  const cause = { type: 'console', why: 'benchmark' } as const
  const one = () =>
    log.record({ kind: 'probe.failed', subject: 'service:kiosk', severity: 'info', message: 'A probe failed.', cause })
  const times = await timed(one, 200)
  return [{ what: 'a durable event into the full log, p99', value: quantile(times, 0.99), unit: 'ms' }]
}

function like(store: Store, { note }: BenchContext): Measurement[] {
  note('like')
  const sql = 'SELECT seq FROM events WHERE message LIKE ? ORDER BY seq DESC LIMIT 100'
  return ['timeout', 'zeppelin'].map((word) => {
    const began = performance.now()
    store.control.all({ sql, values: [`%${word}%`] })
    return { what: `like: "${word}"`, value: performance.now() - began, unit: 'ms' }
  })
}

async function timed(action: () => Promise<unknown>, times = rounds): Promise<readonly number[]> {
  const taken: number[] = []
  for (let round = 0; round < times; round++) {
    const began = performance.now()
    await action()
    taken.push(performance.now() - began)
  }
  return taken
}
