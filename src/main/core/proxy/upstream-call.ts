import {
  type Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { networkFailure } from '#core/health/index.ts'
import type { Clock } from '#core/platform/index.ts'
import { announcedBytes } from './request-body.ts'

/** Whose fault it was that a call came to nothing, and in which way. */
export type CallFault =
  /** The other side: no connection, or one that broke. */
  | 'network'
  /** The other side: no answer in time, or one that did not go on or did not end. */
  | 'timeout'
  /** The other side answers with more than is passed on. */
  | 'too-large'
  /** The caller: it went away or was too slow. */
  | 'caller'
  /** The caller sends more than is passed on. */
  | 'request-too-large'

/** Why a call came to nothing, as a sentence without its full stop. */
export class CallFailure extends Error {
  readonly fault: CallFault
  /** A kept connection was closed just as it was used again: nothing was answered, and a fresh one may well work. */
  readonly stale: boolean

  constructor(fault: CallFault, sentence: string, stale = false) {
    super(sentence)
    this.fault = fault
    this.stale = stale
  }
}

export interface CallOptions {
  readonly url: URL
  readonly method: string
  readonly path: string
  readonly headers: readonly string[]
  /** What is sent: bytes that can be sent again, or the caller's request as it comes in. */
  readonly body: Uint8Array | IncomingMessage | null
  /** Null: a connection of its own. */
  readonly agent: Agent | null
  readonly timeoutMs: number
  readonly longestMs: number
  readonly requestBytes: number
  readonly answerBytes: number
  readonly clock: Clock
  /** Aborts when the caller goes away. */
  readonly signal: AbortSignal
}

/**
 * One try of one call. Time that the caller takes to send or to read is not held against the other side; everything together
 * is bounded by `longestMs`, so that an answer that trickles for ever ends.
 */
export class UpstreamCall implements Disposable {
  /** Resolves with the answer's head. Rejects with a {@link CallFailure}. */
  readonly answered: Promise<IncomingMessage>
  readonly #options: CallOptions
  readonly #request: ClientRequest
  readonly #head = Promise.withResolvers<IncomingMessage>()
  readonly #failed = Promise.withResolvers<never>()
  readonly #longest: Disposable
  readonly #onAbort = () => this.#fail(new CallFailure('caller', 'the caller went away'))
  #silence: Disposable
  #heardAt: number
  #answer: IncomingMessage | null = null
  /** Whom the call waits for at this moment. */
  #waitsFor: 'them' | 'caller' = 'them'
  #over = false

  constructor(options: CallOptions) {
    const { url, method, path, headers, agent, clock, signal, longestMs, timeoutMs } = options
    this.#options = options
    this.answered = this.#head.promise
    this.#failed.promise.catch(() => {}) // whoever waits for it at that moment is told; nobody need
    this.#head.promise.catch(() => {})
    this.#heardAt = clock.monotonic()
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    const hostname = url.hostname.replace(/^\[|\]$/g, '')
    this.#request = send({
      hostname,
      port: url.port || (url.protocol === 'https:' ? 443 : 80),
      // A name only: addresses are not sent as one (RFC 6066, 3); the certificate is checked against `hostname` all the same.
      ...(url.protocol === 'https:' && { servername: isIP(hostname) === 0 ? hostname : '' }),
      method,
      path,
      headers: [...headers, ...framing(options)],
      agent: agent ?? false,
      setDefaultHeaders: false,
    })
    this.#longest = clock.after(longestMs, () => this.#tooLong())
    this.#silence = clock.after(timeoutMs, () => this.#listen())
    signal.addEventListener('abort', this.#onAbort, { once: true })
    this.#request.on('response', (answer) => {
      this.#heard()
      answer.pause()
      this.#answer = answer
      this.#head.resolve(answer)
    })
    this.#request.on('error', (error) => this.#broken(error))
    if (signal.aborted) this.#onAbort()
    else this.#send(options.body)
  }

  /** Hands the answer's body to the caller. Resolves when all of it was handed over, rejects with a {@link CallFailure}. */
  async passOn(answer: IncomingMessage, caller: ServerResponse): Promise<void> {
    const done = Promise.withResolvers<void>()
    let bytes = 0
    answer.on('data', (piece: Uint8Array) => {
      this.#heard()
      bytes += piece.byteLength
      if (bytes > this.#options.answerBytes) {
        this.#fail(this.tooLarge())
        return
      }
      if (caller.write(piece)) return
      answer.pause()
      this.#waitsFor = 'caller'
    })
    const onDrain = () => {
      this.#heard()
      this.#waitsFor = 'them'
      answer.resume()
    }
    caller.on('drain', onDrain)
    answer.once('end', () => (answer.complete ? done.resolve() : this.#fail(brokenOff(this.#where))))
    answer.once('error', () => this.#fail(brokenOff(this.#where)))
    answer.once('close', () => {
      if (!answer.complete) this.#fail(brokenOff(this.#where))
    })
    answer.resume()
    try {
      await Promise.race([done.promise, this.#failed.promise])
    } finally {
      caller.off('drain', onDrain)
    }
  }

  tooLarge(): CallFailure {
    const sentence = `the answer has more than ${this.#options.answerBytes} bytes, which is the most that is passed on`
    return new CallFailure('too-large', sentence)
  }

  /** Ends the call: what has not come yet is not wanted. After a whole answer this only tidies up. */
  [Symbol.dispose](): void {
    this.#over = true
    this.#longest[Symbol.dispose]()
    this.#silence[Symbol.dispose]()
    this.#options.signal.removeEventListener('abort', this.#onAbort)
    if (!this.#request.destroyed && !(this.#answer?.complete ?? false)) this.#request.destroy()
  }

  get #where(): string {
    const { hostname, port, protocol } = this.#options.url
    return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`
  }

  #send(body: CallOptions['body']): void {
    if (body === null) this.#request.end()
    else if (body instanceof Uint8Array) this.#request.end(body)
    else this.#stream(body)
  }

  #stream(source: IncomingMessage): void {
    const { requestBytes } = this.#options
    let bytes = 0
    this.#waitsFor = 'caller'
    source.on('data', (piece: Uint8Array) => {
      this.#heard()
      bytes += piece.byteLength
      if (bytes > requestBytes)
        this.#fail(new CallFailure('request-too-large', `it sends more than ${requestBytes} bytes`))
      if (this.#over || this.#request.write(piece)) return
      source.pause()
      this.#waitsFor = 'them'
    })
    this.#request.on('drain', () => {
      this.#heard()
      this.#waitsFor = 'caller'
      source.resume()
    })
    source.once('end', () => {
      this.#heard()
      this.#waitsFor = 'them'
      this.#request.end()
    })
  }

  #heard(): void {
    this.#heardAt = this.#options.clock.monotonic()
  }

  /** Nobody moved for long enough, or somebody did and the rest of the time is waited for. */
  #listen(): void {
    if (this.#over) return
    const { clock, timeoutMs } = this.#options
    const quietMs = clock.monotonic() - this.#heardAt
    if (quietMs < timeoutMs) {
      this.#silence = clock.after(timeoutMs - quietMs, () => this.#listen())
    } else if (this.#waitsFor === 'caller') {
      this.#fail(new CallFailure('caller', `the caller did not go on for ${inSeconds(timeoutMs)}`))
    } else {
      const what = this.#answer ? 'the answer did not go on' : 'no answer'
      this.#fail(new CallFailure('timeout', `${what} from ${this.#where} within ${inSeconds(timeoutMs)}`))
    }
  }

  #tooLong(): void {
    const { longestMs } = this.#options
    const fault = this.#waitsFor === 'caller' ? 'caller' : 'timeout'
    this.#fail(new CallFailure(fault, `the answer from ${this.#where} did not end within ${inSeconds(longestMs)}`))
  }

  #broken(error: Error): void {
    const stale = this.#request.reusedSocket && !this.#answer
    this.#fail(new CallFailure('network', networkFailure(error, this.#where), stale))
  }

  #fail(failure: CallFailure): void {
    if (this.#over) return
    this[Symbol.dispose]()
    this.#request.destroy()
    this.#head.reject(failure)
    this.#failed.reject(failure)
  }
}

/**
 * How long the body is, said anew for each call: a body of unknown length without it would be taken for a further request
 * (Node leaves it out for DELETE and its like).
 */
function framing({ body, method }: CallOptions): readonly string[] {
  if (body instanceof Uint8Array) return ['content-length', String(body.byteLength)]
  if (body === null) return ['POST', 'PUT', 'PATCH'].includes(method) ? ['content-length', '0'] : []
  const announced = announcedBytes(body)
  return announced === null ? ['transfer-encoding', 'chunked'] : ['content-length', String(announced)]
}

function brokenOff(where: string): CallFailure {
  return new CallFailure('network', `the answer from ${where} broke off`)
}

function inSeconds(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`
}
