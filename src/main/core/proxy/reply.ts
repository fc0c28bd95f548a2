import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, newId } from '#core/platform/index.ts'
import type { BodyRoom } from './body-room.ts'
import type { CallEnd, TroubledCall } from './call-figures.ts'
import { passedAnswerHeaders, passedRequestHeaders, requestIdOf } from './message-headers.ts'
import { announcedBytes, type RequestBody, takeBody } from './request-body.ts'
import { type TargetPath, targetPath } from './target-path.ts'
import type { TargetSettings } from './target-settings.ts'
import type { UpstreamCall } from './upstream-call.ts'

/** One call as it came in. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** What the caller added to the address that it was given: empty, or beginning with `/` or `?`. */
  readonly rest: string
  /** Path under which the caller reaches the target's base: `/<token>/model`. */
  readonly through: string
  /** Who calls, for the figures. */
  readonly caller: string
}

/** Why the configured answer is given in place of the other side's. */
export type InsteadReason = 'breaker-open' | 'isolated' | 'busy' | 'failed' | 'timed-out'

/** The answer that a caller gets, whatever becomes of its call: exactly one, and counted once. */
export class Reply {
  readonly method: string
  readonly path: string
  readonly headers: readonly string[]
  readonly requestId: string
  /** What is wrong with the call itself, before anything is tried. */
  readonly wrong: { readonly status: number; readonly sentence: string } | null
  readonly #exchange: Exchange
  readonly #settings: TargetSettings
  readonly #clock: Clock
  readonly #onEnd: (end: CallEnd, troubled: Omit<TroubledCall, 'at' | 'end'> | null) => void
  readonly #gone = new AbortController()
  readonly #began: number
  #ended = false

  constructor(
    exchange: Exchange,
    settings: TargetSettings,
    clock: Clock,
    onEnd: (end: CallEnd, troubled: Omit<TroubledCall, 'at' | 'end'> | null) => void,
  ) {
    const { request, response, rest } = exchange
    this.#exchange = exchange
    this.#settings = settings
    this.#clock = clock
    this.#onEnd = onEnd
    this.#began = clock.monotonic()
    this.method = request.method ?? 'GET'
    this.requestId = requestIdOf(headerOf(request, 'x-request-id'), () => newId('rq'))
    const { host, pathname } = new URL(settings.url)
    const reading = targetPath(pathname.replace(/\/$/, ''), rest)
    this.path = reading.ok ? reading.path : ''
    this.headers = passedRequestHeaders(request.rawHeaders, settings.headers, { host, requestId: this.requestId })
    this.wrong = this.#wrongWith(reading)
    response.once('close', () => {
      if (!response.writableFinished) this.#gone.abort()
    })
  }

  /** Aborts when the caller goes away. */
  get signal(): AbortSignal {
    return this.#gone.signal
  }

  get hasIdempotencyKey(): boolean {
    return headerOf(this.#exchange.request, 'idempotency-key') !== undefined
  }

  /** Whether something of an answer has been sent. */
  get begun(): boolean {
    return this.#exchange.response.headersSent
  }

  body(keep: boolean, room: BodyRoom): Promise<RequestBody> {
    const { requestBytes, timeoutMs } = this.#settings
    const { request } = this.#exchange
    const [clock, signal] = [this.#clock, this.signal]
    return takeBody({ request, keep, room, mostBytes: requestBytes, silenceMs: timeoutMs, clock, signal })
  }

  /** Passes the other side's answer on. Rejects with a `CallFailure` when it breaks off. `failing`: it counts as a failure. */
  async passOn(call: UpstreamCall, answer: IncomingMessage, attempt: number, failing: string | null): Promise<void> {
    const { response, through } = this.#exchange
    const announced = Number(answer.headers['content-length'] ?? 0)
    if (announced > this.#settings.answerBytes) throw call.tooLarge()
    const added = { ...this.#marks('dependency'), 'x-wheelhouse-attempts': String(attempt) }
    const base = this.#settings.url
    response.writeHead(answer.statusCode ?? 502, passedAnswerHeaders(answer.rawHeaders, added, { base, through }))
    await call.passOn(answer, response)
    response.end()
    this.#end(failing === null ? 'answered' : 'failed', failing)
  }

  /** The configured answer in place of the other side's; without one, an error that says why. */
  instead(reason: InsteadReason, sentence: string, retryAfterSeconds: number | null): void {
    const { fallback, title } = this.#settings
    const retryAfter =
      retryAfterSeconds === null ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfterSeconds))) }
    const extra = { ...retryAfter, 'x-wheelhouse-reason': reason }
    if (fallback) {
      this.#send(fallback.status, fallback.type, fallback.body, { ...this.#marks('fallback'), ...extra })
      this.#end('fallback', sentence)
      return
    }
    const status = reason === 'timed-out' ? 504 : reason === 'failed' ? 502 : 503
    this.#sendError(status, `dependency-${reason}`, `${title} cannot be asked: ${sentence}.`, extra)
    this.#end('failed', sentence)
  }

  /** The call is not allowed. */
  refuse(status: number, sentence: string): void {
    // What is still on its way is not read, and would be taken for the next request.
    const close = status === 413 || status === 408 ? { connection: 'close' } : {}
    this.#sendError(
      status,
      'call-refused',
      `The call to ${this.#settings.title} was refused: ${sentence.replace(/\.$/, '')}.`,
      close,
    )
    this.#end('refused', sentence)
  }

  /** The caller went away; nobody is answered. */
  abandoned(): void {
    this.#end('abandoned', 'the caller went away')
  }

  /** The answer broke off half-way: the caller sees that, because its connection is cut. */
  breakOff(end: CallEnd, sentence: string): void {
    this.#exchange.response.destroy()
    this.#end(end, sentence)
  }

  #wrongWith(reading: TargetPath): Reply['wrong'] {
    const { methods, requestBytes } = this.#settings
    if (!methods.includes(this.method)) {
      return { status: 405, sentence: `${this.method} is not one of its methods, ${methods.join(', ')}` }
    }
    if (!reading.ok) return { status: 400, sentence: reading.why }
    const announced = announcedBytes(this.#exchange.request)
    if (announced === null || announced <= requestBytes) return null
    return { status: 413, sentence: `it has ${announced} bytes, at most ${requestBytes} are passed on` }
  }

  #marks(answer: 'dependency' | 'fallback' | 'refused'): Readonly<Record<string, string>> {
    return { 'x-request-id': this.requestId, 'x-wheelhouse-answer': answer }
  }

  #sendError(status: number, code: string, message: string, extra: Readonly<Record<string, string>>): void {
    const document = { error: { code, message, dependency: this.#settings.id, requestId: this.requestId } }
    const body = Buffer.from(`${JSON.stringify(document)}\n`)
    this.#send(status, 'application/json', body, { ...this.#marks('refused'), ...extra })
  }

  #send(status: number, type: string, body: Uint8Array, headers: Readonly<Record<string, string>>): void {
    const { response } = this.#exchange
    if (response.headersSent || response.destroyed) return
    response.writeHead(status, { ...headers, 'content-type': type, 'content-length': body.byteLength })
    response.end(this.method === 'HEAD' ? undefined : body)
  }

  #end(end: CallEnd, sentence: string | null): void {
    if (this.#ended) return
    this.#ended = true
    const [path = ''] = this.path.split('?')
    const ms = Math.round(this.#clock.monotonic() - this.#began)
    const { requestId, method } = this
    const { caller } = this.#exchange
    this.#onEnd(end, sentence === null ? null : { requestId, caller, method, path: path.slice(0, 120), ms, sentence })
  }
}

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}
