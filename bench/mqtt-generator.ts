import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** What is sent: `messages` in all, in turn to `<prefix>/<n>/status` for n below `topics`, with QoS 0. */
export interface Traffic {
  readonly prefix: string
  readonly topics: number
  readonly messages: number
  readonly payload: string
}

export interface Generator extends AsyncDisposable {
  /** Sends everything as fast as the broker takes it. Resolves when the last byte is handed over and the connection is closed. */
  send(): Promise<void>
}

/**
 * A process of its own at the lowest priority, so that it never takes time from what is measured, with packets that were made
 * beforehand. It is connected when this resolves, and has sent nothing.
 */
export async function mqttGenerator(port: number, traffic: Traffic): Promise<Generator> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: { PORT: String(port), TRAFFIC: JSON.stringify(traffic) },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), ended])
  if (child.exitCode !== null) throw new Error('The generator of MQTT traffic could not connect to the broker.')
  let disposed = false
  return {
    async send() {
      child.stdin.end('go\n')
      const [code, signal] = await ended
      if (disposed) return
      if (code !== 0)
        throw new Error(`The generator of MQTT traffic ended with ${code ?? signal} before everything was sent.`)
    },
    async [Symbol.asyncDispose]() {
      disposed = true
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await ended
    },
  }
}

const program = `
import { once } from 'node:events'
import { connect } from 'node:net'
import { setPriority } from 'node:os'

setPriority(19)
const { prefix, topics, messages, payload } = JSON.parse(process.env.TRAFFIC)
const id = Buffer.from('bench-generator')
const hello = Buffer.from([0x10, 12 + id.length, 0, 4, ...Buffer.from('MQTT'), 4, 2, 0, 0, 0, id.length, ...id])
const packet = (topic) => {
  const remaining = 2 + topic.length + payload.length
  const length = remaining < 128 ? [remaining] : [(remaining % 128) | 128, Math.floor(remaining / 128)]
  return Buffer.concat([Buffer.from([0x30, ...length, 0, topic.length]), Buffer.from(topic), Buffer.from(payload)])
}
const packets = Array.from({ length: topics }, (_, n) => packet(prefix + '/' + n + '/status'))
const perChunk = Math.min(100, topics)
const chunks = Array.from({ length: Math.floor(topics / perChunk) }, (_, n) =>
  Buffer.concat(packets.slice(n * perChunk, (n + 1) * perChunk)))

const socket = connect(Number(process.env.PORT), '127.0.0.1')
socket.write(hello)
await once(socket, 'data')
process.stdout.write('connected')
await once(process.stdin, 'data')
for (let sent = 0, at = 0; sent < messages; sent += perChunk, at = (at + 1) % chunks.length) {
  if (!socket.write(chunks[at])) await once(socket, 'drain')
}
socket.end(Buffer.from([0xe0, 0]))
await once(socket, 'close')
process.exit(0)
`
