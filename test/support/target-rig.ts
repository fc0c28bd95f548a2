import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Clock } from '#core/platform/index.ts'
import { BodyRoom, type Breaker, type BreakerRecord, ProtectedTarget, type TargetSettings } from '#core/proxy/index.ts'

/** A protected target behind a real HTTP server of its own, without the console around it. */
export interface TargetRig extends AsyncDisposable {
  readonly target: ProtectedTarget
  readonly room: BodyRoom
  /** The states that its breaker was in, in order. */
  readonly states: readonly Breaker['state'][]
  readonly url: string
  readonly port: number
  call(path?: string, init?: RequestInit & { readonly duplex?: 'half' }): Promise<Response>
}

export function targetSettings(url: string, changes: Partial<TargetSettings> = {}): TargetSettings {
  return {
    id: 'model',
    title: 'Model API',
    url,
    timeoutMs: 30_000,
    longestMs: 300_000,
    attempts: 3,
    backoff: { firstMs: 1, factor: 1, capMs: 10_000 },
    breaker: { kind: 'consecutive', failures: 5, openMs: 30_000, successes: 2 },
    fallback: null,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    failures: ['network', 'timeout', { from: 500, to: 599 }, { from: 429, to: 429 }],
    repeat: 'idempotent',
    headers: {},
    concurrency: 32,
    perCaller: changes.concurrency ?? 32,
    requestBytes: 1_000_000,
    answerBytes: 10_000_000,
    ...changes,
  }
}

export async function targetRig(
  settings: TargetSettings,
  clock: Clock,
  { record = null, roomBytes = 10_000_000 }: { record?: BreakerRecord | null; roomBytes?: number } = {},
): Promise<TargetRig> {
  const states: Breaker['state'][] = []
  const room = new BodyRoom(roomBytes)
  const target = new ProtectedTarget(settings, {
    clock,
    random: () => 0,
    room,
    record,
    onChanged: ({ state }) => states.push(state),
  })
  const server = createServer((request, response) => {
    const rest = (request.url ?? '').slice('/t/model'.length)
    void target.handle({
      request,
      response,
      rest,
      through: '/t/model',
      caller: String(request.headers['x-caller'] ?? 'api'),
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A listening server has a port.')
  const url = `http://127.0.0.1:${address.port}/t/model`
  return {
    target,
    room,
    states,
    url,
    port: address.port,
    call: (path = '', init = {}) => fetch(`${url}${path}`, { redirect: 'manual', ...init }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await target[Symbol.asyncDispose]()
    },
  }
}
