import { tcpCheck } from '#core/health/index.ts'
import type { Clock } from '#core/platform/index.ts'
import { CallFailure, targetPath, UpstreamCall } from '#core/proxy/index.ts'
import type { TargetPlan } from './protocol.ts'

/** How long one may take that site.yaml has no check for. Milliseconds. */
const uncheckedMs = 5_000
const answerBytes = 1024 * 1024

/**
 * Asks one target how it is: at the path of its check, with the headers that calls of services get, or else whether its port
 * takes connections. Never rejects.
 */
export async function askTarget(
  { url, check, headers }: Pick<TargetPlan, 'url' | 'check' | 'headers'>,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ readonly ok: boolean; readonly sentence: string }> {
  const address = new URL(url)
  const port = address.port || (address.protocol === 'https:' ? '443' : '80')
  const timeoutMs = check?.timeoutMs ?? uncheckedMs
  if (!check || check.path === null) {
    return await tcpCheck({ type: 'tcp', address: `${address.hostname}:${port}` }, timeoutMs, signal, clock)
  }
  const path = targetPath(address.pathname.replace(/\/$/, ''), check.path)
  if (!path.ok) return { ok: false, sentence: path.why }
  try {
    using call = new UpstreamCall({
      url: address,
      method: 'GET',
      path: path.path,
      headers: [...Object.entries(headers).flat(), 'host', address.host, 'user-agent', 'wheelhouse-check'],
      body: null,
      agent: null,
      timeoutMs,
      longestMs: timeoutMs,
      requestBytes: 0,
      answerBytes,
      clock,
      signal,
    })
    const status = (await call.answered).statusCode ?? 0
    const ok = check.status === null ? status >= 200 && status < 400 : status === check.status
    return { ok, sentence: ok ? `it answered with ${status}` : `the check ${check.path} was answered with ${status}` }
  } catch (error) {
    return { ok: false, sentence: error instanceof CallFailure ? error.message : String(error) }
  }
}
