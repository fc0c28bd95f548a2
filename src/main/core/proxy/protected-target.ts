import { Agent, type IncomingMessage } from 'node:http'
import { Agent as SecureAgent } from 'node:https'
import { backoffMs, type Clock, delay } from '#core/platform/index.ts'
import type { BodyRoom } from './body-room.ts'
import type { Breaker, BreakerRecord, Ticket } from './breaker.ts'
import { BreakerGate } from './breaker-gate.ts'
import { CallFigures, type Figures } from './call-figures.ts'
import { type Exchange, Reply } from './reply.ts'
import { askedPauseMs, isFailingStatus, isRepeatable, type TargetSettings } from './target-settings.ts'
import { CallFailure, UpstreamCall } from './upstream-call.ts'

export interface ProtectedTargetParts {
  readonly clock: Clock
  readonly random: () => number
  /** Room for requests that are kept so that they can be sent again; shared by all targets. */
  readonly room: BodyRoom
  /** What was remembered of its breaker. */
  readonly record: BreakerRecord | null
  readonly onChanged: (breaker: Breaker) => void
}

/** What a try came to. A failing answer may be passed on when nothing better follows. */
type Tried =
  | { readonly what: 'passed' | 'abandoned' }
  | { readonly what: 'refused'; readonly status: number; readonly sentence: string }
  | { readonly what: 'failed'; readonly sentence: string; readonly timedOut: boolean; readonly pauseMs: number }

/**
 * One other side behind a breaker: passes calls on, repeats those that may be repeated, and answers in its place when it does
 * not answer. Whatever it meets, the caller gets an answer, and its place is given back.
 */
export class ProtectedTarget implements AsyncDisposable {
  readonly gate: BreakerGate
  readonly #parts: ProtectedTargetParts
  readonly #figures: CallFigures
  #settings: TargetSettings
  #agent: Agent | null = null
  #underWay = 0
  /** The same by caller. */
  readonly #callers = new Map<string, number>()
  #drained: (() => void) | null = null
  #closing = false

  constructor(settings: TargetSettings, parts: ProtectedTargetParts) {
    this.#settings = settings
    this.#parts = parts
    this.#figures = new CallFigures(parts.clock)
    this.gate = new BreakerGate(settings.breaker, parts.record, parts.clock, parts.onChanged)
  }

  get settings(): TargetSettings {
    return this.#settings
  }

  get figures(): Figures {
    return this.#figures.figures
  }

  get underWay(): number {
    return this.#underWay
  }

  /** Takes changed settings for calls from now on; the state of the breaker and the figures stay. */
  redefine(settings: TargetSettings): void {
    if (settings.url !== this.#settings.url || settings.concurrency !== this.#settings.concurrency) {
      this.#agent = null // its connections end by themselves: some may be in use
    }
    this.#settings = settings
    this.gate.redefine(settings.breaker)
  }

  /** Something else than a call found an error. */
  note(sentence: string): void {
    this.#figures.noted(sentence)
  }

  /** Answers one call. Never rejects: a failure of the console over one call must not end the calls of all. */
  async handle(exchange: Exchange): Promise<void> {
    try {
      await this.#handle(exchange)
    } catch (error) {
      this.note(`the console failed over a call: ${String(error)}`)
      exchange.response.destroy()
    }
  }

