import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, type MqttClient } from 'mqtt'
import { describe, expect, it } from 'vitest'
import { type BrokerLinkDefinition, brokerSettings, type RouteTarget } from '#core/config/index.ts'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { type MessagingRig, messagingRig, route } from '../../../../../test/support/messaging-rig.ts'
import { findProgram, needs } from '../../../../../test/support/needs.ts'
import { freePorts } from '../../../../../test/support/ports.ts'
import { until } from '../../../../../test/support/until.ts'

/** What plant measures goes to lab and to the site's own broker; what lab and the own broker order goes to plant. Plant is the first. */
const routes = [
  route('up', { from: 'desk/#', to: [to('#', 'lab'), to('plant/#', 'broker')] }),
  route('orders', { broker: 'lab', from: 'order/#', to: [to('#')] }),
  route('own-orders', { broker: 'broker', from: 'order/#', to: [to('#')] }),
]

describe('Several brokers at once', () => {
  needs('mosquitto')

  it('pass messages on to each other both ways, with the topics that they came on', async () => {
    await using site = await threeBrokers()
    const { plant, lab, own } = site
    await lab.client.publishAsync('order/7', 'from lab', { qos: 1 })
    await own.client.publishAsync('order/8', 'from the own broker', { qos: 1 })
    await plant.client.publishAsync('desk/7/status', 'here', { qos: 1 })
    await until(
      'plant to be told',
      () => plant.got.has('order/7 from lab') && plant.got.has('order/8 from the own broker'),
    )
    await until('lab to be told', () => lab.got.has('desk/7/status here'))
    await until('the own broker to be told', () => own.got.has('plant/desk/7/status here'))
    await site.rig.messaging.publish({ topic: 'news', payload: 'by hand', qos: 1, retain: false, broker: 'lab' })
    await until('lab to be published to', () => lab.got.has('news by hand'))
    expect([...plant.got].filter((one) => one.startsWith('news'))).toEqual([])
  })

  it('tell which one each message came from', async () => {
    await using site = await threeBrokers()
    using tap = site.rig.messaging.tap({ filter: 'same/topic', text: '', route: null })
    const from = new Set<string | undefined>()
    using _ready = tap.onReady(() => {
      for (const { broker } of tap.take().messages) from.add(broker)
    })
    for (const { client } of [site.plant, site.lab, site.own]) await client.publishAsync('same/topic', 'x', { qos: 1 })
    await until('a message of each', () => from.size === 3)
    expect([...from].sort()).toEqual(['broker', 'lab', 'plant'])
  })

  it('never wait for one that hangs, is killed or comes back: nothing is lost, and nothing came twice', async () => {
    await using site = await threeBrokers()
    const { plant, lab, own, rig } = site
    const send = async (from: number, through: number) => {
      for (let n = from; n <= through; n++) await plant.client.publishAsync(`desk/${n}`, String(n), { qos: 1 })
    }
    const arrived = (at: Broker, below: string, through: number) =>
      numbers(through).every((n) => at.got.has(`${below}desk/${n} ${n}`))
    await send(1, 50)
    await until('all to be with lab', () => arrived(lab, '', 50))

    lab.program.kill('SIGSTOP')
    await send(51, 400)
    await until('all to be with the own broker while lab hangs', () => arrived(own, 'plant/', 400))
    await until(
      'the ledger to say who waits',
      () => queuedFor(rig, '# on lab') === 350 && queuedFor(rig, 'plant/# on broker') === 0,
    )
    lab.program.kill('SIGCONT')
    await until('lab to have caught up', () => arrived(lab, '', 400))

    lab.program.kill('SIGKILL')
    await once(lab.program, 'exit')
    await until('the loss to be seen', () => linkTo(rig, 'lab')?.state === 'connecting')
    await send(401, 500)
    await until('all to be with the own broker while lab is away', () => arrived(own, 'plant/', 500))
    await until('the reason to be shown', () => (linkTo(rig, 'lab')?.lastError ?? '').includes('Nobody answers at'))
    expect(linkTo(rig, 'plant')).toMatchObject({ state: 'connected', lastError: null })
    lab.start()
    await until('lab to have what came meanwhile', () => arrived(lab, '', 500))
    await until('the ledger to settle', () => queuedFor(rig, '# on lab') === 0)

    plant.program.kill('SIGKILL')
    await once(plant.program, 'exit')
    await own.client.publishAsync('order/1', 'kept', { qos: 1 })
    await lab.client.publishAsync('order/2', 'kept', { qos: 1 })
    await until('both to wait', () => queuedFor(rig, '#', 'orders') + queuedFor(rig, '#', 'own-orders') === 2)
    plant.start()
    await until('plant to have them', () => plant.got.has('order/1 kept') && plant.got.has('order/2 kept'))

    const up = rig.state.slice('routes').get('up')
    expect(up?.targets.map(({ delivered, dropped, quarantined }) => ({ delivered, dropped, quarantined }))).toEqual([
      { delivered: 500, dropped: 0, quarantined: 0 },
      { delivered: 500, dropped: 0, quarantined: 0 },
    ])
    expect(own.doubled).toBe(0)
    expect(JSON.stringify(rig.events)).toContain('The router has lost the broker lab')
  })
})

