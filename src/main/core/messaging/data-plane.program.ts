import { parentPort } from 'node:worker_threads'
import { newId, systemClock } from '#core/platform/index.ts'
import { DataPlane } from './data-plane.ts'
import { makeNumbersAsNeeded } from './packet-numbers.ts'
import type { ToDataPlane } from './protocol.ts'

// The data-plane thread: started by the console, ends when it is told to stop or when the console goes.
if (parentPort) {
  makeNumbersAsNeeded()
  const console = parentPort
  const plane = new DataPlane({
    clientId: newId('c'),
    random: Math.random,
    clock: systemClock(),
    send: (message) => console.postMessage(message),
  })
  console.on('message', (message: ToDataPlane) => {
    if (message.type !== 'stop') plane.handle(message)
    else void plane.stop().finally(() => console.close())
  })
  console.postMessage({ type: 'ready' })
}
