import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { insertOf } from '#core/events/event-rows.ts'
import { type EventDraft, type EventLog, eventsSchema } from '#core/events/index.ts'
import { controlSocketPath, newId } from '#core/platform/index.ts'
import type { Site } from '#core/site.ts'
import { type Connection, greet } from '#shared/client/index.ts'
import { dialControlSocket } from '../src/main/console/control-client.ts'
import { openTestConsole } from '../test/support/test-console.ts'
import { makeTinySite } from '../test/support/tiny-site.ts'
import { type BenchContext, type Measurement, median, quantile } from './benchmark.ts'

/** Events of a round, the bare database and the event log in turn; and how many go into one transaction of the bare one. */
const eventsInRound = 30_000
const rounds = 5
const eventsInGroup = 1_000
/** So many events of the flood wait for their commit at a time: one full group, enough to keep the writer busy. */
const uncommitted = 1_000

/**
 * The event log of a whole console against the bare database, in turn, so that both see the same machine. During its turn a client
 * of the console's control socket dismisses one card after the other; each answer follows the commit of the event that says so.
 */
export async function eventFlood({ folder, note }: BenchContext): Promise<Measurement[]> {
  const { directory } = await makeTinySite(join(folder, 'flooded'))
  const console = await openTestConsole(folder)
  const bare = new BareLog(join(folder, 'bare-events.db'))
  const shares: number[] = []
  const rates: number[] = []
  const delays: number[] = []
  try {
    await console.openInitial({ site: directory, otherwise: 'none', start: false })
    const { site } = console
    if (!site) throw new Error('The site of the benchmark could not be opened.')
    const operator = await operatorOf(folder, site.directory)
    for (let round = 1; round <= rounds; round++) {
      note(`events, round ${round} of ${rounds}`)
      const bareMs = bare.insert()
      const flood = new Flood(site.events)
      const [ms] = await Promise.all([flood.run(), dismissals(site, operator, flood, delays)])
      rates.push((eventsInRound / ms) * 1_000)
      shares.push(bareMs / ms)
    }
    operator.close()
  } finally {
    bare[Symbol.dispose]()
    await console.close({ services: 'stop' })
  }
  return [
    { what: 'events through the writer', value: median(rates), unit: '/s' },
    {
      what: 'events through the writer, times bare better-sqlite3',
      value: median(shares),
      unit: 'x',
      bar: { atLeast: 0.6 },
    },
    {
      what: `call of the contract that writes a durable event, answered meanwhile (${delays.length} calls), p50`,
      value: quantile(delays, 0.5),
      unit: 'ms',
    },
    {
      what: 'call of the contract that writes a durable event, answered meanwhile, p99',
      value: quantile(delays, 0.99),
      unit: 'ms',
      bar: { atMost: 100 },
    },
  ]
}

async function operatorOf(home: string, directory: string): Promise<Connection> {
  const folders = { data: join(home, 'user'), runtime: join(home, 'run', 'wheelhouse') }
  return greet(await dialControlSocket(controlSocketPath(folders, directory)), { client: 'command line' })
}

/** Dismisses cards while the flood lasts. */
async function dismissals(site: Site, { calls }: Connection, flood: Flood, delays: number[]): Promise<void> {
  const cause = { type: 'console', why: 'benchmark' } as const
  for (let n = 1; flood.busy; n++) {
    const id = `bench:${n}`
    site.attention.raise({
      id,
      subject: 'site',
      severity: 'info',
      title: 'A card',
      why: 'It is there to be dismissed.',
      fixes: [],
      cause,
      dismissible: true,
    })
    const began = performance.now()
    await calls.attention.dismiss({ id })
    delays.push(performance.now() - began)
    site.attention.clear(id, cause)
  }
}

/** Events as fast as the log commits them: a producer that goes on is made to wait, or refused. */
class Flood {
  readonly #log: EventLog
  #busy = true

  constructor(log: EventLog) {
    this.#log = log
  }

  get busy(): boolean {
    return this.#busy
  }

  /** Milliseconds until all are committed. */
  async run(): Promise<number> {
    let committed = 0
    using _counting = this.#log.onCommitted((told) => {
      committed += told.filter(({ kind }) => kind.startsWith('flood.')).length
    })
    const began = performance.now()
    for (let n = 0; n < eventsInRound; n++) {
      this.#log.emit(draft(n))
      if (n % 500 === 499) await setImmediate()
      while (n - committed > uncommitted) await setTimeout(1)
    }
    while (committed < eventsInRound) await setTimeout(1)
    const took = performance.now() - began
    this.#busy = false
    return took
  }
}

/** What better-sqlite3 alone does with the same rows. */
class BareLog implements Disposable {
  readonly #database: Sqlite.Database

  constructor(path: string) {
    this.#database = new Sqlite(path)
    for (const pragma of [
      'journal_mode = WAL',
      'synchronous = FULL',
      'cache_size = -8000',
      'wal_autocheckpoint = 4000',
    ]) {
      this.#database.pragma(pragma)
    }
    for (const { sql } of eventsSchema.migrations) this.#database.exec(sql)
  }

  /** Milliseconds for a round. */
  insert(): number {
    const insert = this.#database.prepare(insertOf(eventOf(0)).sql)
    const group = this.#database.transaction((from: number) => {
      for (let n = from; n < from + eventsInGroup; n++) insert.run(insertOf(eventOf(n)).values)
    })
    const began = performance.now()
    for (let n = 0; n < eventsInRound; n += eventsInGroup) group(n)
    return performance.now() - began
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }
}

function draft(n: number): EventDraft {
  return {
    kind: n % 20 === 0 ? 'flood.exited' : 'flood.probed',
    subject: `service:s${n % 50}`,
    severity: n % 20 === 0 ? 'warning' : 'info',
    message: `Service s${n % 50} answered its probe in ${n % 97} ms, as it should.`,
    cause: { type: 'observation', what: 'a probe' },
    data: { ms: n % 97, status: 200 },
  }
}

function eventOf(n: number) {
  const { kind, subject, severity, message, cause, data = {} } = draft(n)
  return { id: newId('ev'), at: Date.now(), kind, subject, severity, message, cause, operation: null, data }
}
