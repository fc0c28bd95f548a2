import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'mqtt'
import { afterEach, describe, expect, it } from 'vitest'
import type { RouteDefinition, RouteFunction } from '#core/config/index.ts'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { routeFunction } from '../../../../../test/support/function-rig.ts'
import { type MessagingRig, messagingRig, route, routerConnected } from '../../../../../test/support/messaging-rig.ts'
import { mortalRuntime } from '../../../../../test/support/mortal-thread.ts'
import { until } from '../../../../../test/support/until.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end()
})

/** Says when it began, and is slow, fails or ends as it is told. */
const desk = `
  import { setTimeout as later } from 'node:timers/promises'
  export default async (n) => {
    if (n === 'throw') throw new Error('no desk')
    if (n === 'loop') for (;;) {}
    if (n === 'nothing') return undefined
    if (n === 'slow') await later(60_000)
    return { n }
  }
`

function called(given: Partial<RouteFunction> = {}, more: Partial<RouteDefinition> = {}): RouteDefinition {
  return route('called', {
    from: 'in/#',
    map: routeFunction(given),
    to: [{ kind: 'mqtt', topic: 'out', qos: 1, retain: false }],
    ...more,
  })
}

describe('A route with a function', () => {
  it('sends on what it gives, filters what it gives nothing for, and goes on when it throws or does not end', async () => {
    using site = siteWith(desk)
    await using rig = await messagingRig({ directory: site.path })
    await running(rig, called({ timeoutMs: 500 }))
    const { client, got } = await partner(rig.url)
    for (const n of [1, 'throw', 'nothing', 'loop', 2]) await client.publishAsync('in/a', JSON.stringify(n), { qos: 1 })
    await until('the last to arrive', () => got.includes('{"n":2}'))
    expect(got).toEqual(['{"n":1}', '{"n":2}'])
    await until('the ledger to come to rest', () => viewOf(rig)?.targets[0]?.delivered === 2)
    expect(viewOf(rig)).toMatchObject({ received: 5, filtered: 1, quarantined: 2, held: 0 })
    expect(viewOf(rig)?.function).toMatchObject({ calls: 4, failed: 1, timedOut: 1, failure: null })
    const { rows } = await rig.messaging.quarantine({ route: 'called', limit: 10 })
    expect(rows.map(({ reason }) => reason).sort()).toEqual([
      '"map" failed: Error: no desk (f.mjs, line 4)',
      '"map" failed: f.mjs did not answer within 500 ms and was ended with this message',
    ])
    expectToAddUp(rig)
    const [first] = rows
    const trace = await rig.messaging.trace(first?.at ?? 0, 'in/a')
    expect(trace.routes.map(({ result }) => result)).toContain('quarantined')
  })

  it('loses nothing that was acknowledged when the router dies with it inside', async () => {
    using site = siteWith(desk)
    using runtime = mortalRuntime()
    await using rig = await messagingRig({ directory: site.path, runtime })
    await running(rig, called({ timeoutMs: 2_000 }))
    const { client, got } = await partner(rig.url)
    for (const n of ['slow', 1, 2, 3]) await client.publishAsync('in/a', JSON.stringify(n), { qos: 1 })
    expect(heldRows(rig)).toBe(4)
    runtime.kill()
    await client.publishAsync('in/a', '4', { qos: 1 })
    await until('all of them to arrive', () => new Set(got).size === 4)
    expect(new Set(got)).toEqual(new Set([1, 2, 3, 4].map((n) => `{"n":${n}}`)))
    await until('nothing to be kept any longer', () => heldRows(rig) === 0)
    await until('the ledger to come to rest', () => viewOf(rig)?.held === 0 && viewOf(rig)?.targets[0]?.queued === 0)
    expect(viewOf(rig)?.quarantined).toBe(1)
    expectToAddUp(rig)
  })

  it('keeps what was acknowledged over the end of the console', async () => {
    using site = siteWith(desk)
    {
      await using rig = await messagingRig({ directory: site.path })
      await running(rig, called({ timeoutMs: 60_000 }))
      const { client } = await partner(rig.url)
      for (const n of ['slow', 1, 2]) await client.publishAsync('in/a', JSON.stringify(n), { qos: 1 })
      client.end(true)
    }
    await using rig = await messagingRig({ directory: site.path })
    writeFileSync(join(site.path, 'f.mjs'), 'export default (n) => n')
    await running(rig, called({ timeoutMs: 60_000 }, { to: [{ kind: 'channel', channel: 'out' }] }))
    await until('them to go on', async () => (await rig.messaging.channel('out')).length === 3)
    const messages = await rig.messaging.channel('out')
    expect(messages.map(({ payload }) => payload).sort()).toEqual(['1', '2', 'slow'])
  })

  it('that is changed gives what is inside on by the old definition, and one that is removed as well', async () => {
    using site = siteWith(`
      import { existsSync } from 'node:fs'
      import { setTimeout as later } from 'node:timers/promises'
      const go = import.meta.dirname + '/go'
      export default async (n) => { while (!existsSync(go)) await later(10); return { old: n } }
      export const other = (n) => ({ other: n })
    `)
    await using rig = await messagingRig({ directory: site.path })
    await running(rig, called({ timeoutMs: 60_000 }))
    const { client, got } = await partner(rig.url)
    for (const n of [1, 2]) await client.publishAsync('in/a', String(n), { qos: 1 })
    await rig.loadEmbedded([called({ export: 'other' })])
    await client.publishAsync('in/a', '3', { qos: 1 })
    await until('the new one to arrive', () => got.includes('{"other":3}'))
    await rig.loadEmbedded([])
    writeFileSync(join(site.path, 'go'), '')
    await until('the others to arrive', () => got.length === 3)
    expect(got.slice(1)).toEqual(['{"old":1}', '{"old":2}'])
    await until('nothing to be kept any longer', () => heldRows(rig) === 0)
  })

  it('whose file is broken raises a card, which goes when it is put right', async () => {
    using site = siteWith('export default (n) => n')
    await using rig = await messagingRig({ directory: site.path })
    await running(rig, called())
    const { client, got } = await partner(rig.url)
    await client.publishAsync('in/a', '1', { qos: 1 })
    await until('it to arrive', () => got.includes('1'))
    writeFileSync(join(site.path, 'f.mjs'), 'export default (n) =>\n')
    const card = await until('a card', () => rig.raised.find(({ id }) => id === 'function-broken:called'))
    expect(card.why).toMatch(
      /^f\.mjs cannot be used: SyntaxError: .*\(f\.mjs, line 1\)\. The one from before is used on\./,
    )
    await client.publishAsync('in/a', '2', { qos: 1 })
    await until('it to arrive', () => got.includes('2'))
    writeFileSync(join(site.path, 'f.mjs'), 'export default (n) => n + 1')
    await until('the card to go', () => rig.raised.length === 0)
    await client.publishAsync('in/a', '2', { qos: 1 })
    await until('it to arrive', () => got.includes('3'))
  })

  it('combines with what stands before and behind it', async () => {
    using site = siteWith('export default (m) => m.skip ? undefined : { ...m, seen: true }')
    await using rig = await messagingRig({ directory: site.path })
    await running(
      rig,
      called(
        {},
        {
          where: 'payload.n > 1',
          validate: { type: 'object', required: ['n'] },
          tag: { expression: 'payload.kind', of: [['a']] },
          enrich: { level: 'topic[1]' },
          batch: { windowMs: 60_000, most: 2, bytes: 65_536, per: 'route', as: null },
        },
      ),
    )
    const { client, got } = await partner(rig.url)
    const send = (message: object) => client.publishAsync('in/a', JSON.stringify(message), { qos: 1 })
    for (const n of [1, 2, 3, 4, 5]) await send({ n, kind: n === 3 ? 'b' : 'a', ...(n === 4 && { skip: true }) })
    await until('the batch to arrive', () => got.length === 1)
    expect(JSON.parse(got[0] ?? '')).toEqual([2, 5].map((n) => ({ n, kind: 'a', level: 'a', seen: true })))
    await until('the ledger to come to rest', () => viewOf(rig)?.targets[0]?.delivered === 1)
    expect(viewOf(rig)).toMatchObject({ received: 5, filtered: 2, merged: 1, function: { calls: 3 } })
    expectToAddUp(rig)
  })
})

