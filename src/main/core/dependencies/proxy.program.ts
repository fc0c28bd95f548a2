import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '#core/platform/index.ts'
import type { FromProxy, ProxySettings, ToProxy } from './protocol.ts'
import { ProxyServer } from './proxy-server.ts'

// The thread of the local proxy: what services call, however much it is, never delays an operator's click.
if (parentPort) {
  const console = parentPort
  const send = (message: FromProxy) => console.postMessage(message)
  const settings: ProxySettings = workerData
  const server = new ProxyServer({ clock: systemClock(), random: Math.random, send })
  console.on('message', (message: ToProxy) => {
    switch (message.type) {
      case 'plan':
        server.plan(message.plan)
        break
      case 'isolate':
        server.isolate(message.id)
        break
      case 'reset':
        server.reset(message.id)
        break
      case 'check':
        void server.check(message.id).then((answer) => send({ type: 'checked', call: message.call, answer }))
        break
      case 'stop':
        void server.stop().finally(() => console.close())
    }
  })
  server.start(settings).then(
    (port) => send({ type: 'listening', port }),
    (error: NodeJS.ErrnoException) => {
      send({ type: 'failed', code: error.code ?? '', reason: error.message })
      void server.stop().finally(() => console.close())
    },
  )
}
