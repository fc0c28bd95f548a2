import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { Aedes } from 'aedes'

export interface Seen {
  readonly topic: string
  readonly text: string
  readonly retain: boolean
}

/** A real broker on a port of its own, and everything that clients published to it. Can be cut and brought back. */
export class TestBroker implements AsyncDisposable {
  readonly port: number
  readonly seen: Seen[] = []
  #cut: () => Promise<void> = async () => {}
  #publish: (topic: string, text: string) => Promise<void> = async () => {}

  static async start(port: number): Promise<TestBroker> {
    const broker = new TestBroker(port)
    await broker.resume()
    return broker
  }

  private constructor(port: number) {
    this.port = port
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`
  }

  /** Parsed messages of the topics that match; those that are no JSON are left out. */
  json(topic: RegExp): readonly Record<string, unknown>[] {
    return this.seen
      .filter((message) => topic.test(message.topic))
      .flatMap((message) => {
        const value = parse(message.text)
        return value ? [value] : []
      })
  }

  publish(topic: string, message: unknown): Promise<void> {
    return this.#publish(topic, typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** Ends every connection and listens no more. */
  async cut(): Promise<void> {
    await this.#cut()
    this.#cut = async () => {}
  }

  /** Listens again on the same port, with an empty memory as after a restart. */
  async resume(): Promise<void> {
    const aedes = await Aedes.createBroker()
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      aedes.handle(socket)
    })
    aedes.on('publish', (packet, client) => {
      const { topic, payload, retain } = packet
      if (client || packet.topic.startsWith('consultease/')) this.seen.push({ topic, text: String(payload), retain })
    })
    this.#publish = (topic, text) =>
      new Promise((resolve, reject) => {
        const packet = { cmd: 'publish', topic, payload: text, qos: 1, retain: false, dup: false } as const
        aedes.publish(packet, (error) => (error ? reject(error) : resolve()))
      })
    this.#cut = async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
      await new Promise<void>((resolve) => aedes.close(() => resolve()))
    }
    server.listen(this.port, '127.0.0.1')
    await once(server, 'listening')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut()
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : undefined
  } catch {
    return undefined
  }
}
