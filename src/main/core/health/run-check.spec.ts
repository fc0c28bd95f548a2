import { utimesSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Aedes } from 'aedes'
import { expect, onTestFinished, test } from 'vitest'
import { databaseProbe } from '#core/databases/index.ts'
import { mountOf, systemClock } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { FileLooks } from './file-looks.ts'
import { checksOn } from './run-check.ts'

const clock = systemClock()
const run = checksOn(clock, {
  service: 'api',
  cwd: tmpdir(),
  env: { GREETING: 'hello' },
  mark: () => 'run-lab-api.probe-1',
  login: {},
  pushed: { latest: () => null, figure: () => null },
  databases: databaseProbe({ runtime: testRuntime(), clock }),
  looks: new FileLooks({ clock, mountOf }),
})
const never = new AbortController().signal

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

const serve = (listener: RequestListener) => listen(createServer(listener))
const http = (port: number, status: number | null = null, timeoutMs = 2_000) =>
  run({ type: 'http', url: `http://127.0.0.1:${port}/health`, status }, timeoutMs, never)

test('a page that answers 2xx or 3xx passes, with its time', async () => {
  const port = await serve((request, response) => response.writeHead(request.url === '/health' ? 204 : 500).end())
  const answer = await http(port)
  expect(answer).toEqual({ ok: true, sentence: expect.stringMatching(/^204 in [\d.]+ m?s$/), ms: expect.any(Number) })
})

test('a failing page is quoted: the message of its JSON, or its first line', async () => {
  const json = await serve((_, response) =>
    response.writeHead(503).end('{"status":"bad","message":"database is gone"}'),
  )
  expect((await http(json)).sentence).toMatch(/^503 in [\d.]+ m?s: database is gone$/)
  const text = await serve((_, response) => response.writeHead(500).end(`\n  first\nsecond${'x'.repeat(9_000)}`))
  expect((await http(text)).sentence).toMatch(/^500 in [\d.]+ m?s: first$/)
})

test('an expected status is the only one that passes', async () => {
  const port = await serve((_, response) => response.writeHead(200).end())
  expect(await http(port, 204)).toMatchObject({
    ok: false,
    sentence: expect.stringMatching(/^200 in [\d.]+ m?s, expected 204/),
  })
})

test('a text must stand in the answer, and an answer may not take longer than it is allowed', async () => {
  const port = await serve((request, response) => {
    if (request.url === '/slow') setTimeout(() => response.end('ready'), 120)
    else response.end(`${'x'.repeat(9_000)} ready`)
  })
  const ask = (path: string, further: { readonly body?: string; readonly latencyMs?: number }) =>
    run({ type: 'http', url: `http://127.0.0.1:${port}${path}`, status: null, ...further }, 5_000, never)
  expect(await ask('/', { body: 'ready' })).toMatchObject({ ok: true })
  expect(await ask('/', { body: 'steady' })).toMatchObject({
    ok: false,
    sentence: expect.stringMatching(/^200 in [\d.]+ m?s, without “steady” in it$/),
  })
  expect(await ask('/slow', { latencyMs: 100 })).toMatchObject({
    ok: false,
    sentence: expect.stringMatching(/^200 in [\d.]+ m?s, slower than 100 ms$/),
  })
  expect(await ask('/slow', { latencyMs: 4_000, body: 'ready' })).toMatchObject({ ok: true })
})

test('a file must be there, and newer than it may be old', async () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'frame.jpg')
  const ask = (newerMs: number | null) => run({ type: 'file', path, newerMs }, 2_000, never)
  expect(await ask(null)).toMatchObject({ ok: false, sentence: `${path} is not there` })
  writeFileSync(path, '')
  expect(await ask(60_000)).toMatchObject({ ok: true })
  const hourAgo = Date.now() / 1_000 - 3_600
  utimesSync(path, hourAgo, hourAgo)
  expect(await ask(60_000)).toMatchObject({
    ok: false,
    sentence: `${path} last changed 60 min ago, allowed are 60 s`,
  })
  expect(await ask(null)).toMatchObject({ ok: true })
})

