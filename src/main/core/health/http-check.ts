import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect, type Socket } from 'node:net'
import { type Clock, inTime, tookTime } from '#core/platform/index.ts'
import { firstLine, networkFailure } from './check-words.ts'
import type { Check, ProbeAnswer } from './types.ts'

/** As much of an answer's body as is read for its sentence, bytes. */
const bodyCap = 4_096
/** As much as a text is looked for in. */
const searchedCap = 65_536

/**
 * Asks a page once with GET, on a connection of its own. `status` null takes any of 200 to 399, as Kubernetes does; redirects
 * are not followed. A text is looked for in the first 64 KB of the body. Failing answers carry the first line of the body, or the sentence that its JSON offers.
 * A service that starts is asked many times before it listens: the request is made only once there is a connection, which makes a refused try five times cheaper.
 */
export function httpCheck(
  { url, status, body: text, latencyMs }: Extract<Check, { type: 'http' }>,
  timeoutMs: number,
  signal: AbortSignal,
  clock: Clock,
): Promise<ProbeAnswer> {
  const began = clock.monotonic()
  return new Promise((resolve) => {
    let request: ClientRequest | undefined
    let socket: Socket | undefined
    const finish = (ok: boolean, sentence: string) => {
      timer[Symbol.dispose]()
      signal.removeEventListener('abort', abort)
      request?.destroy()
      socket?.destroy()
      resolve({ ok, sentence, ms: Math.round(clock.monotonic() - began) })
    }
    const address = addressOf(url)
    const timer = clock.after(timeoutMs, () => finish(false, `no answer from ${address} within ${inTime(timeoutMs)}`))
    const failed = (error: unknown) => finish(false, networkFailure(error, address))
    const unusable = (error: unknown) =>
      finish(false, `${url} is not an address that can be asked: ${error instanceof Error ? error.message : error}`)
    const headers = { 'user-agent': 'wheelhouse-probe', accept: 'application/json, text/plain, */*' }
    const options = { agent: false, headers } as const
    // Not left to the connection, whose own way of following a signal takes four times what a refused try does.
    const abort = () => finish(false, networkFailure(signal.reason, address))
    signal.addEventListener('abort', abort, { once: true })
    const ask = (made: ClientRequest) => {
      request = made
      made.once('error', failed)
      made.once('response', answered)
      made.end()
    }
    const answered = (response: IncomingMessage) => {
      const code = response.statusCode ?? 0
      const taken = status === null ? code >= 200 && code < 400 : code === status
      readBody(response, text === undefined ? bodyCap : searchedCap, (body) => {
        const said = taken ? '' : bodySentence(body)
        const expected = !taken && status !== null ? `, expected ${status}` : ''
        const ms = Math.round(clock.monotonic() - began)
        const missing = taken && text !== undefined && !body.includes(text)
        const slow = taken && !missing && latencyMs !== undefined && ms > latencyMs
        const flaw = missing
          ? `, without “${firstLine(text, 60)}” in it`
          : slow
            ? `, slower than ${inTime(latencyMs)}`
            : ''
        finish(taken && flaw === '', `${code} in ${tookTime(ms)}${expected}${flaw}${said && `: ${said}`}`)
      })
    }
    try {
      const { protocol, hostname, port } = new URL(url)
      if (protocol === 'http:') {
        const host = hostname.replace(/^\[|\]$/g, '')
        const connection = connect({ host, port: Number(port || 80) })
        socket = connection
        connection.on('error', failed) // for good: it may be reset at any moment, also when the request is over
        connection.once('connect', () => {
          ask(httpRequest(url, { ...options, createConnection: () => connection }))
        })
      } else {
        ask(httpsRequest(url, options))
      }
    } catch (error) {
      unusable(error)
    }
  })
}

/** Host and port of an address, for sentences. */
function addressOf(url: string): string {
  try {
    const { hostname, port, protocol } = new URL(url)
    return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`
  } catch {
    return url
  }
}

function readBody(response: IncomingMessage, most: number, done: (body: string) => void): void {
  let body = ''
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    body += chunk
    if (body.length >= most) done(body.slice(0, most))
  })
  response.once('end', () => done(body))
  response.once('error', () => done(body))
}

/** The sentence that a body offers: a JSON `message`, `error`, `detail` or `status`, else its first line. */
function bodySentence(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body)
    if (typeof parsed === 'object' && parsed !== null) {
      const known: Record<string, unknown> = { ...parsed }
      for (const key of ['sentence', 'message', 'error', 'detail', 'reason', 'status']) {
        const value = known[key]
        if (typeof value === 'string' && value) return firstLine(value)
      }
    }
  } catch {
    // not JSON: its first line will do
  }
  return firstLine(body)
}
