import { connect } from 'mqtt'
import { afterEach, describe, expect, it } from 'vitest'
import type { RouteDefinition } from '#core/config/index.ts'
import { loggerOn } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { type MessagingRig, messagingRig, route, routerConnected } from '../../../../../test/support/messaging-rig.ts'
import { mortalRuntime } from '../../../../../test/support/mortal-thread.ts'
import { freePorts } from '../../../../../test/support/ports.ts'
import { StoreWriter } from '../../../../../test/support/store-writer.ts'
import { until } from '../../../../../test/support/until.ts'
import { IncomingMessage } from '../incoming-message.ts'
import { RouteLedger } from '../ledger.ts'
import { StorePort } from '../store-line.ts'
import { HeldMessages } from './held-messages.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end()
})

const to: RouteDefinition['to'] = [{ kind: 'mqtt', topic: 'out', qos: 1, retain: false }]
const gathered = route('gathered', {
  from: 'in/#',
  batch: { windowMs: 1_500, most: 1_000, bytes: 1_048_576, per: 'route', as: null },
  to,
})
const rare = route('rare', {
  from: 'in/#',
  limit: { rate: { count: 1, perMs: 1_500 }, per: 'topic', keep: 'latest' },
  to,
})

describe('Messages that wait and were acknowledged', () => {
  it('for their batch outlive the router, and go on in one with what comes after', async () => {
    using runtime = mortalRuntime()
    await using rig = await messagingRig({ runtime })
    await rig.loadEmbedded([gathered])
    await rig.startBroker()
    await routerConnected(rig)
    const { client, got } = await partner(rig.url)
    for (const n of [1, 2, 3]) await client.publishAsync('in/a', String(n), { qos: 1 })
    expect(heldRows(rig)).toBe(3)
    runtime.kill()
    await client.publishAsync('in/a', '4', { qos: 1 })
    await until('all of them to arrive', () => numbersIn(got).length >= 4)
    expect(new Set(numbersIn(got))).toEqual(new Set([1, 2, 3, 4]))
    await until('nothing to be kept any longer', () => heldRows(rig) === 0)
    await until('the ledger to come to rest', () => viewOf(rig, 'gathered')?.targets[0]?.queued === 0)
    expectToAddUp(rig, 'gathered')
  })

  it('under a limit outlive the router; the newest of a key goes on', async () => {
    using runtime = mortalRuntime()
    await using rig = await messagingRig({ runtime })
    await rig.loadEmbedded([rare])
    await rig.startBroker()
    await routerConnected(rig)
    const { client, got } = await partner(rig.url)
    for (const n of [1, 2, 3]) await client.publishAsync('in/a', String(n), { qos: 1 })
    runtime.kill()
    await until('the newest to arrive', () => got.includes('3'))
    await until('nothing to be kept any longer', () => heldRows(rig) === 0)
    expect(got).toContain('1')
    await until('the ledger to come to rest', () => viewOf(rig, 'rare')?.held === 0)
    expectToAddUp(rig, 'rare')
  })

  it('are still those of the client that published them', async () => {
    using runtime = mortalRuntime()
    await using rig = await messagingRig({ runtime })
    const limit = { rate: { count: 1, perMs: 1_500 }, per: { expression: 'client' }, keep: 'latest' } as const
    await rig.loadEmbedded([{ ...rare, limit, map: 'client + " " + string(payload)' }])
    await rig.startBroker()
    await routerConnected(rig)
    const { client, got } = await partner(rig.url, 'desk-7')
    for (const n of [1, 2]) await client.publishAsync('in/a', String(n), { qos: 1 })
    runtime.kill()
    await until('both to arrive', () => new Set(got).size === 2)
    expect(new Set(got)).toEqual(new Set(['desk-7 1', 'desk-7 2']))
  })

  it('wait on for a route that is not there after a restart, and go on when it is', async () => {
    using folder = temporaryFolder()
    const [port = 0] = await freePorts(1)
    {
      await using rig = await messagingRig({ directory: folder.path, port })
      const rows = Array.from({ length: 600 }, (_, n) => ({
        sql: `INSERT INTO held (seq, route, stage, at, topic, qos, retained, bytes, payload)
              VALUES (?, 'gathered', 'batch', ?, 'in/old', 1, 0, 3, ?)`,
        values: [n + 1, Date.now(), String(n)],
      }))
      await rig.store.messages.write(rows, 'outbox')
    }
    await using rig = await messagingRig({ directory: folder.path, port })
    await rig.startBroker()
    await rig.loadEmbedded([])
    await routerConnected(rig)
    const { got } = await partner(rig.url)
    expect(heldRows(rig)).toBe(600)
    // Without its batch each goes by itself.
    await rig.loadEmbedded([{ ...gathered, batch: null }])
    await until('all of them to arrive', () => got.length >= 600)
    expect(got).toEqual(Array.from({ length: 600 }, (_, n) => String(n)))
    await until('nothing to be kept any longer', () => heldRows(rig) === 0)
    await until('the ledger to come to rest', () => viewOf(rig, 'gathered')?.targets[0]?.delivered === 600)
    expectToAddUp(rig, 'gathered')
  })

  it('for a route that is not there are deleted when they are older than the outbox keeps messages, and that is told', async () => {
    using folder = temporaryFolder()
    const lines: string[] = []
    {
      await using rig = await messagingRig({ directory: folder.path })
      const rows = Array.from({ length: 30 }, (_, n) => ({
        sql: `INSERT INTO held (seq, route, stage, at, topic, qos, retained, bytes, payload)
              VALUES (?, ?, 'batch', ?, 'in/old', 1, 0, 3, 'old')`,
        values: [n + 1, n % 2 === 0 ? 'gone' : 'gathered', Date.now() - (n < 20 ? 8 : 1) * 86_400_000],
      }))
      await rig.store.messages.write(rows, 'outbox')
    }
    const logger = loggerOn((_level, _part, message) => lines.push(message))
    await using rig = await messagingRig({ directory: folder.path, logger })
    await rig.startBroker()
    await rig.loadEmbedded([{ ...gathered, batch: null }])
    await routerConnected(rig)
    await until('it to be told', () => lines.some((line) => line.includes('10 messages that waited for route gone')))
    await until('the others to go on', () => heldRows(rig) === 5)
    await until('the ledger to come to rest', () => viewOf(rig, 'gathered')?.held === 0)
    expectToAddUp(rig, 'gathered')
  })

  it('and go on before they are on the disk do not count as waiting there afterwards', async () => {
    const port = new StorePort(() => {})
    using writer = new StoreWriter()
    writer.serve((one) => port.attach(one))
    const ledger = new RouteLedger(gathered)
    using held = new HeldMessages({
      port,
      now: () => Date.now(),
      routes: () => new Map(),
      take: (go) => go(),
      onProgress: () => {},
      log: () => {},
    })
    const message = new IncomingMessage()
    message.hold('in/a', ['in', 'a'], Buffer.from('1'), 1, false, 1)
    const holding = held.of('gathered', ledger)
    const [first, second] = [holding.hold(message, 'batch'), holding.hold(message, 'batch')]
    let isOn = false
    holding.release(
      [first],
      () => {
        isOn = true
      },
      false,
    )
    await until('both to be on the disk', () => held.line.pending === 0)
    expect([isOn, ledger.counts().secured]).toEqual([true, 1])
    holding.forget(second)
    expect(ledger.counts().secured).toBe(0)
    port.close()
  })
})