test('a broker passes when a message comes back; it fails when it swallows it, refuses, or is not there', async () => {
  const aedes = await Aedes.createBroker()
  onTestFinished(() => void aedes.close())
  const port = await listen(createTcpServer(aedes.handle))
  const ask = (topic = 'wheelhouse/probe', timeoutMs = 5_000) =>
    run({ type: 'mqtt', url: `mqtt://127.0.0.1:${port}`, topic }, timeoutMs, never)
  expect(await ask()).toMatchObject({
    ok: true,
    sentence: expect.stringMatching(/^127\.0\.0\.1:\d+ carried a message and back in [\d.]+ m?s$/),
  })
  aedes.authorizePublish = (_client, _packet, done) => done(new Error('not here'))
  expect(await ask()).toMatchObject({ ok: false })
  aedes.authorizePublish = () => {}
  expect(await ask('a', 300)).toMatchObject({
    ok: false,
    sentence: `the message did not come back from 127.0.0.1:${port} within 300 ms`,
  })
  aedes.authenticate = (_client, _user, _password, done) =>
    done(Object.assign(new Error('no'), { returnCode: 5 }), false)
  expect((await ask()).sentence).toContain('refuses the user or the password')
  const silent = await listen(createTcpServer(() => {}))
  const nobody = await run({ type: 'mqtt', url: `mqtt://127.0.0.1:${silent}`, topic: 'a' }, 200, never)
  expect(nobody).toMatchObject({ ok: false, sentence: `no answer from 127.0.0.1:${silent} within 200 ms` })
})

test('a page that never answers, or never ends its body, fails at the time-out', async () => {
  const silent = await serve(() => {})
  expect(await http(silent, null, 60)).toMatchObject({
    ok: false,
    sentence: `no answer from 127.0.0.1:${silent} within 60 ms`,
  })
  const dripping = await serve((_, response) => void response.writeHead(500).write('x'))
  expect((await http(dripping, null, 60)).ok).toBe(false)
})

test('nobody listening is said with the address', async () => {
  const server = createTcpServer()
  const port = await listen(server)
  server.close()
  await new Promise((resolve) => server.once('close', resolve))
  const sentence = `connection refused at 127.0.0.1:${port}`
  expect(await http(port)).toMatchObject({ ok: false, sentence })
  expect(await run({ type: 'tcp', address: `127.0.0.1:${port}` }, 1_000, never)).toMatchObject({ ok: false, sentence })
})

test('a service that hangs up without an answer is said so', async () => {
  const port = await listen(createTcpServer((socket) => socket.destroy()))
  expect(await http(port)).toMatchObject({
    ok: false,
    sentence: `connection closed by 127.0.0.1:${port} before it answered`,
  })
})

test('an open port passes a TCP check; nonsense as an address is an answer', async () => {
  const port = await listen(createTcpServer((socket) => socket.destroy()))
  expect((await run({ type: 'tcp', address: `127.0.0.1:${port}` }, 1_000, never)).ok).toBe(true)
  expect((await run({ type: 'tcp', address: 'nonsense' }, 1_000, never)).sentence).toContain('host:port')
  expect((await run({ type: 'http', url: 'nonsense', status: null }, 1_000, never)).ok).toBe(false)
})

test('a command passes with code 0, and a failing one is quoted', async () => {
  const command = (source: string, timeoutMs = 10_000) =>
    run({ type: 'command', run: [process.execPath, '-e', source] }, timeoutMs, never)
  expect(await command('process.exitCode = process.env.GREETING === "hello" ? 0 : 1')).toMatchObject({ ok: true })
  expect((await command('console.error("disk is full"); process.exitCode = 4')).sentence).toMatch(
    /ended with code 4 in [\d.]+ m?s: disk is full$/,
  )
  expect((await command('setInterval(() => {}, 1000)', 300)).sentence).toContain('did not end within 300 ms')
})
