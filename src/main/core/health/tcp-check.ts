import { connect } from 'node:net'
import { type Clock, inTime, tookTime } from '#core/platform/index.ts'
import { networkFailure } from './check-words.ts'
import type { Check, ProbeAnswer } from './types.ts'

/** Opens a connection to `host:port` (`[::1]:80` for IPv6) and closes it again. */
export function tcpCheck(
  { address }: Extract<Check, { type: 'tcp' }>,
  timeoutMs: number,
  signal: AbortSignal,
  clock: Clock,
): Promise<ProbeAnswer> {
  const began = clock.monotonic()
  const elapsed = () => Math.round(clock.monotonic() - began)
  const target = parseAddress(address)
  if (!target)
    return Promise.resolve({ ok: false, sentence: `${address} is not an address of the form host:port`, ms: 0 })
  return new Promise((resolve) => {
    const socket = connect(target)
    const finish = (ok: boolean, sentence: string) => {
      timer[Symbol.dispose]()
      signal.removeEventListener('abort', abort)
      socket.destroy()
      resolve({ ok, sentence, ms: elapsed() })
    }
    // Not left to the socket, whose own way of following a signal takes four times what a refused try does.
    const abort = () => finish(false, networkFailure(signal.reason, address))
    signal.addEventListener('abort', abort, { once: true })
    const timer = clock.after(timeoutMs, () => finish(false, `no answer from ${address} within ${inTime(timeoutMs)}`))
    socket.once('connect', () => finish(true, `${address} took the connection in ${tookTime(elapsed())}`))
    socket.on('error', (error) => finish(false, networkFailure(error, address)))
  })
}

function parseAddress(address: string): { host: string; port: number } | undefined {
  const found = /^(?:\[(?<six>[^\]]+)\]|(?<host>[^:]+)):(?<port>\d{1,5})$/.exec(address.trim())?.groups
  const host = found?.six ?? found?.host
  const port = Number(found?.port)
  return host && port > 0 && port < 65_536 ? { host, port } : undefined
}
