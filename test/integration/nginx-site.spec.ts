import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:https'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { nginxSite } from '#core/system-files/index.ts'
import { temporaryFolder } from '../support/folders.ts'
import { firstAnswer, hello, openHost } from '../support/headless-host.ts'
import { findProgram, needs } from '../support/needs.ts'
import { makeCertificate, nginxConfiguration } from '../support/nginx.ts'
import { freePorts } from '../support/ports.ts'
import { until } from '../support/until.ts'

needs('nginx', 'openssl')

test('behind the generated site the page works over TLS with its WebSocket; other names and other pages are refused', async () => {
  const host = await openHost()
  const { port } = await nginxBefore(host.port)
  await until('nginx to answer', () => answerOf(port).catch(() => false as const), 60_000)

  const page = await answerOf(port)
  expect(page.status).toBe(200)
  expect(page.headers).toMatchObject({
    'strict-transport-security': 'max-age=31536000',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'content-security-policy': expect.stringContaining("connect-src 'self'"),
  })
  expect((await answerOf(port, { host: 'evil.example' })).status).toBe(421)
  expect((await answerOf(port, { method: 'POST' })).status).toBe(403)

  const socket = dialTls(port, 'https://lab.example')
  await once(socket, 'open')
  socket.send(hello({ token: host.token }))
  expect(await firstAnswer(socket)).toMatchObject({ version: 'test' })

  for (const origin of ['https://evil.example', 'http://127.0.0.1:8101', `http://127.0.0.1:${host.port}`]) {
    const [refusal] = await once(dialTls(port, origin), 'error')
    expect(String(refusal)).toContain('403')
  }
})

async function nginxBefore(consolePort: number): Promise<{ readonly port: number }> {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const [plain = 0, port = 0] = await freePorts(2)
  const certificate = join(folder.path, 'cert.pem')
  const certificateKey = join(folder.path, 'key.pem')
  const serverName = 'lab.example'
  makeCertificate({ certificate, certificateKey, serverName })
  const site = nginxSite({
    site: { id: 'lab', name: 'Lab', directory: '/srv/lab' },
    node: '/node',
    program: '/headless.js',
    user: 'wheelhouse',
    group: 'wheelhouse',
    userData: '/var/lib/wheelhouse',
    writes: [],
    port: consolePort,
    lowestPort: null,
    devices: false,
    ownLogs: [],
    serverName,
    ipv6: false,
    certificate,
    certificateKey,
  })
  const file = nginxConfiguration(folder.path, site, [plain, port])
  const nginx = spawn(findProgram('nginx') ?? 'nginx', ['-e', join(folder.path, 'error.log'), '-c', file], {
    stdio: 'ignore',
  })
  const ended = once(nginx, 'exit')
  onTestFinished(async () => {
    nginx.kill('SIGKILL')
    await ended
  })
  return { port }
}

function answerOf(port: number, { host = 'lab.example', method = 'GET' } = {}) {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]> }>((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', port, path: '/', method, headers: { host }, rejectUnauthorized: false, agent: false },
      (response) => {
        response.resume()
        resolve({ status: response.statusCode ?? 0, headers: response.headers })
      },
    )
    call.once('error', reject)
    call.end()
  })
}

function dialTls(port: number, origin: string): WebSocket {
  const socket = new WebSocket(`wss://127.0.0.1:${port}/connect`, {
    origin,
    headers: { host: 'lab.example' },
    rejectUnauthorized: false,
  })
  onTestFinished(() => socket.terminate())
  socket.on('error', () => {})
  return socket
}