function heldRows(rig: MessagingRig): number {
  return rig.store.messages.get<{ n: number }>({ sql: 'SELECT count(*) AS n FROM held' })?.n ?? -1
}

function viewOf(rig: MessagingRig, id: string) {
  return rig.state.slice('routes').get(id)
}

function numbersIn(got: readonly string[]): readonly number[] {
  return got.flatMap((text) => JSON.parse(text))
}

function expectToAddUp(rig: MessagingRig, id: string): void {
  const view = viewOf(rig, id)
  const [target] = view?.targets ?? []
  if (!view || !target) throw new Error('the route has a target')
  const places = [view.filtered, view.limited, view.held, view.merged, view.quarantined, target.quarantined]
  const further = [target.passedOver, target.merged, target.delivered, target.queued, target.expired, target.dropped]
  const sum = [...places, ...further].reduce((all, one) => all + one)
  expect(sum, JSON.stringify(view)).toBe(view.received + target.carried)
}

/** A client that publishes and gets what arrives on `out`. */
async function partner(url: string, clientId?: string) {
  const got: string[] = []
  const client = connect(url, { reconnectPeriod: 100, ...(clientId !== undefined && { clientId }) })
  ends.push(() => client.end(true))
  client.on('error', () => {})
  client.on('message', (_topic, payload) => got.push(payload.toString()))
  await new Promise<void>((resolve) => client.once('connect', () => resolve()))
  await client.subscribeAsync('out', { qos: 1 })
  return { client, got }
}
