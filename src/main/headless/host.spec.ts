import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { longestEnvelope } from '#shared/contract/envelope.ts'
import { contractVersion } from '#shared/contract/index.ts'
import {
  closeOf,
  codeOf,
  dial,
  firstAnswer,
  hello,
  openHost,
  statusOf,
  upgradeStatus,
} from '../../../test/support/headless-host.ts'
import { until } from '../../../test/support/until.ts'

test('the printed address opens the page, with its policy', async () => {
  const host = await openHost()
  const response = await fetch(host.url)
  expect(response.status).toBe(200)
  expect(await response.text()).toContain('the page')
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(response.headers.get('cache-control')).toBe('no-store')
})

test('the token is random, printed once, in the fragment, and in no log', async () => {
  const [one, two] = [await openHost(), await openHost()]
  expect(Buffer.from(one.token, 'base64url')).toHaveLength(32)
  expect(one.token).not.toBe(two.token)
  expect(one.printed).toHaveLength(1)
  const socket = dial(one)
  socket.send(hello({ token: one.token }))
  await firstAnswer(socket)
  expect([...one.logged, ...one.told, ...one.announced].join('\n')).not.toContain(one.token)
})

test('with --json the address is one line of JSON', async () => {
  const { printed } = await openHost({ json: true })
  expect(JSON.parse(printed[0] ?? '')).toMatchObject({
    address: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/#token=/),
    port: expect.any(Number),
    pid: process.pid,
  })
})

test.each(['evil.example', 'localhost.evil.example', '192.168.1.1', ''])(
  'a request for the host "%s" is refused: a foreign name that leads here is no way in',
  async (name) => {
    const host = await openHost()
    expect(await statusOf(host.port, { host: `${name}:${host.port}` })).toBe(421)
  },
)

test('a path cannot lead out of the page’s folder', async () => {
  const host = await openHost()
  for (const path of ['/../secret.txt', '/%2e%2e/secret.txt', '/assets/..%2f..%2fsecret.txt', '//../secret.txt']) {
    expect(await statusOf(host.port, {}, path)).toBe(404)
  }
})

test('the page’s WebSocket greets with the token and is served', async () => {
  const host = await openHost()
  const socket = dial(host)
  socket.send(hello({ token: host.token }))
  expect(await firstAnswer(socket)).toMatchObject({ contract: contractVersion, version: 'test' })
})

test.each([
  ['none', {}],
  ['an empty one', { token: '' }],
  ['a wrong one', { token: 'x'.repeat(43) }],
])('a greeting with the token missing or wrong (%s) is refused with a sentence, and closed', async (_what, sent) => {
  const host = await openHost()
  const socket = dial(host)
  const closed = closeOf(socket)
  socket.send(hello(sent))
  expect(await firstAnswer(socket)).toMatchObject({ problem: { code: 'token-wrong' } })
  await closed
})

test('a token in the query or in a cookie counts for nothing', async () => {
  const host = await openHost()
  const socket = dial(host, { path: `/connect?token=${host.token}`, headers: { cookie: `token=${host.token}` } })
  socket.send(hello({}))
  expect(await firstAnswer(socket)).toMatchObject({ problem: { code: 'token-wrong' } })
})

test.each([
  ['another site', 'http://evil.example'],
  ['another service on this machine', 'http://127.0.0.1:8101'],
  ['a file', 'null'],
  ['a program that names none', undefined],
])('a WebSocket from %s is refused at the upgrade', async (_what, origin) => {
  const host = await openHost()
  expect(await upgradeStatus(host.port, { ...(origin && { origin }) })).toBe(403)
})

test('a WebSocket for a foreign name is refused even when its origin agrees with it', async () => {
  const host = await openHost()
  const name = `evil.example:${host.port}`
  expect(await upgradeStatus(host.port, { host: name, origin: `http://${name}` })).toBe(421)
})

test('a WebSocket elsewhere than /connect is refused', async () => {
  const host = await openHost()
  expect(await upgradeStatus(host.port, { origin: host.origin }, '/other')).toBe(404)
})

test('a page that does not greet within five seconds is closed', async () => {
  const host = await openHost()
  const socket = dial(host)
  const closed = closeOf(socket)
  await new Promise((resolve) => socket.once('open', resolve))
  await until('the console to have the connection', () => host.connections() === 1)
  await host.clock.advance(4_900)
  expect(socket.readyState).toBe(WebSocket.OPEN)
  await host.clock.advance(200)
  expect(await closed).toContain('no greeting')
})