function siteWith(text: string) {
  const folder = temporaryFolder()
  writeFileSync(join(folder.path, 'f.mjs'), text)
  return folder
}

async function running(rig: MessagingRig, definition: RouteDefinition): Promise<void> {
  await rig.loadEmbedded([definition])
  await rig.startBroker()
  await routerConnected(rig)
}

function heldRows(rig: MessagingRig): number {
  return rig.store.messages.get<{ n: number }>({ sql: 'SELECT count(*) AS n FROM held' })?.n ?? -1
}

function viewOf(rig: MessagingRig) {
  return rig.state.slice('routes').get('called')
}

function expectToAddUp(rig: MessagingRig): void {
  const view = viewOf(rig)
  const [target] = view?.targets ?? []
  if (!view || !target) throw new Error('the route has a target')
  const places = [view.filtered, view.limited, view.held, view.merged, view.quarantined, target.quarantined]
  const further = [target.passedOver, target.delivered, target.queued, target.expired, target.dropped]
  const sum = [...places, ...further].reduce((all, one) => all + one)
  expect(sum, JSON.stringify(view)).toBe(view.received + target.carried)
}

/** A client that publishes and gets what arrives on `out`. */
async function partner(url: string) {
  const got: string[] = []
  const client = connect(url, { reconnectPeriod: 100 })
  ends.push(() => client.end(true))
  client.on('error', () => {})
  client.on('message', (_topic, payload) => got.push(payload.toString()))
  await new Promise<void>((resolve) => client.once('connect', () => resolve()))
  await client.subscribeAsync('out', { qos: 1 })
  return { client, got }
}
