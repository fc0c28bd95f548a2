import { mkdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { type ConsoleControl, serveConnection } from '#core/api/index.ts'
import { type Logger, loggerOn } from '#core/platform/index.ts'
import { openStateHub } from '#core/state/index.ts'
import { contractVersion } from '#shared/contract/index.ts'
import { type Launch, plainLaunch } from '../../src/main/console/launch/index.ts'
import { runHeadless } from '../../src/main/headless/host.ts'
import type { HostedConsole } from '../../src/main/headless/hosted-console.ts'
import { temporaryFolder } from './folders.ts'
import { ManualClock } from './manual-clock.ts'

interface Quirks {
  readonly hangs?: boolean
  readonly cannotOpen?: boolean
}

/** A headless host on a free port over a console that is only its face, on a clock moved by hand; closed with the test. */
export async function openHost(overrides: Partial<Launch> = {}, quirks: Quirks = {}) {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const renderer = join(folder.path, 'renderer')
  mkdirSync(renderer)
  writeFileSync(join(renderer, 'index.html'), '<p>the page</p>')
  writeFileSync(join(folder.path, 'secret.txt'), 'secret')

  const clock = new ManualClock()
  const logged: string[] = []
  const logger = loggerOn((level, part, message, fields) =>
    logged.push(`${level} ${part} ${message} ${JSON.stringify(fields)}`),
  )
  const printed: string[] = []
  const told: string[] = []
  const first = Promise.withResolvers<string>()
  const again = Promise.withResolvers<string>()
  const console = minimalConsole(clock, logger, quirks)
  const address = Promise.withResolvers<string>()
  const ended = runHeadless({
    options: { ...plainLaunch, ...overrides },
    renderer,
    installed: false,
    clock,
    logger,
    stop: { first: first.promise, again: again.promise, [Symbol.dispose]() {} },
    print: (line) => {
      printed.push(line)
      address.resolve(/http:\S+?(?="|$)/.exec(line)?.[0] ?? '')
    },
    tell: (line) => told.push(line),
    openConsole: async () => console.hosted,
  })
  ended.catch(address.reject)
  const url = new URL(await address.promise)
  onTestFinished(async () => {
    first.resolve('SIGTERM')
    again.resolve('SIGTERM')
    // Sockets that the test still holds have the host's whole patience otherwise.
    const ticking = setInterval(() => void clock.advance(500), 20)
    await ended
    clearInterval(ticking)
  })
  return {
    clock,
    logged,
    printed,
    told,
    ended,
    url: url.href,
    origin: url.origin,
    port: Number(url.port),
    token: url.hash.replace('#token=', ''),
    announced: console.announced,
    calls: console.calls,
    connections: console.connections,
    signal: first.resolve,
    again: again.resolve,
  }
}

/** The face of the console that the host asks for; its connections are served by the real contract. */
function minimalConsole(clock: ManualClock, logger: Logger, { hangs = false, cannotOpen = false }: Quirks) {
  const calls: string[] = []
  const announced: string[] = []
  const open = new Set<Disposable>()
  const state = openStateHub({ clock, logger })
  const unasked = () => Promise.reject(new Error('Nobody asks for this here.'))
  const control: ConsoleControl = {
    version: 'test',
    host: 'headless',
    state,
    site: null,
    onSiteChanged: () => ({ [Symbol.dispose]() {} }),
    openSite: unasked,
    openSample: unasked,
    resetSample: unasked,
    closeSite: unasked,
    chooseFolder: unasked,
    openFolder: unasked,
    openPage: unasked,
  }
  const hosted: HostedConsole = {
    state,
    site: {
      coordinator: {
        async emergencyStop() {
          calls.push('kill')
          return { killed: 0, ms: 0 }
        },
      },
    },
    connect(transport, options) {
      const connection = serveConnection(transport, { console: control, clock, logger, ...options })
      open.add(connection)
      transport.onClosed(() => open.delete(connection))
      return connection
    },
    announce: async (address) => void announced.push(address),
    async openInitial() {
      calls.push('open')
      if (cannotOpen) throw new Error('no such folder')
    },
    async close({ services }) {
      calls.push(`close ${services}`)
      if (hangs) await new Promise(() => {})
      state[Symbol.dispose]()
    },
  }
  return { hosted, calls, announced, connections: () => open.size }
}

type OpenHost = Awaited<ReturnType<typeof openHost>>

/** A WebSocket as the page opens it. What is sent before it is open waits. */
export function dial(
  host: OpenHost,
  { path = '/connect', ...options }: { path?: string; headers?: Record<string, string>; autoPong?: boolean } = {},
) {
  const socket = new WebSocket(`ws://127.0.0.1:${host.port}${path}`, { origin: host.origin, ...options })
  socket.on('error', () => {})
  onTestFinished(() => socket.terminate())
  const opened = new Promise((resolve) => socket.once('open', resolve))
  return Object.assign(socket, {
    send: (data: string | Buffer) => void opened.then(() => WebSocket.prototype.send.call(socket, data, {})),
  })
}

export function hello(more: { readonly token?: string }): string {
  return `h${JSON.stringify({ contract: contractVersion, client: 'browser', ...more })}`
}

export function firstAnswer(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve) => socket.once('message', (data) => resolve(JSON.parse(String(data).slice(1)))))
}

export function closeOf(socket: WebSocket): Promise<string> {
  return new Promise((resolve) => socket.once('close', (_code, reason) => resolve(reason.toString())))
}

export function codeOf(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => socket.once('close', resolve))
}

export function statusOf(port: number, headers: Record<string, string>, path = '/'): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    call.once('error', reject)
    call.end()
  })
}

/** 101 when the upgrade was granted (and then ended), else the status of the refusal. */
export function upgradeStatus(port: number, headers: Record<string, string>, path = '/connect'): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request({
      host: '127.0.0.1',
      port,
      path,
      agent: false,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      },
    })
    call.once('upgrade', (_response, socket) => {
      socket.destroy()
      resolve(101)
    })
    call.once('response', (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    call.once('error', reject)
    call.end()
  })
}
