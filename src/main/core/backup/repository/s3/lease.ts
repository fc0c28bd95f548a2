import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { type Clock, processMark } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { busy, ownerNow, ownerSchema } from '../folder-lock.ts'
import type { S3Object, S3Requests } from './client.ts'

/** As restic: refreshed every 5 minutes, stale after 30 without. */
export const refreshEveryMs = 5 * 60_000
export const staleAfterMs = 30 * 60_000
/** When this process must not rely on its own lease any more: long before somebody else may take it. */
const sureForMs = 20 * 60_000

export const lockKey = 'lock.json'

/** Each time somebody else was faster, and had finished again. */
const takenAtMost = 5

const recordSchema = ownerSchema.extend({
  /** This holding of the lock, so that one's own record is told from another's. */
  token: z.string(),
  /** Boot and process of the owner, to recognise on the same machine that it is dead; null where the system tells no such thing. */
  process: z.string().nullable(),
})
type LockRecord = z.infer<typeof recordSchema>

/**
 * The right to write to a repository in a bucket. A bucket does not notice that a process died, so the right is a lease: a
 * record `lock.json`, made only where there is none (a conditional put), written again every five minutes. One that was
 * not for half an hour, by the clock of the server, is stale and is taken over; so is that of a dead process of this machine.
 */
export class S3Lease implements AsyncDisposable {
  readonly #requests: S3Requests
  readonly #clock: Clock
  readonly #record: LockRecord
  #etag = ''
  #sure: { readonly monotonic: number; readonly wall: number }
  #lost = false
  #disposed = false
  #timer: Disposable | undefined
  #refreshing: Promise<void> = Promise.resolve()

  private constructor(requests: S3Requests, clock: Clock, record: LockRecord) {
    this.#requests = requests
    this.#clock = clock
    this.#record = record
    this.#sure = { monotonic: clock.monotonic(), wall: clock.wall() }
  }

  /** Rejects with `repository-busy`, naming the owner. */
  static async take(requests: S3Requests, what: string, clock: Clock): Promise<S3Lease> {
    const record = { ...ownerNow(what), since: clock.wall(), token: randomUUID(), process: processMark(process.pid) }
    const lease = new S3Lease(requests, clock, record)
    await lease.#take()
    lease.#wait()
    return lease
  }

  /** Throws `repository-lock-lost` when somebody else may have it by now: nothing may be written any more. */
  assertHeld(): void {
    const silent = Math.max(this.#clock.monotonic() - this.#sure.monotonic, this.#clock.wall() - this.#sure.wall)
    if (!this.#lost && silent <= sureForMs) return
    throw lost(this.#requests.place)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true
    this.#timer?.[Symbol.dispose]()
    await this.#refreshing
    if (this.#lost) return
    // Somebody else's record is left alone. What cannot be removed now goes stale.
    const found = await this.#requests.get(lockKey).catch(() => undefined)
    if (found && readRecord(found)?.token === this.#record.token) await this.#requests.remove(lockKey).catch(() => {})
  }

  async #take(): Promise<void> {
    // The record that was in the way may be gone when it is asked whose it is: then the lease is free again.
    for (let again = 0; again < takenAtMost; again++) if (await this.#taken()) return
    throw busy(this.#requests.place, undefined)
  }

  /** False: somebody had it and gave it back in the meantime. */
  async #taken(): Promise<boolean> {
    const { place } = this.#requests
    const found = await this.#requests.get(lockKey)
    const owner = found && readRecord(found)
    if (found && !isStale(found, owner)) throw busy(place, owner)
    const etag = await this.#requests.put(lockKey, this.#text(), found ? { etag: found.etag } : { absent: true })
    // Read back, for servers that do not know conditions and let both of two write: the last one has it.
    const now = await this.#requests.get(lockKey)
    const holder = now && readRecord(now)
    if (!now) return false
    if (etag === false || holder?.token !== this.#record.token) throw busy(place, holder)
    this.#etag = now.etag
    this.#renewed()
    return true
  }

  #wait(): void {
    this.#timer = this.#clock.after(refreshEveryMs, () => {
      this.#refreshing = this.#refresh().finally(() => {
        if (!this.#lost && !this.#disposed) this.#wait()
      })
    })
  }

  async #refresh(): Promise<void> {
    try {
      const etag = await this.#requests.put(lockKey, this.#text(), { etag: this.#etag })
      if (etag === false) {
        this.#lost = true
        return
      }
      this.#etag = etag
      this.#renewed()
    } catch {
      // Tried again in five minutes; assertHeld knows since when nothing is sure.
    }
  }

  #renewed(): void {
    this.#sure = { monotonic: this.#clock.monotonic(), wall: this.#clock.wall() }
  }

  #text(): Buffer {
    return Buffer.from(`${JSON.stringify(this.#record)}\n`)
  }
}

function isStale({ age }: S3Object, owner: LockRecord | undefined): boolean {
  if (age * 1000 >= staleAfterMs) return true
  const [boot, pid] = owner?.process?.split('/') ?? []
  if (!owner || boot === undefined || pid === undefined) return false
  // The same boot of the same machine: whether that very process still runs can be seen.
  return processMark(process.pid)?.startsWith(`${boot}/`) === true && processMark(owner.pid) !== owner.process
}

function readRecord({ content }: S3Object): LockRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(content.toString('utf8')))
  } catch {
    return undefined // Nobody who can be named; it goes stale like any other.
  }
}

function lost(place: string): ConsoleError {
  return new ConsoleError(
    'repository-lock-lost',
    `The right to write to the backups in ${place} ran out, because the server could not be reached for too long.`,
    'Try again; what was stored already is used. No snapshot was damaged.',
    { params: { folder: place }, retryable: true },
  )
}
