import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate, setTimeout } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { silentLogger, systemClock } from '#core/platform/index.ts'
import { type Database, openStore, type Schema, type Statement, type Store } from '#core/store/index.ts'
import { testRuntime } from '../test/support/runtime.ts'
import { type BenchContext, type Benchmark, type Measurement, quantile } from './benchmark.ts'
import { eventFlood } from './event-flood.ts'

/** What waits for its commit at a time: as many as the data plane lets be unacknowledged. */
const inFlight = 256
const measureMs = 5_000
const offeredPerSecond = 5_000
/** A machine that cannot bear that rate shows it by what is withheld, not by a class of the store that is full. */
const mostPending = 2_000
const payload = JSON.stringify({ faculty: 12, present: true, battery: 87.5, note: 'x'.repeat(120) })

const schema: Schema = {
  owner: 'bench',
  migrations: [
    {
      version: 1,
      what: 'one table',
      sql: 'CREATE TABLE message (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, payload TEXT NOT NULL) STRICT',
    },
  ],
}

const benchmark: Benchmark = {
  what: 'durable writes through the writer thread: their rate, and how long an operator’s own write waits beside a flood; and events: EventLog.emit until all are committed, against bare better-sqlite3 that inserts the same rows with the same statement into the same schema, synchronous=FULL in both, 1,000 rows in a transaction as in the writer’s groups; the events go into the log of a whole console, while a client of its control socket makes calls that each write a durable event',
  peers: { 'bare-sqlite': 'better-sqlite3 on the calling thread, one synced transaction for each write' },
  async run(context) {
    const store = await openStore({
      directory: join(context.folder, 'store'),
      schemas: { control: [schema], messages: [schema] },
      runtime: testRuntime(),
      clock: systemClock(),
      logger: silentLogger,
    })
    try {
      const alone = [...(await operatorAlone(store, context)), ...(await offered(store, context))]
      const flood = await flooded(store, context)
      const peer = context.peer === 'bare-sqlite' ? await bareSqlite(context, flood.rate) : []
      return [...alone, ...flood.measurements, ...(await eventFlood(context)), ...peer]
    } finally {
      await store[Symbol.asyncDispose]()
    }
  },
}
export default benchmark

async function operatorAlone(store: Store, { note }: BenchContext): Promise<Measurement[]> {
  note('an operator’s writes alone')
  const { delays } = await writeOneByOne(store.control, performance.now() + 2_000)
  return [{ what: 'operator’s durable write, idle, p99', value: quantile(delays, 0.99), unit: 'ms' }]
}

/** As many as must be borne, evenly: what a publisher waits for its acknowledgement. */
async function offered(store: Store, { note }: BenchContext): Promise<Measurement[]> {
  note(`${offeredPerSecond} messages a second`)
  const writing = new Set<Promise<void>>()
  const delays: number[] = []
  let offers = 0
  let withheld = 0
  const began = performance.now()
  for (let elapsed = 0; elapsed < measureMs; elapsed = performance.now() - began) {
    for (const due = (elapsed / 1_000) * offeredPerSecond; offers < due; offers++) {
      if (writing.size >= mostPending) {
        withheld++
        continue
      }
      const write = writeOne(store.messages).then((ms) => {
        delays.push(ms)
        writing.delete(write)
      })
      writing.add(write)
    }
    await setTimeout(2)
  }
  await Promise.all(writing)
  return [
    {
      what: `messages at ${offeredPerSecond.toLocaleString('en-GB')}/s that had to be withheld, as ${mostPending.toLocaleString('en-GB')} waited`,
      value: (withheld / offers) * 100,
      unit: '%',
    },
    {
      what: `durable message at ${offeredPerSecond.toLocaleString('en-GB')}/s, p99`,
      value: quantile(delays, 0.99),
      unit: 'ms',
      bar: { atMost: 50 },
    },
  ]
}

async function flooded(store: Store, { note }: BenchContext): Promise<{ rate: number; measurements: Measurement[] }> {
  note(`${inFlight} messages in flight, and an operator’s writes beside them`)
  const eventLoop = monitorEventLoopDelay({ resolution: 1 })
  eventLoop.enable()
  const until = performance.now() + measureMs
  const delays: number[] = []
  const lanes = Array.from({ length: inFlight }, async () => {
    while (performance.now() < until) delays.push(await writeOne(store.messages))
  })
  const [operator] = await Promise.all([writeOneByOne(store.control, until), ...lanes])
  eventLoop.disable()
  const rate = delays.length / (measureMs / 1_000)
  return {
    rate,
    measurements: [
      { what: 'durable messages', value: rate, unit: '/s', bar: { atLeast: 5_000 } },
      { what: 'durable message at that rate, p99', value: quantile(delays, 0.99), unit: 'ms' },
      {
        what: 'operator’s durable write beside the flood, p99',
        value: quantile(operator.delays, 0.99),
        unit: 'ms',
        bar: { atMost: 100 },
      },
      {
        what: 'event-loop delay of the control plane’s thread, p99',
        value: eventLoop.percentile(99) / 1e6,
        unit: 'ms',
      },
    ],
  }
}

/** The same rows with nothing of ours: what one synced commit costs on this disk. */
async function bareSqlite({ folder, note }: BenchContext, rate: number): Promise<Measurement[]> {
  note('bare-sqlite: one synced transaction for each write')
  const database = new Sqlite(join(folder, 'bare.db'))
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.exec(schema.migrations[0]?.sql ?? '')
  const insert = database.prepare(statement().sql)
  const until = performance.now() + measureMs
  let count = 0
  while (performance.now() < until) {
    insert.run(Date.now(), payload)
    if (++count % 1_000 === 0) await setImmediate()
  }
  database.close()
  const bare = count / (measureMs / 1_000)
  return [
    { what: 'bare-sqlite: durable messages', value: bare, unit: '/s' },
    { what: 'durable messages, times bare-sqlite', value: rate / bare, unit: 'x', bar: { atLeast: 1 } },
  ]
}

async function writeOneByOne(database: Database, until: number): Promise<{ readonly delays: readonly number[] }> {
  const delays: number[] = []
  while (performance.now() < until) delays.push(await writeOne(database))
  return { delays }
}

/** Milliseconds from the hand-over to the durable commit. */
async function writeOne(database: Database): Promise<number> {
  const began = performance.now()
  await database.write([statement()], database.name === 'messages' ? 'outbox' : 'job')
  return performance.now() - began
}

function statement(): Statement {
  return { sql: 'INSERT INTO message (at, payload) VALUES (?, ?)', values: [Date.now(), payload] }
}
