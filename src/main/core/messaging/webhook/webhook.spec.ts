import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import type { RouteTarget, WebhookTarget } from '#core/config/index.ts'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { type MessagingRig, messagingRig, route, routerConnected } from '../../../../../test/support/messaging-rig.ts'
import { mortalRuntime } from '../../../../../test/support/mortal-thread.ts'
import { freePorts } from '../../../../../test/support/ports.ts'
import { until } from '../../../../../test/support/until.ts'
import { pauseOf, verdictOf } from './call-webhook.ts'

interface Call {
  readonly body: string
  readonly headers: IncomingMessage['headers']
  readonly method: string
  readonly at: number
}

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end()
})

/** A real server that answers each call, numbered from 0, as `answer` says. */
async function receiver(answer: (n: number, response: ServerResponse, call: Call) => void) {
  const calls: Call[] = []
  const [port = 0] = await freePorts(1)
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (piece: Buffer) => (body += piece.toString()))
    request.on('end', () => {
      const call = { body, headers: request.headers, method: request.method ?? '', at: performance.now() }
      calls.push(call)
      answer(calls.length - 1, response, call)
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()))
  ends.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return { calls, url: `http://127.0.0.1:${port}/hook` }
}

const ok = (_n: number, response: ServerResponse) => void response.end()

function webhook(url: string, given: Partial<WebhookTarget> = {}): WebhookTarget {
  return { kind: 'webhook', url, method: 'POST', headers: {}, type: null, timeoutMs: 5_000, parallel: 1, ...given }
}

async function routed(
  rig: MessagingRig,
  ...to: RouteTarget[]
): Promise<(payload: string, topic?: string) => Promise<void>> {
  await rig.loadEmbedded([route('hook', { from: 'in/#', to })])
  await rig.startBroker()
  await routerConnected(rig)
  return (payload, topic = 'in/a') => rig.messaging.publish({ topic, payload, qos: 1, retain: false })
}

const targetOf = (rig: MessagingRig) => rig.state.slice('routes').get('hook')?.targets[0]

function rowsOf(rig: MessagingRig): number {
  return rig.store.messages.get<{ n: number }>({ sql: 'SELECT count(*) AS n FROM outbox' })?.n ?? -1
}

