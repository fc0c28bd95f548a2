import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import { temporaryFolder } from './folders.ts'
import { findProgram } from './needs.ts'
import { until } from './until.ts'

/** Debian's Mosquitto on a port of the loopback, with these lines in its configuration; it goes with the test. */
export interface MosquittoBroker extends AsyncDisposable {
  readonly url: string
  readonly child: ChildProcess
  /** A client of it, ended with it. */
  client(options?: IClientOptions): Promise<MqttClient>
}

export async function mosquittoBroker(port: number, lines: readonly string[] = []): Promise<MosquittoBroker> {
  const folder = temporaryFolder()
  const configuration = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'user root', ...lines]
  writeFileSync(`${folder.path}/mosquitto.conf`, `${configuration.join('\n')}\n`)
  const child = spawn(findProgram('mosquitto') ?? '', ['-c', `${folder.path}/mosquitto.conf`], { stdio: 'ignore' })
  const clients: MqttClient[] = []
  await until('the broker to listen', () => listens(port))
  const url = `mqtt://127.0.0.1:${port}`
  return {
    url,
    child,
    async client(options = {}) {
      const client = connect(url, { protocolVersion: 5, reconnectPeriod: 100, ...options })
      clients.push(client)
      client.on('error', () => {})
      await new Promise<void>((resolve) => client.once('connect', () => resolve()))
      return client
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.end(true)
      const exited = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined
      child.kill('SIGKILL')
      await exited
      folder[Symbol.dispose]()
    },
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
