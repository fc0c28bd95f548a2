import type { Clock } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Helper } from '../program/engine-client.ts'
import type { Input, Method, Output } from '../program/messages.ts'
import { isDamage } from '../read-again.ts'

export interface BrowsingPorts {
  readonly clock: Clock
  /** A helper without the lock, which ends at once when the signal aborts. */
  openReader(signal: AbortSignal): Helper
  /** Changes when the repository does: a helper knows what was there when it was started. */
  revision(): string
  /** Requests that may wait for the one that is answered. */
  readonly mostWaiting: number
}

/** How long the helper stays when nobody asks anything. */
const idleMs = 60_000

/**
 * One helper that looks into snapshots: started when it is asked for, kept while somebody browses, ended when idle. Requests are
 * answered one after the other; giving up on the one that is worked at ends the helper, which is how that work is stopped.
 */
export class Browsing implements AsyncDisposable {
  readonly #ports: BrowsingPorts
  #open: { readonly helper: Helper; readonly revision: string; readonly stop: AbortController } | undefined
  #line: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #idle: Disposable | undefined
  #closed = false

  constructor(ports: BrowsingPorts) {
    this.#ports = ports
  }

  /** Rejects with `browse-busy`, with the signal's reason, and as {@link Helper.ask} does. */
  async ask<M extends Method>(method: M, input: Input<M>, signal?: AbortSignal): Promise<Output<M>> {
    if (this.#waiting >= this.#ports.mostWaiting) throw busy()
    this.#waiting++
    const answer = this.#line.then(() => this.#work(method, input, signal))
    this.#line = answer.catch(() => {})
    try {
      return await answer
    } finally {
      this.#waiting--
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#open?.stop.abort(closing())
    await this.#line
    await this.#end()
  }

  async #work<M extends Method>(method: M, input: Input<M>, signal?: AbortSignal): Promise<Output<M>> {
    signal?.throwIfAborted()
    if (this.#closed) throw closing()
    this.#idle?.[Symbol.dispose]()
    if (this.#open && this.#open.revision !== this.#ports.revision()) await this.#end()
    const { helper, stop } = this.#opened()
    const giveUp = () => stop.abort(signal?.reason)
    signal?.addEventListener('abort', giveUp, { once: true })
    try {
      return await helper.ask(method, input)
    } catch (error) {
      // One that was killed, ended by itself, or knows what is not so any more, is of no use to the next who asks.
      if (
        stop.signal.aborted ||
        isDamage(error) ||
        !(error instanceof ConsoleError) ||
        error.problem.code === 'backup-helper-ended'
      ) {
        await this.#end()
      }
      throw error
    } finally {
      signal?.removeEventListener('abort', giveUp)
      if (this.#open) this.#idle = this.#ports.clock.after(idleMs, () => void this.#end())
    }
  }

  #opened() {
    if (this.#open) return this.#open
    const stop = new AbortController()
    const opened = { helper: this.#ports.openReader(stop.signal), revision: this.#ports.revision(), stop }
    this.#open = opened
    return opened
  }

  async #end(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    this.#idle?.[Symbol.dispose]()
    await open?.helper[Symbol.asyncDispose]()
  }
}

function busy(): ConsoleError {
  return new ConsoleError(
    'browse-busy',
    'Too many look into the backups at the same time.',
    'Wait a moment, then try again.',
    { retryable: true },
  )
}

function closing(): ConsoleError {
  return new ConsoleError(
    'site-closing',
    'The site is being closed, so its backups are not looked into any more.',
    'Open the site again and repeat it.',
    { retryable: true },
  )
}
