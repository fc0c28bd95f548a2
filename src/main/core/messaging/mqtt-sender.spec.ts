import { Writable } from 'node:stream'
import type { MqttClient } from 'mqtt'
import { expect, test } from 'vitest'
import { route } from '../../../../test/support/messaging-rig.ts'
import { until } from '../../../../test/support/until.ts'
import { IncomingMessage } from './incoming-message.ts'
import { RouteLedger } from './ledger.ts'
import { MqttSender } from './mqtt-sender.ts'
import { noBounds } from './target-topic.ts'

/** A connection whose socket takes one chunk at a time, and the next when the specification lets it. */
function slowConnection() {
  const taken: (() => void)[] = []
  const stream = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => void taken.push(done) })
  // What the sender uses of one.
  const client = { stream, options: { protocolVersion: 4 } } as unknown as MqttClient
  return { client, stream, takeOne: () => taken.shift()?.() }
}

test('A target that always has more leaves the others their turn', async () => {
  const { client, stream, takeOne } = slowConnection()
  const sender = new MqttSender()
  stream.on('drain', () => sender.drained())
  const definition = route('r', {
    to: ['busy', 'quiet'].map((topic) => ({ kind: 'mqtt', topic, qos: 0, retain: false }) as const),
  })
  const ledger = new RouteLedger(definition)
  const [busy, quiet] = ['busy', 'quiet'].map((topic, index) => {
    const account = ledger.targets[index]
    if (!account) throw new Error('the route has two targets')
    return { target: sender.target({ topic, retain: false }, account), account }
  })
  if (!busy || !quiet) throw new Error('the route has two targets')
  const message = new IncomingMessage()
  const large = Buffer.alloc(100_000)
  message.hold('in', ['in'], large, 0, false, 0)
  sender.opened(client, { ...noBounds, delivering: null })
  const fill = () => {
    while (busy.account.counts().queued < 20) busy.target.offer(message, large, null)
  }
  fill()
  quiet.target.offer(message, Buffer.from('at last'), null)
  await until('the quiet one to be sent', () => {
    takeOne()
    fill()
    return quiet.account.counts().delivered === 1 || busy.account.counts().delivered > 200
  })
  expect(quiet.account.counts()).toMatchObject({ delivered: 1, queued: 0 })
  expect(busy.account.counts().dropped).toBe(0)
  sender.close()
})