test('an envelope that is too long ends its connection, before it is gathered when it is far too long', async () => {
  const host = await openHost()
  const long = dial(host)
  long.send(`h${'x'.repeat(longestEnvelope)}`)
  expect(await closeOf(long)).toContain('too long')
  const huge = dial(host)
  huge.send('x'.repeat(5 * longestEnvelope))
  expect(await codeOf(huge)).toBe(1009)
})

test('a binary message ends its connection', async () => {
  const host = await openHost()
  const socket = dial(host)
  socket.send(Buffer.from('h{}'))
  expect(await codeOf(socket)).toBe(1003)
})

test('no more than 64 pages are connected at once, and a place that is freed can be taken', async () => {
  const host = await openHost()
  const sockets = Array.from({ length: 64 }, () => dial(host))
  await until('all pages to be connected', () => host.connections() === 64)
  expect(await upgradeStatus(host.port, { origin: host.origin })).toBe(503)
  sockets[0]?.close()
  await until('a free place', async () => (await upgradeStatus(host.port, { origin: host.origin })) === 101)
})

test('a page that answers no ping for a minute is let go, one that does is kept', async () => {
  const host = await openHost()
  const alive = dial(host)
  const dead = dial(host, { autoPong: false })
  alive.send(hello({ token: host.token }))
  dead.send(hello({ token: host.token }))
  await Promise.all([firstAnswer(alive), firstAnswer(dead)])
  const gone = codeOf(dead)
  const pinged = new Promise((resolve) => alive.once('ping', resolve))
  await host.clock.advance(30_000)
  await pinged
  // The pong is on its way back through a real socket.
  await new Promise((resolve) => setImmediate(resolve))
  await host.clock.advance(30_000)
  expect(await gone).toBe(1006)
  expect(alive.readyState).toBe(WebSocket.OPEN)
})

test('what is no HTTP at all is answered and closed', async () => {
  const host = await openHost()
  const socket = connect(host.port, '127.0.0.1')
  const answered = new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))))
  socket.write('\x16\x03\x01 rubbish\r\n\r\n')
  expect(await answered).toMatch(/^HTTP\/1\.1 400/)
  socket.destroy()
})

test('a connection on which nothing was asked is closed without a word: what it said would be taken for the next answer', async () => {
  const host = await openHost()
  const socket = connect(host.port, '127.0.0.1')
  let said = ''
  socket.on('data', (data) => {
    said += String(data)
  })
  await new Promise((resolve) => socket.once('close', resolve))
  expect(said).toBe('')
})

test('a port that is taken is told with a remedy, and nothing is left behind', async () => {
  const first = await openHost()
  const failed = openHost({ port: first.port })
  await expect(failed).rejects.toMatchObject({
    problem: { code: 'port-in-use', remedy: expect.stringContaining('--port') },
  })
})

test('listening beyond this machine is warned of', async () => {
  const { told } = await openHost({ host: '0.0.0.0' })
  expect(told.join('\n')).toMatch(/Warning: .*network/)
  const { told: quiet } = await openHost()
  expect(quiet).toEqual([])
})

test('asked to stop, it closes the console as told, tells the pages, frees the port, and ends with 0', async () => {
  const host = await openHost({ onExit: 'leave' })
  const socket = dial(host)
  const closed = codeOf(socket)
  await until('the connection', () => host.connections() === 1)
  host.signal('SIGTERM')
  expect(await host.ended).toBe(0)
  expect(await closed).toBe(1001)
  expect(host.calls).toEqual(['open', 'close leave'])
  await expect(fetch(host.url)).rejects.toThrow()
})

test('asked again while services hang, it kills them at once and ends with 1', async () => {
  const host = await openHost({}, { hangs: true })
  host.signal('SIGINT')
  await until('the stop to be told', () => host.told.length > 0)
  host.again('SIGINT')
  expect(await host.ended).toBe(1)
  expect(host.calls).toEqual(['open', 'close stop', 'kill'])
})

test('services that never stop do not keep it for ever', async () => {
  const host = await openHost({}, { hangs: true })
  host.signal('SIGTERM')
  await until('the stop to be told', () => host.told.length > 0)
  await host.clock.advance(121_000)
  expect(await host.ended).toBe(1)
})

test('a site that cannot be opened leaves the host running: the page says why', async () => {
  const host = await openHost({}, { cannotOpen: true })
  expect((await fetch(host.url)).status).toBe(200)
  expect(host.logged.join('\n')).toContain('could not be opened')
})
