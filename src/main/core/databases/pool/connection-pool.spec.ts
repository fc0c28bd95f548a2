import { expect, it } from 'vitest'
import { ManualClock } from '../../../../../test/support/manual-clock.ts'
import { DatabaseError } from '../failures.ts'
import type { Connection, Driver } from '../types.ts'
import { ConnectionPool, type PoolSettings, waitingBound } from './connection-pool.ts'

/** A second implementation of a driver, in memory: connections that live and die as a test says. */
class MemoryDriver implements Driver {
  readonly engine = 'postgres'
  readonly where = 'memory'
  readonly oneWriter = false
  readonly made: MemoryConnection[] = []
  refusals: DatabaseError[] = []

  async connect(): Promise<Connection> {
    const refusal = this.refusals.shift()
    if (refusal) throw refusal
    const connection = new MemoryConnection()
    this.made.push(connection)
    return connection
  }

  begin(): readonly string[] {
    return ['BEGIN']
  }

  placeholder(): string {
    return '?'
  }

  async gone() {}

  async facts() {
    return { version: 'memory', bytes: null, flaw: null }
  }
}

class MemoryConnection implements Connection {
  alive = true
  inTransaction = false
  answers = true

  async query() {
    return { rows: [], count: 0 }
  }

  async ping(): Promise<void> {
    if (!this.answers) throw new Error('dead')
  }

  onEnded(): void {}

  async close(): Promise<void> {
    this.alive = false
  }

  kill(): void {
    this.alive = false
  }
}

function rig(settings: Partial<PoolSettings> = {}) {
  const clock = new ManualClock()
  const driver = new MemoryDriver()
  const pool = new ConnectionPool({
    driver,
    place: { service: 'app', where: 'memory' },
    settings: { size: 1, overflow: 1, recycleMs: 60_000, timeoutMs: 30_000, ping: true, ...settings },
    clock,
    random: () => 0,
    onTrouble: () => {},
  })
  return { clock, driver, pool, [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose]() }
}

const turns = async () => {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

it('opens nothing before it is needed, keeps its size, and closes what is over it when it is given back', async () => {
  await using given = rig()
  expect(given.pool.figures.open).toBe(0)
  const [one, two] = [await given.pool.acquire('one'), await given.pool.acquire('two')]
  expect(given.pool.figures).toMatchObject({ open: 2, inUse: 2 })
  one.release()
  two.release()
  one.release() // a second time does nothing
  expect(given.pool.figures).toMatchObject({ open: 1, inUse: 0 })
})

it('serves those who wait in the order in which they came', async () => {
  await using given = rig({ overflow: 0 })
  const held = await given.pool.acquire('first')
  const order: string[] = []
  const take = async (name: string) => {
    const lease = await given.pool.acquire(name)
    order.push(name)
    lease.release()
  }
  const all = [take('a'), take('b'), take('c')]
  await turns()
  held.release()
  await Promise.all(all)
  expect(order).toEqual(['a', 'b', 'c'])
  expect(given.driver.made).toHaveLength(1)
})

it('says after the time-out who holds the connections and how many wait', async () => {
  await using given = rig({ overflow: 0 })
  const held = await given.pool.acquire('the report of the day')
  const late = given.pool.acquire('somebody').catch((error: unknown) => error)
  const other = given.pool.acquire('another').catch((error: unknown) => error)
  await given.clock.advance(30_000)
  expect(await late).toMatchObject({ problem: { code: 'database-pool-timeout', retryable: true } })
  expect(String(await late)).toContain('the report of the day for 30 s')
  await other
  expect(given.pool.figures).toMatchObject({ timeouts: 2, waiting: 0 })
  held.release()
})

it('replaces what is dead or old before use, without the caller noticing', async () => {
  await using given = rig()
  ;(await given.pool.acquire('x')).release()
  const [first] = given.driver.made
  if (first) first.answers = false
  ;(await given.pool.acquire('x')).release()
  expect(given.pool.figures).toMatchObject({ open: 1, discarded: 1 })
  await given.clock.advance(60_000)
  ;(await given.pool.acquire('x')).release()
  expect(given.pool.figures).toMatchObject({ open: 1, recycled: 1 })
  expect(given.driver.made).toHaveLength(3)
})

it('pauses longer and longer while it cannot connect, and refuses at once where waiting helps nothing', async () => {
  await using given = rig()
  const failure = (kind: 'lost' | 'denied') =>
    new DatabaseError(kind, { service: 'app', where: 'memory' }, { reason: 'x', message: 'x' })
  given.driver.refusals = [failure('lost'), failure('lost')]
  const lease = given.pool.acquire('x')
  await turns()
  await given.clock.advance(100)
  await turns()
  await given.clock.advance(199)
  await turns()
  expect(given.driver.made).toHaveLength(0)
  await given.clock.advance(1)
  ;(await lease).release()
  given.driver.refusals = [failure('denied')]
  const [only] = given.driver.made
  if (only) only.answers = false
  await expect(given.pool.acquire('x')).rejects.toMatchObject({ problem: { code: 'database-denied' } })
})

it('turns away more than may wait, forgets who was called off, and refuses those who wait when it is closed', async () => {
  await using given = rig({ overflow: 0 })
  const held = await given.pool.acquire('holder')
  const abort = new AbortController()
  const called = given.pool.acquire('x', { signal: abort.signal }).catch((error: unknown) => error)
  abort.abort('not needed')
  expect(await called).toBe('not needed')
  const waiting = Array.from({ length: waitingBound }, () => given.pool.acquire('x').catch((error: unknown) => error))
  await expect(given.pool.acquire('x')).rejects.toMatchObject({ problem: { code: 'database-pool-full' } })
  const closed = given.pool[Symbol.asyncDispose]()
  expect(await waiting[0]).toMatchObject({ problem: { code: 'database-pool-closed' } })
  held.release()
  await closed
  expect(given.driver.made.every(({ alive }) => !alive)).toBe(true)
})

it('ends a connection that comes back with a transaction open', async () => {
  await using given = rig()
  const lease = await given.pool.acquire('x')
  const [only] = given.driver.made
  if (only) only.inTransaction = true
  lease.release()
  expect(only?.alive).toBe(false)
  expect(given.pool.figures.open).toBe(0)
})
