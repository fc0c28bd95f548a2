import type { Clock } from '#core/platform/index.ts'
import type { UnitOutcome } from './group-writer.ts'
import type { LatencyWindow } from './latency-window.ts'
import { type RecordClass, type RecordClassRule, recordClassNames, ruleOf } from './record-classes.ts'
import { storeDropped, storeError, storeFull } from './sqlite-failure.ts'
import type { DatabaseName, Statement, StatementResult } from './types.ts'
import type { HandedWrite } from './write-packing.ts'

/** How much is with the writer thread at a time; the rest waits here, where it survives the thread and can give way. */
const window = { writes: 4_000, bytes: 16 * 1024 * 1024 } as const

/** How long a write waits for a place in its class, in milliseconds. */
export const placeWithinMs = 2_000

/** While other work waits, retention gets its turn this often. Milliseconds. */
const housekeepingEveryMs = 100

interface Entry {
  readonly id: number
  readonly recordClass: RecordClass
  readonly statements: readonly Statement[]
  readonly bytes: number
  readonly since: number
  readonly resolve: (results: readonly StatementResult[]) => void
  readonly reject: (error: unknown) => void
}

/** The places of one class, and those that wait for one. */
interface Line {
  readonly rule: RecordClassRule
  writes: number
  bytes: number
  readonly waiters: Entry[]
  waitingBytes: number
  timer: Disposable | undefined
}

export interface WriteQueueParts {
  readonly database: DatabaseName
  readonly latency: LatencyWindow
  readonly clock: Clock
}

/**
 * The calling side of the writes to one database: what waits, how much of each class may, and how long it took. Writes of all
 * classes but housekeeping are handed over in the order in which they came.
 */
export class WriteQueue {
  readonly bound: number
  readonly #parts: WriteQueueParts
  readonly #lines: ReadonlyMap<RecordClass, Line>
  readonly #inFlight = new Map<number, Entry>()
  #unsent: Entry[] = []
  #housekeeping: Entry[] = []
  #inFlightBytes = 0
  #housekeepingInFlight = 0
  #lastHousekeeping = Number.NEGATIVE_INFINITY
  #nextId = 1
  #refused = 0
  #dropped = 0
  #idle: PromiseWithResolvers<void> | undefined

  constructor(parts: WriteQueueParts) {
    this.#parts = parts
    this.#lines = new Map(recordClassNames.map((name) => [name, emptyLine(ruleOf(name))]))
    this.bound = recordClassNames
      .map(ruleOf)
      .filter(({ database }) => database === parts.database)
      .reduce((sum, { most }) => sum + most.writes, 0)
  }

