import type { IncomingMessage } from 'node:http'
import { type Clock, inTime } from '#core/platform/index.ts'
import type { BodyRoom } from './body-room.ts'

/** What a caller sends with its request. Disposing gives the room for kept bytes back. */
export type RequestBody = Disposable &
  (
    | { readonly what: 'none'; readonly bytes: null }
    | { readonly what: 'kept'; readonly bytes: Uint8Array }
    /** Passed on as it comes in: it can be sent once. */
    | { readonly what: 'stream'; readonly bytes: IncomingMessage }
    | { readonly what: 'refused'; readonly status: number; readonly sentence: string }
    | { readonly what: 'gone' }
  )

export interface BodyOptions {
  readonly request: IncomingMessage
  /** Whether it is worth keeping. */
  readonly keep: boolean
  readonly room: BodyRoom
  readonly mostBytes: number
  /** The longest that the caller may pause. Milliseconds. */
  readonly silenceMs: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

const nothing = { [Symbol.dispose]: () => {} }

/** Bytes that the request announces; null when it does not say. */
export function announcedBytes({ headers }: IncomingMessage): number | null {
  if (headers['transfer-encoding'] !== undefined) return null
  return Number(headers['content-length'] ?? 0)
}

/** Takes the body in when it is to be kept and there is room for it; otherwise it is left to be passed on. */
export async function takeBody(options: BodyOptions): Promise<RequestBody> {
  const { request, keep, room, mostBytes } = options
  const announced = announcedBytes(request)
  if (announced === 0) return { ...nothing, what: 'none', bytes: null }
  const place = keep ? room.take(announced ?? mostBytes) : null
  if (!place) return { ...nothing, what: 'stream', bytes: request }
  try {
    const read = await readAll(options)
    if (read.what === 'kept') return { ...read, [Symbol.dispose]: () => place[Symbol.dispose]() }
    place[Symbol.dispose]()
    return { ...nothing, ...read }
  } catch {
    place[Symbol.dispose]()
    return { ...nothing, what: 'gone' }
  }
}

type Read =
  | { readonly what: 'kept'; readonly bytes: Uint8Array }
  | { readonly what: 'refused'; readonly status: number; readonly sentence: string }

async function readAll({ request, mostBytes, silenceMs, clock, signal }: BodyOptions): Promise<Read> {
  const done = Promise.withResolvers<Read>()
  const pieces: Uint8Array[] = []
  let bytes = 0
  const late = () =>
    done.resolve({ what: 'refused', status: 408, sentence: `it did not go on within ${inTime(silenceMs)}` })
  let silence = clock.after(silenceMs, late)
  const onData = (piece: Uint8Array) => {
    silence[Symbol.dispose]()
    silence = clock.after(silenceMs, late)
    bytes += piece.byteLength
    if (bytes > mostBytes) {
      done.resolve({ what: 'refused', status: 413, sentence: `it has more than ${mostBytes} bytes` })
    } else pieces.push(piece)
  }
  const onGone = () => done.reject(new Error('the caller went away'))
  request.on('data', onData)
  request.once('end', () => done.resolve({ what: 'kept', bytes: Buffer.concat(pieces) }))
  request.once('error', onGone)
  signal.addEventListener('abort', onGone, { once: true })
  if (signal.aborted) onGone()
  try {
    return await done.promise
  } finally {
    silence[Symbol.dispose]()
    request.off('data', onData)
    signal.removeEventListener('abort', onGone)
  }
}
