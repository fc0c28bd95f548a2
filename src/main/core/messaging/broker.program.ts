import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '#core/platform/index.ts'
import { AdmissionLine } from './admission/admission-line.ts'
import { DeliveringDesk } from './admission/delivering-desk.ts'
import { MissedMessages } from './admission/missed-messages.ts'
import { PassingLine } from './admission/passing-line.ts'
import { Retained } from './broker/retained.ts'
import { BrokerServer } from './broker-server.ts'
import { makeNumbersAsNeeded } from './packet-numbers.ts'
import { type BrokerSettings, type FromBroker, routerClientPrefix, type ToBroker } from './protocol.ts'
import { StorePort } from './store-line.ts'

// The broker thread: listens as its data says, ends when it is told to stop or when the console goes.
if (parentPort) {
  makeNumbersAsNeeded()
  const console = parentPort
  const send = (message: FromBroker) => console.postMessage(message)
  const settings: BrokerSettings = workerData
  const warn = (message: string) => send({ type: 'log', level: 'warn', message, fields: {} })
  const line = new AdmissionLine()
  const missed = new MissedMessages(warn)
  const passing = new PassingLine({ clock: systemClock(), onMissed: (messages) => missed.count(messages) })
  let isAsked = settings.admission
  const admission = {
    admit: (client: string, topic: string, payload: string | Uint8Array, qos: 1 | 2) =>
      isAsked ? line.admit(client, topic, payload, qos) : null,
    pass: (client: string, topic: string, payload: string | Uint8Array, done: () => void) => {
      if (isAsked) passing.pass(client, topic, payload, done)
      else done()
    },
    passOwn: (client: string, topic: string, payload: string | Uint8Array) => {
      if (isAsked) passing.passOwn(client, topic, payload)
    },
    hasAlready: (clientId: string) => isAsked && clientId.startsWith(routerClientPrefix),
  }
  const port = new StorePort(() => send({ type: 'store-port-lost' }))
  const retained = new Retained({ service: settings.service, port, warn })
  const server = new BrokerServer(settings, { send, admission, retained })
  const delivering = new DeliveringDesk((client, topic, payload, done) =>
    server.publishOwn(client, topic, payload, done),
  )
  const end = () => {
    void server.stop().finally(() => {
      line[Symbol.dispose]()
      passing[Symbol.dispose]()
      delivering[Symbol.dispose]()
      missed[Symbol.dispose]()
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
      case 'router-ports':
        line.attach(message.admission)
        passing.attach(message.passing)
        delivering.attach(message.delivering)
        break
      case 'admission':
        isAsked = message.on
        if (!isAsked) {
          line.letGo()
          passing.letGo()
        }
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