  /** How many writes wait, be it here or with the writer thread. */
  get depth(): number {
    let waiters = 0
    for (const line of this.#lines.values()) waiters += line.waiters.length
    return this.#unsent.length + this.#housekeeping.length + this.#inFlight.size + waiters
  }

  /** Writes that were refused because their class was full, and those that were given up for newer ones. */
  get lost(): { readonly refused: number; readonly dropped: number } {
    return { refused: this.#refused, dropped: this.#dropped }
  }

  /** Takes a place in the queue. Rejects with `store-full` or `store-dropped` as the class says. */
  enter(recordClass: RecordClass, statements: readonly Statement[]): Promise<readonly StatementResult[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly StatementResult[]>()
    const since = this.#parts.clock.monotonic()
    const bytes = sizeOf(statements)
    const entry: Entry = { id: this.#nextId++, recordClass, statements, bytes, since, resolve, reject }
    const line = this.#lineOf(recordClass)
    if (hasRoom(line, bytes) && line.waiters.length === 0) this.#admit(line, entry)
    else this.#overflow(line, entry)
    return promise
  }

  /** The next writes for the writer thread, in order, as many as it may have at a time. */
  takeForHandOver(): readonly HandedWrite[] {
    const taken: Entry[] = []
    let at = 0
    for (; at < this.#unsent.length; at++) {
      const entry = this.#unsent[at]
      const more = this.#inFlight.size + taken.length
      if (!entry || more >= window.writes || (more > 0 && this.#inFlightBytes + entry.bytes > window.bytes)) break
      this.#inFlightBytes += entry.bytes
      taken.push(entry)
    }
    this.#unsent = at === this.#unsent.length ? [] : this.#unsent.slice(at)
    const chore = this.#nextHousekeeping(taken.length === 0 && this.#inFlight.size === 0)
    if (chore) taken.push(chore)
    for (const entry of taken) this.#inFlight.set(entry.id, entry)
    return taken
  }

  /** Gives the caller its outcome. */
  leave(id: number, outcome: UnitOutcome): void {
    const entry = this.#inFlight.get(id)
    if (!entry) return
    this.#inFlight.delete(id)
    this.#inFlightBytes -= entry.bytes
    if (entry.recordClass === 'housekeeping') this.#housekeepingInFlight--
    this.#forget(entry)
    if ('failed' in outcome) {
      entry.reject(storeError(this.#parts.database, outcome.failed))
    } else {
      this.#parts.latency.add(this.#parts.clock.monotonic() - entry.since)
      entry.resolve(outcome.results)
    }
    this.#letIn(this.#lineOf(entry.recordClass))
    this.#tellIdle()
  }

  /** The writer thread is gone: whether what it had was recorded is not known. What was not handed over goes on waiting. */
  interrupt(error: unknown): void {
    const lost = [...this.#inFlight.values()]
    this.#inFlight.clear()
    this.#inFlightBytes = 0
    this.#housekeepingInFlight = 0
    for (const entry of lost) {
      this.#forget(entry)
      entry.reject(error)
    }
    for (const line of this.#lines.values()) this.#letIn(line)
    this.#tellIdle()
  }

  /** Refuses what was not handed over yet, and whatever waits for a place. */
  refuseWaiting(error: unknown): void {
    const waiters: Entry[] = []
    for (const line of this.#lines.values()) {
      waiters.push(...line.waiters.splice(0))
      line.waitingBytes = 0
      line.timer?.[Symbol.dispose]()
      line.timer = undefined
    }
    const unsent = [...this.#unsent, ...this.#housekeeping]
    this.#unsent = []
    this.#housekeeping = []
    for (const entry of unsent) this.#forget(entry)
    for (const entry of [...unsent, ...waiters]) entry.reject(error)
    this.#tellIdle()
  }

  /** Resolves when nothing waits any more. */
  idle(): Promise<void> {
    if (this.depth === 0) return Promise.resolve()
    this.#idle ??= Promise.withResolvers<void>()
    return this.#idle.promise
  }

  #admit(line: Line, entry: Entry): void {
    line.writes++
    line.bytes += entry.bytes
    if (entry.recordClass === 'housekeeping') this.#housekeeping.push(entry)
    else this.#unsent.push(entry)
  }

  #overflow(line: Line, entry: Entry): void {
    switch (line.rule.whenFull) {
      case 'refuse':
        this.#refuse(entry)
        return
      case 'drop':
        while (!hasRoom(line, entry.bytes) && this.#dropOldest(line)) {}
        if (hasRoom(line, entry.bytes)) this.#admit(line, entry)
        else this.#drop(entry)
        return
      case 'wait':
        if (line.waiters.length >= line.rule.most.writes || line.waitingBytes > line.rule.most.bytes) {
          this.#refuse(entry)
          return
        }
        line.waiters.push(entry)
        line.waitingBytes += entry.bytes
        this.#watch(line)
    }
  }

  /** Gives places that became free to those that wait for one. */
  #letIn(line: Line): void {
    for (let next = line.waiters[0]; next && hasRoom(line, next.bytes); next = line.waiters[0]) {
      line.waiters.shift()
      line.waitingBytes -= next.bytes
      this.#admit(line, next)
    }
  }

  /** The longest waiter decides when somebody has waited too long. */
  #watch(line: Line): void {
    const first = line.waiters[0]
    if (!first || line.timer) return
    const waited = this.#parts.clock.monotonic() - first.since
    line.timer = this.#parts.clock.after(Math.max(0, placeWithinMs - waited), () => {
      line.timer = undefined
      const now = this.#parts.clock.monotonic()
      for (let next = line.waiters[0]; next && now - next.since >= placeWithinMs; next = line.waiters[0]) {
        line.waiters.shift()
        line.waitingBytes -= next.bytes
        this.#refuse(next)
      }
      this.#watch(line)
      this.#tellIdle()
    })
  }

  #refuse(entry: Entry): void {
    this.#refused++
    const { rule, writes, waiters } = this.#lineOf(entry.recordClass)
    entry.reject(storeFull(this.#parts.database, rule.what, writes + waiters.length))
  }

  #drop(entry: Entry): void {
    this.#dropped++
    entry.reject(storeDropped(this.#parts.database, ruleOf(entry.recordClass).what))
  }

  #dropOldest(line: Line): boolean {
    const at = this.#unsent.findIndex(({ recordClass }) => ruleOf(recordClass) === line.rule)
    const [oldest] = at === -1 ? [] : this.#unsent.splice(at, 1)
    if (!oldest) return false
    this.#forget(oldest)
    this.#drop(oldest)
    return true
  }

  #nextHousekeeping(idle: boolean): Entry | undefined {
    const now = this.#parts.clock.monotonic()
    if (this.#housekeepingInFlight > 0 || (!idle && now - this.#lastHousekeeping < housekeepingEveryMs))
      return undefined
    const next = this.#housekeeping.shift()
    if (!next) return undefined
    this.#lastHousekeeping = now
    this.#housekeepingInFlight++
    this.#inFlightBytes += next.bytes
    return next
  }

  /** It is neither here nor with the writer any more. */
  #forget(entry: Entry): void {
    const line = this.#lineOf(entry.recordClass)
    line.writes--
    line.bytes -= entry.bytes
  }

  #lineOf(recordClass: RecordClass): Line {
    const line = this.#lines.get(recordClass)
    if (!line) throw new Error(`there is no class ${recordClass}`)
    return line
  }

  #tellIdle(): void {
    if (!this.#idle || this.depth > 0) return
    this.#idle.resolve()
    this.#idle = undefined
  }
}

function emptyLine(rule: RecordClassRule): Line {
  return { rule, writes: 0, bytes: 0, waiters: [], waitingBytes: 0, timer: undefined }
}

/** One that is larger than the bound itself is let in when nothing else waits, or it could never be written. */
function hasRoom({ rule: { most }, writes, bytes }: Line, more: number): boolean {
  return writes === 0 || (writes < most.writes && bytes + more <= most.bytes)
}

function sizeOf(statements: readonly Statement[]): number {
  let bytes = 0
  for (const { values } of statements) {
    bytes += 200
    if (values === undefined) continue
    for (const value of Array.isArray(values) ? values : Object.values(values)) {
      if (typeof value === 'string') bytes += value.length
      else bytes += value instanceof Uint8Array ? value.byteLength : 8
    }
  }
  return bytes
}
