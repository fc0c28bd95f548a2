import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Clock } from '#core/platform/index.ts'
import { firstLine, networkFailure } from './check-words.ts'
import type { Check, ProbeAnswer } from './types.ts'

/** As much of an answer's body as is read for its sentence, bytes. */
const bodyCap = 4_096
/** As much as a text is looked for in. */
const searchedCap = 65_536

/**
 * Asks a page once with GET, on a connection of its own. `status` null takes any of 200 to 399, as Kubernetes does; redirects
 * are not followed. A text is looked for in the first 64 KB of the body. Failing answers carry the first line of the body, or the sentence that its JSON offers.
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
    const finish = (ok: boolean, sentence: string) => {
      timer[Symbol.dispose]()
      request?.destroy()
      resolve({ ok, sentence, ms: Math.round(clock.monotonic() - began) })
    }
    const address = addressOf(url)
    const timer = clock.after(timeoutMs, () => finish(false, `no answer from ${address} within ${timeoutMs} ms`))
    try {
      const send = url.startsWith('https:') ? httpsRequest : httpRequest
      const headers = { 'user-agent': 'wheelhouse-probe', accept: 'application/json, text/plain, */*' }
      request = send(url, { agent: false, headers, signal })
    } catch (error) {
      finish(false, `${url} is not an address that can be asked: ${error instanceof Error ? error.message : error}`)
      return
    }
    request.once('error', (error) => finish(false, networkFailure(error, address)))
    request.once('response', (response) => {
      const code = response.statusCode ?? 0
      const taken = status === null ? code >= 200 && code < 400 : code === status
      readBody(response, text === undefined ? bodyCap : searchedCap, (body) => {
        const said = taken ? '' : bodySentence(body)
        const expected = !taken && status !== null ? `, expected ${status}` : ''
        const ms = Math.round(clock.monotonic() - began)
        const missing = taken && text !== undefined && !body.includes(text)
        const slow = taken && !missing && latencyMs !== undefined && ms > latencyMs
        const flaw = missing ? `, without “${firstLine(text, 60)}” in it` : slow ? `, slower than ${latencyMs} ms` : ''
        finish(taken && flaw === '', `${code} in ${ms} ms${expected}${flaw}${said && `: ${said}`}`)
      })
    })
    request.end()
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
