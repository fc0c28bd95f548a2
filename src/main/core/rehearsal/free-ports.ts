import { createServer, type Server } from 'node:net'

/** Ports on loopback that nobody listens on, all different, and none of those that are known to belong to somebody who may not run now. */
export async function freePorts(count: number, taken: ReadonlySet<number>): Promise<readonly number[]> {
  const open: Server[] = []
  const found: number[] = []
  try {
    while (found.length < count) {
      const server = createServer()
      open.push(server)
      await new Promise<void>((ready, fail) => server.once('error', fail).listen(0, '127.0.0.1', ready))
      const address = server.address()
      if (address && typeof address === 'object' && !taken.has(address.port)) found.push(address.port)
    }
    return found
  } finally {
    await Promise.all(open.map((server) => new Promise((closed) => server.close(closed))))
  }
}
