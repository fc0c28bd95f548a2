import { parentPort, workerData } from 'node:worker_threads'
import { AdmissionLine } from './admission/admission-line.ts'
import { Retained } from './broker/retained.ts'
import { BrokerServer } from './broker-server.ts'
import { type BrokerSettings, type FromBroker, routerClientPrefix, type ToBroker } from './protocol.ts'
import { StorePort } from './store-line.ts'

// The broker thread: listens as its data says, ends when it is told to stop or when the console goes.
if (parentPort) {
  const console = parentPort
  const send = (message: FromBroker) => console.postMessage(message)
  const settings: BrokerSettings = workerData
  const line = new AdmissionLine()
  let isAsked = settings.admission
  const admission = {
    admit: (topic: string, payload: string | Uint8Array, qos: 1 | 2) =>
      isAsked ? line.admit(topic, payload, qos) : null,
    hasAlready: (clientId: string) => isAsked && clientId.startsWith(routerClientPrefix),
  }
  const port = new StorePort(() => send({ type: 'store-port-lost' }))
  const warn = (message: string) => send({ type: 'log', level: 'warn', message, fields: {} })
  const retained = new Retained({ service: settings.service, port, warn })
  const server = new BrokerServer(settings, { send, admission, retained })
  const end = () => {
    void server.stop().finally(() => {
      line[Symbol.dispose]()
      retained[Symbol.dispose]()
      port.close()
      console.close()
    })
  }
  console.on('message', (message: ToBroker) => {
    switch (message.type) {
      case 'who':
        send({ type: 'who', clients: server.clients() })
        break
      case 'store-port':
        port.attach(message.port)
        break
      case 'admission-port':
        line.attach(message.port)
        break
      case 'admission':
        isAsked = message.on
        if (!isAsked) line.letGo()
        break
      case 'stop':
        end()
    }
  })
  server.start().catch((error: NodeJS.ErrnoException) => {
    send({ type: 'failed', code: error.code ?? '', reason: error.message })
    end()
  })
}
