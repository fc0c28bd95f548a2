import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '#core/platform/index.ts'
import { UpstreamCall } from './upstream-call.ts'

it.each([
  ['127.0.0.1', false],
  ['localhost', true],
])(
  'a TLS connection to %s sends it as the name of the server: %s (RFC 6066 allows no addresses)',
  async (host, sent) => {
    const hello = Promise.withResolvers<string>()
    const server = createServer((socket) => {
      socket.once('data', (bytes) => {
        hello.resolve(bytes.toString('latin1'))
        socket.destroy()
      })
      socket.on('error', () => {})
    })
    server.listen(0, host)
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    using call = new UpstreamCall({
      url: new URL(`https://${host}:${port}`),
      method: 'GET',
      path: '/',
      headers: ['host', `${host}:${port}`],
      body: null,
      agent: null,
      timeoutMs: 10_000,
      longestMs: 10_000,
      requestBytes: 0,
      answerBytes: 1_000,
      clock: systemClock(),
      signal: new AbortController().signal,
    })
    expect((await hello.promise).includes(host)).toBe(sent)
    await expect(call.answered).rejects.toThrow()
  },
)
