import { MessageChannel } from 'node:worker_threads'
import { connect, type MqttClient } from 'mqtt'
import { describe, expect, it } from 'vitest'
import type { DirectReply, DirectWrite } from '#core/store/index.ts'
import { type MessagingRig, messagingRig } from '../../../../../test/support/messaging-rig.ts'
import { until } from '../../../../../test/support/until.ts'
import { StorePort } from '../store-line.ts'
import { mostRetained, Retained } from './retained.ts'

describe('Retained messages of the embedded broker', () => {
  it('are there again after a restart, those that were taken back are not', async () => {
    await using rig = await messagingRig()
    const broker = await rig.startBroker()
    const client = await connected(rig)
    const binary = Buffer.from([0, 255, 1, 254])
    await client.publishAsync('desk/1', 'first', { qos: 1, retain: true })
    await client.publishAsync('desk/1', 'newest', { qos: 1, retain: true })
    await client.publishAsync('desk/2', binary, { qos: 2, retain: true })
    await client.publishAsync('desk/3', 'gone', { qos: 1, retain: true })
    await client.publishAsync('desk/3', '', { qos: 1, retain: true })
    await client.publishAsync('desk/4', 'at most once', { qos: 0, retain: true })
    await client.publishAsync('desk/5', 'not kept', { qos: 1 })
    await client.endAsync()
    await broker.stop()
    await rig.startBroker()
    const got = await retainedOf(rig, 'desk/#', 3)
    expect(Object.fromEntries(got)).toEqual({
      'desk/1': 'newest',
      'desk/2': binary.toString('latin1'),
      'desk/4': 'at most once',
    })
  })

  it('are on disk when they are acknowledged: a crash loses none of QoS 1, however many come at once', async () => {
    await using rig = await messagingRig()
    const broker = await rig.startBroker()
    const client = await connected(rig)
    const topics = Array.from({ length: 1_500 }, (_, n) => `unit/${n}`)
    await Promise.all(topics.map((topic) => client.publishAsync(topic, 'old', { qos: 1, retain: true })))
    let acknowledged = 0
    for (const topic of topics) {
      client.publish(topic, 'new', { qos: 1, retain: true }, (error) => {
        if (!error) acknowledged++
      })
    }
    await until('some to be acknowledged', () => acknowledged > 200)
    const before = acknowledged
    await rig.messaging.cutBroker('a test ended it', { type: 'console', why: 'a test' })
    await broker.ended
    client.end(true)
    await rig.startBroker()
    const got = await retainedOf(rig, 'unit/#', topics.length)
    expect(got.size).toBe(topics.length)
    expect([...got.values()].filter((payload) => payload === 'new').length).toBeGreaterThanOrEqual(before)
  })

  it('end on disk as they end in the broker where two clients publish to one topic at once', async () => {
    await using rig = await messagingRig()
    const broker = await rig.startBroker()
    const [one, two] = [await connected(rig), await connected(rig)]
    const sent: Promise<unknown>[] = []
    for (let n = 0; n < 300; n++) {
      sent.push(one.publishAsync('a', `one ${n}`, { qos: 1, retain: true }))
      sent.push(two.publishAsync('a', `two ${n}`, { qos: n % 2 === 0 ? 0 : 1, retain: true }))
    }
    await Promise.all(sent)
    const shown = (await retainedOf(rig, 'a', 1)).get('a')
    await Promise.all([one.endAsync(), two.endAsync()])
    await broker.stop()
    await rig.startBroker()
    expect((await retainedOf(rig, 'a', 1)).get('a')).toBe(shown)
  })

  it('are bounded: beyond the number a message passes and is not kept', () => {
    const { retained } = onDisk()
    for (let n = 0; n < mostRetained; n++) void retained.keep(`t/${n}`, Buffer.from('x'), 0)
    expect(retained.hasRoomFor('t/0', Buffer.from('y'))).toBe(true)
    expect(retained.hasRoomFor('another', Buffer.from('y'))).toBe(false)
    void retained.keep('t/0', Buffer.alloc(0), 0)
    expect(retained.hasRoomFor('another', Buffer.from('y'))).toBe(true)
    expect(retained.hasRoomFor('another', Buffer.alloc(65 * 1024 * 1024))).toBe(false)
    retained[Symbol.dispose]()
  })

  it('hold nobody up while the disk takes nothing, say so once, and are written when it takes something again', async () => {
    const { retained, store, warned } = onDisk()
    store.refuse = 'database or disk is full'
    await Promise.all([retained.keep('a', Buffer.from('1'), 1), retained.keep('b', Buffer.from('2'), 1)])
    expect(warned).toEqual([expect.stringContaining('would not outlive a restart: database or disk is full')])
    store.refuse = null
    await retained.keep('a', Buffer.from('3'), 1)
    await until('the rest to be written', () => store.rows.size === 2)
    expect(store.rows.get('a')).toBe('3')
    expect(warned).toHaveLength(1)
    retained[Symbol.dispose]()
    store.close()
  })

  it('are acknowledged after a while when the store does not answer at all', async () => {
    const { retained, store } = onDisk()
    store.silent = true
    await retained.keep('a', Buffer.from('1'), 1)
    expect(store.rows.size).toBe(0)
    retained[Symbol.dispose]()
    store.close()
  })
})

/** The keeper on a writer that can be made to refuse, at the other end of a real port. */
function onDisk() {
  const warned: string[] = []
  const { port1, port2 } = new MessageChannel()
  const port = new StorePort(() => {})
  const rows = new Map<string, string>()
  const store = {
    rows,
    refuse: null as string | null,
    silent: false,
    close: () => {
      port.close()
      port1.close()
    },
  }
  port1.on('message', ({ id, statements }: DirectWrite) => {
    if (store.silent) return
    const reply: DirectReply = { id, error: store.refuse, retryable: store.refuse !== null, rowids: [], rows: [] }
    if (store.refuse === null) {
      for (const { values } of statements) {
        const [, topic, , payload] = Array.isArray(values) ? values : []
        rows.set(String(topic), Buffer.from(payload instanceof Uint8Array ? payload : []).toString())
      }
    }
    port1.postMessage(reply)
  })
  port.attach(port2)
  const retained = new Retained({ service: 'broker', port, warn: (sentence) => warned.push(sentence) })
  return { retained, store, warned }
}

function connected(rig: MessagingRig): Promise<MqttClient> {
  return new Promise((resolve, reject) => {
    const client = connect(rig.url, { reconnectPeriod: 0 })
    client.once('connect', () => resolve(client))
    client.once('error', reject)
    client.on('error', () => {})
  })
}

/** What a new client is given at once, as text of one byte a character; waits until there are so many. */
async function retainedOf(rig: MessagingRig, filter: string, least: number): Promise<Map<string, string>> {
  const client = await connected(rig)
  const got = new Map<string, string>()
  client.on('message', (topic, payload, { retain }) => {
    if (retain) got.set(topic, payload.toString('latin1'))
  })
  await client.subscribeAsync(filter, { qos: 1 })
  await until('the retained messages', () => got.size >= least)
  // Whatever else there is comes before the answer to this.
  await client.publishAsync('other', '', { qos: 1 })
  await client.endAsync()
  return got
}
