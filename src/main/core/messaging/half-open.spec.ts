import { once } from 'node:events'
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { brokerLink, messagingRig, route, routerConnected } from '../../../../test/support/messaging-rig.ts'
import { mosquittoBroker } from '../../../../test/support/mosquitto-broker.ts'
import { needs } from '../../../../test/support/needs.ts'
import { freePorts } from '../../../../test/support/ports.ts'
import { until } from '../../../../test/support/until.ts'

const messages = 400

describe('A connection to the broker that has gone dead without a word', () => {
  needs('mosquitto')

  it('is noticed by its keepalive while messages are sent, and opened anew: nothing acknowledged is lost or doubled', async () => {
    const [port = 0] = await freePorts(1)
    await using plant = await mosquittoBroker(port, ['max_queued_messages 0'])
    await using wire = await mutableWire(port)
    await using rig = await messagingRig({
      outside: brokerLink(`mqtt://127.0.0.1:${wire.port}`, { keepaliveMs: 1_000 }),
    })
    await rig.load([route('sure', { from: 'in/#', to: [{ kind: 'mqtt', topic: 'out', qos: 1, retain: false }] })])
    await routerConnected(rig)
    const client = await plant.client()
    const got = new Map<string, string>()
    let copies = 0
    client.on('message', (_topic, payload, packet) => {
      const id = packet.properties?.userProperties?.['message-id']
      if (typeof id !== 'string') return
      copies++
      got.set(id, payload.toString())
    })
    await client.subscribeAsync('out', { qos: 1 })
    const send = (n: number) =>
      client.publishAsync('in/a', String(n), {
        qos: 1,
        properties: { userProperties: { 'message-id': `origin-${n}` } },
      })
    for (let n = 0; n < messages; n++) {
      if (n === 150) wire.mute()
      await send(n)
    }
    // Asked after a second, given up half a second later; at the usual keepalive of half a minute it would be much longer.
    const isNoticed = () => rig.events.some(({ kind }) => kind === 'router.disconnected')
    await until('the loss to be noticed', isNoticed, 30_000)
    await until('all of them', () => got.size === messages)
    expect(wire.connections()).toBeGreaterThan(1)
    expect([...got.values()].sort((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: messages }, (_, n) => String(n)),
    )
    expect(copies).toBeGreaterThanOrEqual(messages)
    const target = await until('the ledger', () => {
      const shown = rig.state.slice('routes').get('sure')?.targets[0]
      return shown?.queued === 0 ? shown : undefined
    })
    expect(target).toMatchObject({ dropped: 0, expired: 0, quarantined: 0 })
  })
})

/** A way to a port that can be made to pass nothing on, in both directions and without a word; connections that come later pass again. */
async function mutableWire(to: number) {
  const pairs = new Set<readonly [Socket, Socket]>()
  let made = 0
  const server: Server = createServer((near) => {
    made++
    const far = connectTcp(to, '127.0.0.1')
    pairs.add([near, far])
    for (const socket of [near, far]) socket.on('error', () => {})
    near.pipe(far)
    far.pipe(near)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections: () => made,
    mute() {
      for (const [near, far] of pairs) {
        near.unpipe(far)
        far.unpipe(near)
        // What comes is read and thrown away: to both ends the other one seems to be silent.
        near.resume()
        far.resume()
      }
    },
    async [Symbol.asyncDispose]() {
      server.close()
      for (const pair of pairs) for (const socket of pair) socket.destroy()
    },
  }
}
