import type { Clock } from '#core/platform/index.ts'
import { longestSource } from './kept-source.ts'

/** What came of asking. `why` is the end of a sentence about the address, and never quotes what was sent. */
export type SourceAnswer =
  | { readonly kind: 'same' }
  /** It is not there yet, as is to be expected. */
  | { readonly kind: 'later' }
  | { readonly kind: 'new'; readonly text: string; readonly etag: string | null }
  | { readonly kind: 'bad'; readonly why: string; readonly remedy: string }

interface Question {
  readonly url: string
  readonly token: string | null
  /** Of the answer that is known; null when none is. */
  readonly etag: string | null
  readonly withinMs: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Asks an address for its document once. Follows no redirect, takes at most 1 MB, and never rejects. */
export async function askSource({ url, token, etag, withinMs, clock, signal }: Question): Promise<SourceAnswer> {
  const late = new AbortController()
  using _timer = clock.after(withinMs, () => late.abort())
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.any([signal, late.signal]),
      headers: {
        accept: 'application/yaml, application/json',
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(etag !== null && { 'if-none-match': etag }),
      },
    })
    if (response.status === 304 && etag !== null) return { kind: 'same' }
    if (response.status !== 200) {
      await response.body?.cancel()
      return refused(response.status)
    }
    const text = await textOf(response)
    if (typeof text !== 'string') return text
    const tag = response.headers.get('etag')
    return { kind: 'new', text, etag: tag !== null && tag.length <= 1_000 ? tag : null }
  } catch (error) {
    if (late.signal.aborted) {
      const why = `it did not answer within ${withinMs / 1_000} s.`
      return bad(why, 'See whether it is slow or away, or give it more time (`sources.http.within`).')
    }
    return bad(`it cannot be reached (${reason(error)}).`, 'See whether the network and the server are up.')
  }
}

async function textOf(response: Response): Promise<string | SourceAnswer> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.byteLength
    // Counted as unpacked; leaving the loop cancels the rest.
    if (size > longestSource) return bad('its answer is larger than 1 MB.', 'Make it smaller.')
    parts.push(part)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts))
  } catch {
    return bad('its answer is not UTF-8.', 'Save it as UTF-8.')
  }
}

function refused(status: number): SourceAnswer {
  if (status >= 300 && status < 400)
    return bad(
      `it leads elsewhere (status ${status}), which is not followed.`,
      'Write the address itself as `sources.http.url`.',
    )
  if (status === 401 || status === 403)
    return bad(`it wants another token (status ${status}).`, 'Put the right one where `sources.http.token` points.')
  return bad(`it answered with status ${status}.`, 'See what its server says about it.')
}

function bad(why: string, remedy: string): SourceAnswer {
  return { kind: 'bad', why, remedy }
}

/** `ECONNREFUSED`; nothing that was sent stands in it. */
function reason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? code : 'the connection failed'
}