/** A broker, a client that hears everything there, and what that has heard, each once: topic and payload. */
interface Broker {
  readonly client: MqttClient
  readonly got: Set<string>
  readonly doubled: number
}

class Heard implements Broker {
  readonly client: MqttClient
  readonly got = new Set<string>()
  doubled = 0

  constructor(port: number) {
    this.client = connect(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 100 })
    this.client.on('message', (topic, payload) => {
      const one = `${topic} ${payload.toString()}`
      if (this.got.has(one)) this.doubled++
      this.got.add(one)
    })
  }

  async listen(): Promise<void> {
    await this.client.subscribeAsync('#', { qos: 1 })
  }
}

class Mosquitto extends Heard implements Disposable {
  readonly #config: string
  program: ChildProcess

  constructor(folder: string, name: string, port: number) {
    const config = `${folder}/${name}.conf`
    writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n`)
    super(port)
    this.#config = config
    this.program = this.#spawn()
  }

  start(): void {
    this.program = this.#spawn()
  }

  [Symbol.dispose](): void {
    this.client.end(true)
    this.program.kill('SIGKILL')
  }

  #spawn(): ChildProcess {
    return spawn(findProgram('mosquitto') ?? '', ['-c', this.#config], { stdio: 'ignore' })
  }
}

async function threeBrokers() {
  const owned = new AsyncDisposableStack()
  const folder = owned.use(temporaryFolder())
  const [plantPort = 0, labPort = 0] = await freePorts(2)
  const plant = owned.use(new Mosquitto(folder.path, 'plant', plantPort))
  const lab = owned.use(new Mosquitto(folder.path, 'lab', labPort))
  const brokers = [link('plant', plantPort), link('lab', labPort)]
  const rig = owned.use(await messagingRig({ broker: brokerSettings(), brokers }))
  const running = await rig.startBroker()
  owned.defer(() => running.stop())
  const own = new Heard(rig.port)
  owned.defer(() => own.client.endAsync(true))
  await rig.load(routes)
  await until('the router to be connected to all three', () =>
    ['plant', 'lab', 'broker'].every((id) => linkTo(rig, id)?.state === 'connected'),
  )
  for (const one of [plant, lab, own]) await one.listen()
  return { plant, lab, own, rig, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

function link(id: string, port: number): BrokerLinkDefinition {
  const url = `mqtt://127.0.0.1:${port}`
  const plain = { username: null, password: null, share: null, ca: null, cert: null, key: null, serverName: null }
  const session = { clientId: null, keepaliveMs: 30_000, sessionExpiryMs: 60_000 }
  return { id, url, ...session, protocol: null, mostHops: 8, ...plain }
}

/** Kept by its broker, so that a client which comes back later than the router misses nothing. */
function to(topic: string, broker?: string): RouteTarget {
  return { kind: 'mqtt', topic, qos: 1, retain: true, ...(broker === undefined ? {} : { broker }) }
}

function linkTo(rig: MessagingRig, id: string) {
  return rig.state
    .slice('traffic')
    .get('traffic')
    ?.links.find(({ broker }) => broker === id)
}

function queuedFor(rig: MessagingRig, target: string, of = 'up'): number {
  return (
    rig.state
      .slice('routes')
      .get(of)
      ?.targets.find(({ name }) => name === target)?.queued ?? 0
  )
}

function numbers(through: number): readonly number[] {
  return Array.from({ length: through }, (_, index) => index + 1)
}
