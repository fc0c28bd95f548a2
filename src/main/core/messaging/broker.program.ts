import { parentPort, workerData } from 'node:worker_threads'
import { BrokerServer } from './broker-server.ts'
import type { BrokerSettings, FromBroker, ToBroker } from './protocol.ts'

// The broker thread: listens as its data says, ends when it is told to stop or when the console goes.
if (parentPort) {
  const console = parentPort
  const send = (message: FromBroker) => console.postMessage(message)
  const settings: BrokerSettings = workerData
  const server = new BrokerServer(settings, { send, admit: null })
  console.on('message', (message: ToBroker) => {
    if (message.type === 'who') send({ type: 'who', clients: server.clients() })
    else void server.stop().finally(() => console.close())
  })
  server.start().catch((error: NodeJS.ErrnoException) => {
    send({ type: 'failed', code: error.code ?? '', reason: error.message })
    void server.stop().finally(() => console.close())
  })
}