describe('A webhook', () => {
  it('is sent each message in its order with its id and where it came from, and secrets by reference only', async () => {
    const { calls, url } = await receiver(ok)
    await using rig = await messagingRig({ secrets: { KEY: 'open-sesame' } })
    const target = webhook(url, { method: 'PUT', headers: { Authorization: `Bearer \${secrets.KEY}` } })
    const publish = await routed(rig, target)
    for (let n = 0; n < 20; n++) await publish(`{"n": ${n}}`, 'in/ä b')
    await until('all to arrive', () => calls.length === 20)
    expect(calls.map(({ body }) => body)).toEqual(Array.from({ length: 20 }, (_, n) => `{"n": ${n}}`))
    expect(calls[0]).toMatchObject({
      method: 'PUT',
      headers: {
        authorization: 'Bearer open-sesame',
        'content-type': 'application/json',
        'wheelhouse-route': 'hook',
        'wheelhouse-topic': 'in/%C3%A4%20b',
      },
    })
    expect(new Set(calls.map(({ headers }) => headers['idempotency-key'])).size).toBe(20)
    await until('the ledger', () => targetOf(rig)?.delivered === 20)
    await until('the outbox to be empty', () => rowsOf(rig) === 0)
    const told = JSON.stringify([rig.state.slice('routes').get('hook'), rig.events, rig.raised])
    expect(told).not.toContain('open-sesame')
  })

  it('is tried again after 500, after a broken answer and after the pause that 429 asks for, with the same id', async () => {
    const { calls, url } = await receiver((n, response) => {
      if (n === 0) response.writeHead(500).end()
      else if (n === 1) response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy())
      else if (n === 2) response.writeHead(429, { 'retry-after': '2' }).end()
      else response.end()
    })
    await using rig = await messagingRig()
    const publish = await routed(rig, webhook(url))
    await publish('one')
    await publish('two')
    await until('both to arrive', () => targetOf(rig)?.delivered === 2)
    expect(calls.map(({ body }) => body)).toEqual(['one', 'one', 'one', 'one', 'two'])
    expect(new Set(calls.slice(0, 4).map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
    expect((calls[3]?.at ?? 0) - (calls[2]?.at ?? 0)).toBeGreaterThanOrEqual(1_950)
    expect(targetOf(rig)).toMatchObject({ quarantined: 0, dropped: 0, failingSince: null })
  })

  it('that refuses is tried five times; then the message is in quarantine, and the next has its turn', async () => {
    const { calls, url } = await receiver((_n, response, { body }) =>
      body === 'bad' ? void response.writeHead(404).end() : void response.end(),
    )
    await using rig = await messagingRig()
    const publish = await routed(rig, webhook(url))
    await publish('bad')
    await publish('good')
    await until('the good one to arrive', () => targetOf(rig)?.delivered === 1)
    expect(calls.map(({ body }) => body)).toEqual(['bad', 'bad', 'bad', 'bad', 'bad', 'good'])
    const [held] = rig.messaging.quarantine({ limit: 10 }).rows
    expect(held).toMatchObject({ payload: 'bad', target: `webhook:${url}` })
    expect(held?.reason).toContain('it answered 404')
    expect(targetOf(rig)).toMatchObject({ delivered: 1, quarantined: 1, queued: 0 })
  })

  it('that hangs delays no other target, and its messages go when it answers again', async () => {
    let frozen = true
    const { calls, url } = await receiver((_n, response) => (frozen ? undefined : void response.end()))
    const other = await receiver(ok)
    await using rig = await messagingRig()
    const publish = await routed(
      rig,
      webhook(url, { timeoutMs: 300 }),
      { kind: 'mqtt', topic: 'out', qos: 1, retain: false },
      webhook(other.url),
    )
    for (let n = 0; n < 50; n++) await publish(String(n))
    await until('the others to have everything', () => {
      const [, mqtt, third] = rig.state.slice('routes').get('hook')?.targets ?? []
      return mqtt?.delivered === 50 && third?.delivered === 50
    })
    expect(targetOf(rig)).toMatchObject({ delivered: 0, queued: 50, dropped: 0 })
    await until('the failure to be told', () => targetOf(rig)?.lastError === 'it gave no answer within 0.3 s')
    expect(targetOf(rig)?.failingSince).not.toBeNull()
    frozen = false
    await until('the rest to arrive', () => targetOf(rig)?.delivered === 50)
    expect([...new Set(calls.map(({ body }) => body))]).toEqual(Array.from({ length: 50 }, (_, n) => String(n)))
  })

  it('keeps the order of each topic while several calls are under way, also when one fails', async () => {
    let underWay = 0
    let most = 0
    let failures = 3
    const { calls, url } = await receiver((_n, response) => {
      most = Math.max(most, ++underWay)
      setTimeout(() => {
        underWay--
        response.writeHead(failures-- > 0 ? 503 : 200).end()
      }, 20)
    })
    await using rig = await messagingRig()
    const publish = await routed(rig, webhook(url, { parallel: 4 }))
    for (let n = 0; n < 40; n++) await publish(`${n % 4} ${n}`, `in/${n % 4}`)
    await until('all to arrive', () => targetOf(rig)?.delivered === 40)
    expect(most).toBe(4)
    for (const topic of ['0', '1', '2', '3']) {
      const got = calls.map(({ body }) => body).filter((body) => body.startsWith(topic))
      // What was sent twice was sent twice in a row.
      const once = got.filter((body, index) => body !== got[index - 1])
      expect(once).toEqual(Array.from({ length: 10 }, (_, n) => `${topic} ${n * 4 + Number(topic)}`))
    }
  })

  it('gets again, with the same id, what a killed console had sent and not yet crossed out', async () => {
    using runtime = mortalRuntime()
    using folder = temporaryFolder()
    const { calls, url } = await receiver((n, response) => {
      // The thread ends before it can hear the answer.
      if (n === 0) runtime.kill()
      else response.end()
    })
    await using rig = await messagingRig({ runtime, directory: folder.path })
    const publish = await routed(rig, webhook(url))
    await publish('sure')
    await until('it to arrive again', () => calls.length >= 2)
    expect(calls.map(({ body }) => body)).toEqual(['sure', 'sure'])
    expect(calls[1]?.headers['idempotency-key']).toBe(calls[0]?.headers['idempotency-key'])
    await until('the outbox to be empty', () => rowsOf(rig) === 0)
    const view = rig.state.slice('routes').get('hook')
    const target = targetOf(rig)
    const came = (view?.received ?? 0) + (target?.carried ?? 0)
    expect(came).toBe((target?.delivered ?? 0) + (target?.queued ?? 0))
  })

  it('does not follow a redirect', async () => {
    const elsewhere = await receiver(ok)
    const { url } = await receiver((_n, response) => void response.writeHead(307, { location: elsewhere.url }).end())
    await using rig = await messagingRig()
    const publish = await routed(rig, webhook(url))
    await publish('one')
    await until('it to be in quarantine', () => targetOf(rig)?.quarantined === 1)
    expect(elsewhere.calls).toEqual([])
    expect(targetOf(rig)?.lastError).toContain('points to another address')
  })
})

describe('What a webhook answers', () => {
  it('is taken, may be taken later, or is a refusal', () => {
    for (const status of [200, 201, 204]) expect(verdictOf(status, false, null)).toBeNull()
    for (const status of [408, 425, 429, 500, 503]) expect(verdictOf(status, false, null)?.permanent).toBe(false)
    for (const status of [301, 400, 401, 404, 410, 422]) expect(verdictOf(status, true, 5)?.permanent).toBe(true)
    expect(verdictOf(503, false, 7_000)).toMatchObject({ retryAfterMs: 7_000 })
  })

  it('says how long to wait in seconds or as a date, and never for more than an hour', () => {
    expect(pauseOf('3', 0)).toBe(3_000)
    expect(pauseOf('Thu, 01 Jan 1970 00:00:10 GMT', 4_000)).toBe(6_000)
    expect(pauseOf('999999', 0)).toBe(3_600_000)
    expect(pauseOf('soon', 0)).toBeNull()
    expect(pauseOf(undefined, 0)).toBeNull()
  })
})
