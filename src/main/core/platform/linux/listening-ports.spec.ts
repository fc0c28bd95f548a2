import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { expect, test } from 'vitest'
import { ManualClock } from '../../../../../test/support/manual-clock.ts'
import { portHolders, portLook } from './listening-ports.ts'

test('one look serves all who ask for different ports within its time; who asks again for the same port gets a new one', async () => {
  const clock = new ManualClock()
  const look = portLook(clock)
  const first = await listening()
  expect(look.seemsFree(portOf(first), 250)).toBe(false)
  expect(portHolders(portOf(first))).toMatchObject([{ address: '127.0.0.1', port: portOf(first), pid: process.pid }])
  // Nobody listened there at that look, and nobody asked since.
  const second = await listening()
  expect(look.seemsFree(portOf(second), 250)).toBe(true)
  expect(look.seemsFree(portOf(second), 250)).toBe(false)
  const port = portOf(first)
  first.close()
  await once(first, 'close')
  // The look of before, in which somebody held it; then a new one.
  expect(look.seemsFree(port, 250)).toBe(false)
  await clock.advance(251)
  expect(look.seemsFree(port, 250)).toBe(true)
  second.close()
})

async function listening(): Promise<Server> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}
