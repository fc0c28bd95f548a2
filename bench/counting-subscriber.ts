import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** A bare mqtt.js subscriber in a thread of its own that counts what it gets. */
export interface CountingSubscriber extends AsyncDisposable {
  /** Resolves once that many have come in all since it subscribed; rejects, with how many came, when none has come for 10 s. */
  got(messages: number): Promise<void>
}

/** It is subscribed when this resolves. */
export async function countingSubscriber(url: string, filter: string): Promise<CountingSubscriber> {
  const worker = new Worker(program, { eval: true, workerData: { url, filter }, execArgv: [] })
  await once(worker, 'message')
  return {
    async got(messages) {
      worker.postMessage(messages)
      const [came] = await once(worker, 'message')
      if (came < messages) throw new Error(`${came} of ${messages} messages came on ${filter}, and then none for 10 s.`)
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate()
    },
  }
}

const program = `
const { parentPort, workerData } = require('node:worker_threads')
const client = require('mqtt').connect(workerData.url, { reconnectPeriod: 0 })
let [count, wanted, last] = [0, Infinity, 0]
const answer = () => { wanted = Infinity; parentPort.postMessage(count) }
client.on('message', () => { if (++count >= wanted) answer() })
client.on('connect', () => client.subscribe(workerData.filter, () => parentPort.postMessage('subscribed')))
parentPort.on('message', (messages) => { wanted = messages; last = -1; if (count >= wanted) answer() })
setInterval(() => { if (wanted < Infinity && count === last) answer(); last = count }, 10_000)
`
