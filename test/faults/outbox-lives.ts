import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { connect, type MqttClient } from 'mqtt'
import { z } from 'zod'
import { findProgram } from '../support/needs.ts'
import { freePorts } from '../support/ports.ts'
import { until } from '../support/until.ts'
import { bundle } from './bundle.ts'

const project = join(import.meta.dirname, '..', '..')

/** Messages that the publisher has under way, and how often it sends more: no more than a broker that is slowed down can pass on. */
const underWay = 200
const everyMs = 20
/**
 * How many it sends then. A broker of somebody else goes on acknowledging while the console is down, which has it all to do when it is
 * back: most of a run would be that.
 */
const atOnce = { 'own-broker': 20, 'other-broker': 5 } as const

/** The longest that a console lives once it has acknowledged something, in milliseconds. */
const longestLifeMs = 800

export type OutboxScenario = 'own-broker' | 'other-broker'

export interface OutboxProof {
  readonly scenario: OutboxScenario
  readonly kills: number
  readonly acknowledged: number
  /** Copies that arrived beyond the first; each is one that its id tells. */
  readonly copies: number
  readonly problems: readonly string[]
}

/**
 * Kills a console with SIGKILL, again and again, while a client publishes with QoS 1 and counts what was acknowledged. At the end everything
 * acknowledged must have gone through the outbox and arrived: in the journal behind it; as a part of a batch; and where of a key the latest counts, the newest of each as the last one.
 */
export async function killUnderLoad(given: {
  readonly scenario: OutboxScenario
  readonly rounds: number
  readonly random: () => number
  readonly folder: string
  readonly note: (line: string) => void
}): Promise<OutboxProof> {
  const { scenario, rounds, random, folder, note } = given
  const directory = join(folder, scenario)
  mkdirSync(directory, { mode: 0o700 })
  const [port = 0] = await freePorts(1)
  const broker = scenario === 'other-broker' ? mosquittoOn(port, folder) : undefined
  const program = await builtConsole(directory)
  const live = () => spawnConsole(program, directory, port, scenario === 'own-broker' ? 'embedded' : 'other')
  const stuck: string[] = []
  let console = await live()
  const publisher = new Publisher(`mqtt://127.0.0.1:${port}`, atOnce[scenario])
  try {
    for (let round = 1; round <= rounds; round++) {
      // A life counts only under load: from its first acknowledgement on.
      const before = publisher.acknowledged
      await until('an acknowledgement', () => publisher.acknowledged > before)
      await setTimeout(random() * longestLifeMs)
      await killed(console)
      console = await live()
      if (round % Math.ceil(rounds / 10) === 0)
        note(`${scenario}: ${round} kills, ${publisher.acknowledged} acknowledged`)
    }
    await publisher.finish()
    // What waits at a broker of somebody else may take minutes; what is missing in the end is told below.
    await untilStill(
      () => journalOf(directory, 'kept').size,
      (held) => held >= publisher.acknowledged,
    )
    await untilStill(
      () => newestMissing(publisher.payloads(), directory).length,
      (missing) => missing === 0,
    )
    await untilStill(
      () => gatheredIn(directory).size,
      (gathered) => gathered >= publisher.acknowledged,
    )
    const left = await untilStill(
      () => countOf(directory, 'SELECT count(*) FROM outbox'),
      (rows) => rows === 0,
    )
    if (left > 0) stuck.push(`${scenario}: ${left} rows stay in the outbox, and nothing goes on`)
  } finally {
    publisher.end()
    await killed(console)
    broker?.kill('SIGKILL')
  }
  const arrived = journalOf(directory, 'kept')
  const gathered = gatheredIn(directory)
  const missing = publisher.payloads().filter((payload) => !arrived.has(payload))
  const ungathered = publisher.payloads().filter((payload) => !gathered.has(payload))
  return {
    scenario,
    kills: rounds,
    acknowledged: publisher.acknowledged,
    copies: [...arrived.values()].reduce((sum, times) => sum + times - 1, 0),
    problems: [
      ...stuck,
      ...missing.map((payload) => `${scenario}: message ${payload} was acknowledged and did not arrive`),
      ...ungathered.map((payload) => `${scenario}: message ${payload} was acknowledged and is in no batch`),
      ...newestMissing(publisher.payloads(), directory).map((what) => `${scenario}: ${what}`),
    ],
  }
}

/** How long a count may stay as it is until it is taken that nothing goes on any more, in milliseconds. */
const stillMs = 30_000

/** Looks at a count until it is as it should be, or stays as it is; resolves with the last. */
async function untilStill(count: () => number, isDone: (count: number) => boolean): Promise<number> {
  let last = count()
  for (let since = performance.now(); !isDone(last) && performance.now() - since < stillMs; ) {
    await setTimeout(250)
    const now = count()
    if (now !== last) since = performance.now()
    last = now
  }
  return last
}

/** A client that always has messages under way, over whatever connections there are. */
class Publisher {
  readonly #client: MqttClient
  readonly #sending: NodeJS.Timeout
  readonly #acknowledged: string[] = []
  readonly #atOnce: number
  #next = 0
  #open = 0