  /** Takes no more calls and waits for those under way. */
  async drain(): Promise<void> {
    this.#closing = true
    if (this.#underWay === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#drained = resolve
    await promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true
    this.#agent?.destroy()
  }

  async #handle(exchange: Exchange): Promise<void> {
    const reply = new Reply(exchange, this.#settings, this.#parts.clock, (end, troubled) =>
      this.#figures.ended(end, troubled),
    )
    this.#figures.called()
    const wrong = reply.wrong
    if (wrong) {
      reply.refuse(wrong.status, wrong.sentence)
      return
    }
    const full = this.#full(exchange.caller)
    if (full !== null) {
      this.#figures.kept('busy')
      reply.instead('busy', full, 1)
      return
    }
    this.#count(exchange.caller, 1)
    try {
      await this.#tries(reply)
    } catch (error) {
      // Nothing of this is foreseen; the caller must not wait for ever all the same.
      reply.instead('failed', `the console failed over this call: ${String(error)}`, null)
    } finally {
      this.#count(exchange.caller, -1)
      if (this.#underWay === 0) this.#drained?.()
    }
  }

  /** Why no further call of this caller is taken now; null when it is. */
  #full(caller: string): string | null {
    const { concurrency, perCaller } = this.#settings
    if (this.#closing) return 'the console is closing'
    if (this.#underWay >= concurrency) return 'too many calls are under way'
    return (this.#callers.get(caller) ?? 0) >= perCaller ? `too many calls of ${caller} are under way` : null
  }

  #count(caller: string, change: 1 | -1): void {
    this.#underWay += change
    const calls = (this.#callers.get(caller) ?? 0) + change
    if (calls === 0) this.#callers.delete(caller)
    else this.#callers.set(caller, calls)
  }

  async #tries(reply: Reply): Promise<void> {
    const { clock, random, room } = this.#parts
    const settings = this.#settings
    const { attempts, backoff } = settings
    // What is refused anyway is refused before its body is read.
    if (!this.gate.admits) return this.#keptOut(reply, null)
    const mayRepeat = isRepeatable(settings, reply.method, reply.hasIdempotencyKey)
    using body = await reply.body(mayRepeat, room)
    if (body.what === 'refused') return reply.refuse(body.status, body.sentence)
    if (body.what === 'gone') return reply.abandoned()
    const repeatable = mayRepeat && body.what !== 'stream'
    for (let attempt = 1; ; attempt++) {
      const placing = this.gate.place(settings.longestMs + settings.timeoutMs)
      if (!placing.admitted) return this.#keptOut(reply, placing.retryMs)
      this.#figures.tried(attempt)
      const isLast = () => !repeatable || attempt >= attempts || !this.gate.admits
      const tried = await this.#try(reply, body.bytes, placing.ticket, repeatable, isLast, attempt)
      switch (tried.what) {
        case 'passed':
          return
        case 'abandoned':
          return reply.abandoned()
        case 'refused':
          return reply.refuse(tried.status, tried.sentence)
      }
      const { sentence, timedOut } = tried
      // An open breaker is answered at once: nobody waits out a pause for a call that would not be placed.
      const giveUp = isLast() || tried.pauseMs > backoff.capMs
      if (giveUp) return reply.instead(timedOut ? 'timed-out' : 'failed', sentence, this.#retryAfter())
      try {
        const pauseMs = Math.max(tried.pauseMs, backoffMs(backoff, attempt, random()))
        await delay(clock, pauseMs, reply.signal)
      } catch {
        return reply.abandoned()
      }
    }
  }

  #keptOut(reply: Reply, retryMs: number | null): void {
    this.#figures.kept('open')
    const { state } = this.gate.breaker
    const why = state === 'isolated' ? 'an operator has isolated it' : 'its breaker is open'
    reply.instead(
      state === 'isolated' ? 'isolated' : 'breaker-open',
      why,
      retryMs === null ? this.#retryAfter() : retryMs / 1_000,
    )
  }

  async #try(
    reply: Reply,
    bytes: Uint8Array | null | IncomingMessage,
    ticket: Ticket,
    repeatable: boolean,
    isLast: () => boolean,
    attempt: number,
    kept = repeatable,
  ): Promise<Tried> {
    const { clock } = this.#parts
    const settings = this.#settings
    const began = clock.monotonic()
    using call = new UpstreamCall({
      ...settings,
      url: new URL(settings.url),
      method: reply.method,
      path: reply.path,
      headers: reply.headers,
      body: bytes,
      // A kept connection may be closed as it is used again, and only what may be repeated can be sent anew then.
      agent: kept ? this.#kept() : null,
      clock,
      signal: reply.signal,
    })
    try {
      const answer = await call.answered
      this.#figures.answered(clock.monotonic() - began)
      const status = answer.statusCode ?? 0
      if (isFailingStatus(settings, status)) {
        const sentence = `it answered with ${status}`
        this.#figures.failed(sentence)
        this.gate.settle(ticket, 'failure')
        const pauseMs = askedPauseMs(answer.headers['retry-after'], clock.wall())
        const better = settings.fallback !== null || !(isLast() || pauseMs > settings.backoff.capMs)
        if (better) return { what: 'failed', sentence, timedOut: false, pauseMs }
        await reply.passOn(call, answer, attempt, sentence)
        return { what: 'passed' }
      }
      await reply.passOn(call, answer, attempt, null)
      this.gate.settle(ticket, 'success')
      return { what: 'passed' }
    } catch (error) {
      const failure = error instanceof CallFailure ? error : new CallFailure('network', String(error))
      if (failure.stale && kept) return await this.#try(reply, bytes, ticket, repeatable, isLast, attempt, false)
      return this.#unanswered(reply, failure, ticket)
    }
  }

  #unanswered(reply: Reply, failure: CallFailure, ticket: Ticket): Tried {
    const { fault, message: sentence } = failure
    const counts = (fault === 'network' || fault === 'timeout') && this.#settings.failures.includes(fault)
    this.gate.settle(ticket, counts ? 'failure' : 'abandoned')
    const ofCaller = fault === 'caller' || fault === 'request-too-large'
    if (!ofCaller) this.#figures.failed(sentence)
    if (reply.begun) {
      reply.breakOff(ofCaller ? 'abandoned' : 'failed', sentence)
      return { what: 'passed' }
    }
    if (fault === 'request-too-large') return { what: 'refused', status: 413, sentence }
    if (fault === 'caller') {
      return reply.signal.aborted ? { what: 'abandoned' } : { what: 'refused', status: 408, sentence }
    }
    if (fault === 'too-large') return { what: 'refused', status: 502, sentence }
    return { what: 'failed', sentence, timedOut: fault === 'timeout', pauseMs: 0 }
  }

  /** Seconds until it is tried again; null when that is not known. */
  #retryAfter(): number | null {
    const at = this.gate.nextTryAt
    return at === null ? null : (at - this.#parts.clock.wall()) / 1_000
  }

  #kept(): Agent {
    const options = { keepAlive: true, maxSockets: this.#settings.concurrency, maxFreeSockets: 8, timeout: 60_000 }
    this.#agent ??= this.#settings.url.startsWith('https:') ? new SecureAgent(options) : new Agent(options)
    return this.#agent
  }
}
