import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { ManualClock } from '../../../../../test/support/manual-clock.ts'
import { portHolders, portLook } from './listening-ports.ts'

test('a port that was free a moment ago is taken for free; a port that was held is looked at anew by who asks', async () => {
  const clock = new ManualClock()
  const look = portLook(clock)
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  expect(look.seemsFree(port, 250)).toBe(false)
  expect(portHolders(port)).toMatchObject([{ address: '127.0.0.1', port, pid: process.pid }])
  server.close()
  await once(server, 'close')
  // Still the look of before, in which somebody held it.
  expect(look.seemsFree(port, 250)).toBe(false)
  await clock.advance(251)
  expect(look.seemsFree(port, 250)).toBe(true)
})