  constructor(url: string, atOnce: number) {
    this.#atOnce = atOnce
    this.#client = connect(url, { clientId: 'publisher', clean: false, reconnectPeriod: 20, connectTimeout: 2_000 })
    this.#client.on('error', () => {})
    this.#sending = setInterval(() => this.#send(), everyMs)
  }

  get acknowledged(): number {
    return this.#acknowledged.length
  }

  payloads(): readonly string[] {
    return this.#acknowledged
  }

  /** Sends nothing new and waits for what is under way. */
  async finish(): Promise<void> {
    clearInterval(this.#sending)
    await until('every acknowledgement', () => this.#open === 0)
  }

  end(): void {
    clearInterval(this.#sending)
    this.#client.end(true)
  }

  #send(): void {
    for (let left = this.#atOnce; left > 0 && this.#client.connected && this.#open < underWay; left--) {
      const payload = String(this.#next++)
      this.#open++
      this.#client.publish('in/load', payload, { qos: 1 }, (error) => {
        this.#open--
        if (!error) this.#acknowledged.push(payload)
      })
    }
  }
}

/** The program that is killed, built as the product is: from its sources each start would take seconds. Beside it the console's threads. */
function builtConsole(directory: string): Promise<string> {
  const built = join(directory, 'built')
  const place = join(built, 'test', 'support')
  mkdirSync(place, { recursive: true })
  symlinkSync(join(project, 'out'), join(built, 'out'))
  return bundle(join(project, 'test', 'support', 'mortal-router.program.ts'), place, [])
}

async function spawnConsole(program: string, directory: string, port: number, mode: string): Promise<ChildProcess> {
  const console = spawn(process.execPath, [program, directory, String(port), mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ready = Promise.withResolvers<void>()
  console.stdout?.on('data', (text: Buffer) => {
    if (text.toString().includes('ready')) ready.resolve()
  })
  console.on('exit', (code, signal) => ready.reject(new Error(`The console ended by itself: ${code ?? signal}.`)))
  await ready.promise
  return console
}

async function killed(console: ChildProcess): Promise<void> {
  if (console.exitCode !== null || console.signalCode !== null) return // ended by itself
  console.removeAllListeners('exit')
  const ended = once(console, 'exit')
  console.kill('SIGKILL')
  await ended
}

function mosquittoOn(port: number, folder: string): ChildProcess {
  const file = join(folder, 'mosquitto.conf')
  writeFileSync(file, `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n`)
  return spawn(findProgram('mosquitto') ?? '', ['-c', file], { stdio: 'ignore' })
}

function countOf(directory: string, sql: string): number {
  using database = opened(directory)
  return database.value.prepare<[], number>(sql).pluck().get() ?? 0
}

/** Where the newest of a key counts: in the outbox of one route, under the limit of another. */
const newestOnly = ['states', 'rare'] as const

/** What is wrong with the newest of the keys. */
function newestMissing(acknowledged: readonly string[], directory: string): readonly string[] {
  return newestOnly.flatMap((route) =>
    outdated(acknowledged, lastOf(directory, route)).map((what) => `in ${route} ${what}`),
  )
}

/** Keys of which the last that arrived is not the newest that was acknowledged. */
function outdated(acknowledged: readonly string[], last: ReadonlyMap<number, number>): readonly string[] {
  const newest = new Map<number, number>()
  for (const n of acknowledged.map(Number)) newest.set(n % 50, Math.max(n, newest.get(n % 50) ?? 0))
  return [...newest].flatMap(([key, n]) =>
    last.get(key) === n ? [] : [`of key ${key} message ${last.get(key)} arrived last, and ${n} is the newest`],
  )
}

/** The last that arrived of each key. */
function lastOf(directory: string, route: string): ReadonlyMap<number, number> {
  using database = opened(directory)
  const rows = database.value
    .prepare<[string], { payload: string }>('SELECT payload FROM journal WHERE route = ? ORDER BY seq')
    .all(route)
  return new Map(rows.map(({ payload }) => [Number(payload) % 50, Number(payload)]))
}

/** What is in any batch. */
function gatheredIn(directory: string): ReadonlySet<string> {
  const batches = [...journalOf(directory, 'gathered').keys()]
  return new Set(batches.flatMap((batch) => z.array(z.number()).parse(JSON.parse(batch)).map(String)))
}

function journalOf(directory: string, route: string): ReadonlyMap<string, number> {
  using database = opened(directory)
  const rows = database.value
    .prepare<[string], { payload: string; times: number }>(
      'SELECT payload, count(*) AS times FROM journal WHERE route = ? GROUP BY payload',
    )
    .all(route)
  return new Map(rows.map(({ payload, times }) => [payload, times]))
}

function opened(directory: string): Disposable & { readonly value: Database.Database } {
  const value = new Database(join(directory, 'messages.db'), { readonly: true })
  return { value, [Symbol.dispose]: () => void value.close() }
}
