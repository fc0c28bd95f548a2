import { createServer } from 'node:net'

/**
 * Below what systems give to those who ask for any port (Linux: from 32768 on), so that nothing takes one of these between the
 * moment when it was found free and the moment when the service under test listens. Each of the two test processes that run at
 * a time has its own range; where it begins in there differs from file to file. Without 18000 to 18999, where the sample has its ports.
 */
const ranges = [
  { first: 10_000, size: 8_000 },
  { first: 19_000, size: 13_000 },
] as const
const { first, size } = ranges[Number(process.env.VITEST_POOL_ID ?? 0) % 2] ?? ranges[0]
let next = (process.pid * 97) % size

/** Ports on 127.0.0.1 that nobody listens on, all different; none is given twice by one process. */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = []
  for (let tried = 0; found.length < count; tried++) {
    if (tried >= size) throw new Error(`There are no ${count} free ports from ${first} to ${first + size - 1}.`)
    const port = first + next
    next = (next + 1) % size
    if (await isFree(port)) found.push(port)
  }
  return found
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
