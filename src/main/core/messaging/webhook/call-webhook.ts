import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { WebhookCall } from '#core/config/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { DeliveryFailure } from '../outbox/delivery.ts'
import type { OutboxRow } from '../outbox/outbox-rows.ts'

/** Most of an answer that is read, so that its connection can be used again; a longer one ends it. Bytes. */
const readOfAnswer = 64 * 1024

/** The longest that a `retry-after` is honoured, so that a slip of the other side stops no route for days. */
const longestPauseMs = 3_600_000

/** Statuses that say that the same message may well be taken later (RFC 9110, 15.5.9; RFC 8470, 5.2; RFC 6585, 4). */
const passing = [408, 425, 429]

export interface WebhookAttempt {
  readonly call: WebhookCall
  readonly row: OutboxRow
  readonly agent: Agent
  readonly clock: Clock
  /** Aborts when the router ends. */
  readonly signal: AbortSignal
}

/**
 * Sends one message to a webhook. Null once it has answered 2xx, else why not. Never rejects, and says nothing of address or headers: they
 * may hold secrets. A redirect is not followed: it could lead the message, and what authorises it, to somebody else.
 */
export async function callWebhook({
  call,
  row,
  agent,
  clock,
  signal,
}: WebhookAttempt): Promise<DeliveryFailure | null> {
  const late = new AbortController()
  using _timeout = clock.after(call.timeoutMs, () => late.abort())
  try {
    const { status, retryAfter, location } = await exchange(call, row, agent, AbortSignal.any([late.signal, signal]))
    return verdictOf(status, location, pauseOf(retryAfter, clock.wall()))
  } catch (error) {
    const reason = late.signal.aborted ? `it gave no answer within ${call.timeoutMs / 1000} s` : failureInWords(error)
    return { reason, permanent: false }
  }
}

/** What a status means for the message. */
export function verdictOf(status: number, location: boolean, retryAfterMs: number | null): DeliveryFailure | null {
  if (status >= 200 && status < 300) return null
  const reason = location
    ? `it answered ${status} and points to another address, which is not followed: write that one into the route`
    : `it answered ${status}`
  const permanent = status < 500 && !passing.includes(status)
  return { reason, permanent, ...(retryAfterMs !== null && !permanent ? { retryAfterMs } : {}) }
}

/** How long `retry-after` asks for (RFC 9110, 10.2.3: seconds, or a date); null when it asks for nothing. */
export function pauseOf(retryAfter: string | undefined, now: number): number | null {
  if (retryAfter === undefined) return null
  const ms = /^\s*\d+\s*$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - now
  return Number.isFinite(ms) ? Math.min(longestPauseMs, Math.max(0, ms)) : null
}

interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly location: boolean
}

function exchange(call: WebhookCall, row: OutboxRow, agent: Agent, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const url = new URL(call.url)
    const body = typeof row.payload === 'string' ? Buffer.from(row.payload) : row.payload
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    const request = send(
      url,
      {
        method: call.method,
        agent,
        signal,
        headers: { ...call.headers, ...ownHeaders(call, row), 'content-length': body.length },
      },
      (answer) => {
        finish(answer).then(
          () =>
            resolve({
              status: answer.statusCode ?? 0,
              retryAfter: answer.headers['retry-after'],
              location: isRedirect(answer),
            }),
          reject,
        )
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

/** Reads the answer to its end: one that breaks off in the middle is no answer. A long one is cut, and counts. */
async function finish(answer: IncomingMessage): Promise<void> {
  let bytes = 0
  for await (const piece of answer) {
    bytes += piece instanceof Uint8Array ? piece.length : 0
    if (bytes > readOfAnswer) return
  }
  if (!answer.complete) throw new Error('aborted')
}

function isRedirect({ statusCode = 0, headers }: IncomingMessage): boolean {
  return statusCode >= 300 && statusCode < 400 && headers.location !== undefined
}

/** The id is the same at every attempt. A topic may hold what no header may, so it is percent-encoded but for its slashes. */
function ownHeaders({ type }: WebhookCall, { id, route, topic, at, payload }: OutboxRow) {
  return {
    'content-type': type ?? typeOf(payload),
    'user-agent': 'wheelhouse',
    'idempotency-key': id,
    'wheelhouse-route': route,
    'wheelhouse-topic': encodeURIComponent(topic.toWellFormed()).replaceAll('%2F', '/'),
    'wheelhouse-received': new Date(at).toISOString(),
  }
}

function typeOf(payload: OutboxRow['payload']): string {
  if (typeof payload !== 'string') return 'application/octet-stream'
  try {
    JSON.parse(payload)
    return 'application/json'
  } catch {
    return 'text/plain; charset=utf-8'
  }
}

/** By the code: what Node writes names the address. */
function failureInWords(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  switch (code) {
    case 'ECONNREFUSED':
      return 'nothing listens at its address'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the name of its host is not known'
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection broke before it had answered'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return 'its host cannot be reached'
    default:
      break
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code)) return `its certificate is not accepted (${code})`
  return code === '' ? 'the connection broke before it had answered' : `the call failed (${code})`
}
