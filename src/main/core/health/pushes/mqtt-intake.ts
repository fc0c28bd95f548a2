import { connect, type MqttClient } from 'mqtt'
import { type BrokerLogin, pushTopic, serviceOfTopic } from './intake-protocol.ts'
import { pushLimits } from './push-document.ts'

/** How long it waits before it connects again. Milliseconds. */
const pauseMs = 2_000

/** Takes pushes from topics of the site's broker. What the broker kept from earlier is not taken for new. */
export class MqttIntake {
  readonly #take: (service: string, text: string) => void
  readonly #tooLarge: (service: string) => void
  #url: string | null = null
  #login: BrokerLogin | null = null
  #client: MqttClient | undefined

  constructor(take: (service: string, text: string) => void, tooLarge: (service: string) => void) {
    this.#take = take
    this.#tooLarge = tooLarge
  }

  /** Goes to another broker; null stays away from any. The same address again changes nothing. */
  use(url: string | null, login: BrokerLogin | null): void {
    if (url === this.#url && login?.password === this.#login?.password) return
    this.#client?.end(true)
    this.#client = undefined
    this.#url = url
    this.#login = login
    if (url === null) return
    const client = connect(url, {
      clientId: `wheelhouse-pushes-${process.pid}`,
      clean: true,
      protocolVersion: 4,
      reconnectPeriod: pauseMs,
      connectTimeout: 10_000,
      timerVariant: 'native',
      ...(login && { username: login.user, password: login.password }),
    })
    this.#client = client
    client.on('connect', () => client.subscribe(pushTopic('+'), { qos: 0 }))
    client.on('error', () => {}) // it connects again
    client.on('message', (topic, payload, packet) => {
      const service = serviceOfTopic(topic)
      if (service === null || packet.retain) return
      if (payload.length > pushLimits.bytes) this.#tooLarge(service)
      else this.#take(service, payload.toString('utf8'))
    })
  }
}
