import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '#core/platform/index.ts'
import { BodyRoom, ProtectedTarget } from '#core/proxy/index.ts'
import type { CheckAnswer, FromProxy, Grant, ProxyPlan, ProxySettings, TargetPlan, TargetReport } from './protocol.ts'
import { TargetCheck } from './target-check.ts'

export interface ProxyServerParts {
  readonly clock: Clock
  readonly random: () => number
  readonly send: (message: FromProxy) => void
}

/** Connections of services at once; those beyond wait for the system to give up. */
const mostConnections = 512
/** Memory for requests that are kept to be sent again, all together. Bytes. */
const roomBytes = 64 * 1024 * 1024
/** How often figures are told, and how long calls under way may take when the proxy ends. Milliseconds. */
const reportEveryMs = 500
const drainMs = 5_000
/** Refused calls that are logged, at most so many in a minute; the rest is counted. */
const mostRefusalsLogged = 10

interface Held {
  readonly target: ProtectedTarget
  readonly check: TargetCheck
  told: string
}

/**
 * The local proxy: listens on loopback, knows a service by the token in its address, and hands its call to the target that it
 * may call. Everything else is refused.
 */
export class ProxyServer {
  readonly #parts: ProxyServerParts
  readonly #room = new BodyRoom(roomBytes)
  readonly #held = new Map<string, Held>()
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Grants by the hash of their token, so that a comparison tells nothing of it. */
  #grants: ReadonlyMap<string, Grant> = new Map()
  #unusable: Readonly<Record<string, string>> = {}
  #reporting: Disposable | null = null
  #refusals = { minute: 0, logged: 0, more: 0 }
  #stopping = false

  constructor(parts: ProxyServerParts) {
    this.#parts = parts
    // Node's own bounds: headers within 10 s, the whole request within five minutes.
    this.#server = createServer(
      { headersTimeout: 10_000, requestTimeout: 300_000, keepAliveTimeout: 30_000, connectionsCheckingInterval: 2_000 },
      (request, response) => this.#take(request, response),
    )
    this.#server.maxConnections = mostConnections
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    const refuse = (_: IncomingMessage, socket: NodeJS.WritableStream) =>
      void socket.end('HTTP/1.1 501 Not Implemented\r\nconnection: close\r\n\r\n')
    this.#server.on('upgrade', refuse)
    this.#server.on('connect', refuse)
  }

  /** Listens on the port, or on any that is free when another program holds it. Resolves with the port. */
  async start({ port }: ProxySettings): Promise<number> {
    const bound = await this.#listen(port).catch((error: NodeJS.ErrnoException) => {
      if (port === 0 || (error.code !== 'EADDRINUSE' && error.code !== 'EACCES')) throw error
      return this.#listen(0)
    })
    this.#reporting = this.#parts.clock.after(reportEveryMs, () => this.#report())
    return bound
  }

  /** Takes what may be called by whom from now on. Breakers that stay keep their state; calls under way end as they began. */
  plan({ targets, unusable, grants, records }: ProxyPlan): void {
    this.#unusable = unusable
    this.#grants = new Map(grants.map((grant) => [hashed(grant.token), grant]))
    const ids = new Set(targets.map(({ id }) => id))
    for (const [id, held] of this.#held) {
      if (ids.has(id)) continue
      this.#held.delete(id)
      held.check[Symbol.dispose]()
      void held.target.drain().then(() => held.target[Symbol.asyncDispose]())
    }
    for (const plan of targets) this.#hold(plan, records[plan.id] ?? null)
    this.#tellReports()
  }

  isolate(id: string): void {
    this.#held.get(id)?.target.gate.isolate()
  }

  reset(id: string): void {
    this.#held.get(id)?.target.gate.reset()
  }

  /** Null when it is not checked. */
  async check(id: string): Promise<CheckAnswer | null> {
    return (await this.#held.get(id)?.check.now()) ?? null
  }

  /** Takes no more calls, lets those under way end for a while, and gives everything back. */
  async stop(): Promise<void> {
    if (this.#stopping) return
    this.#stopping = true
    this.#reporting?.[Symbol.dispose]()
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeIdleConnections()
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const patience = this.#parts.clock.after(drainMs, resolve)
    const held = [...this.#held.values()]
    for (const { check } of held) check[Symbol.dispose]()
    await Promise.race([Promise.all(held.map(({ target }) => target.drain())), late])
    patience[Symbol.dispose]()
    for (const socket of this.#sockets) socket.destroySoon()
    this.#server.closeAllConnections()
    await Promise.all(held.map(({ target }) => target[Symbol.asyncDispose]()))
    await closed
  }

  #listen(port: number): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    this.#server.once('error', reject)
    this.#server.listen(port, '127.0.0.1', () => {
      this.#server.off('error', reject)
      const address = this.#server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
    return promise
  }

  #hold(plan: TargetPlan, record: TargetReport['record'] | null): void {
    const known = this.#held.get(plan.id)
    if (known) {
      known.target.redefine(plan)
      known.check.redefine(plan)
      return
    }
    const { clock, random } = this.#parts
    const onChanged = () => {
      const held = this.#held.get(plan.id)
      if (!held) return
      this.#parts.send({ type: 'changed', id: plan.id, report: reportOf(held) })
      held.check.stateChanged()
    }
    const target = new ProtectedTarget(plan, { clock, random, room: this.#room, record, onChanged })
    this.#held.set(plan.id, { target, check: new TargetCheck(target, plan, clock), told: '' })
  }

  /** `/<token>/<dependency>` and what the service added. */
  #take(request: IncomingMessage, response: ServerResponse): void {
    const [, token = '', dependency = '', rest = ''] =
      /^\/([^/?#]{1,128})\/([a-z][a-z0-9-]*)([/?].*)?$/.exec(request.url ?? '') ?? []
    const grant = this.#grants.get(hashed(token))
    if (!grant?.dependencies.includes(dependency)) {
      this.#refuse(request, response, grant ?? null, dependency)
      return
    }
    const held = this.#held.get(dependency)
    if (!held) {
      refuse(
        response,
        503,
        'dependency-unusable',
        this.#unusable[dependency] ?? `There is no dependency ${dependency}.`,
      )
      return
    }
    const through = `/${token}/${dependency}`
    void held.target.handle({ request, response, rest, through, caller: grant.service })
  }

  #refuse(request: IncomingMessage, response: ServerResponse, grant: Grant | null, dependency: string): void {
    const sentence =
      grant === null
        ? 'This address belongs to no service of the site. Use the one in WHEELHOUSE_DEPENDENCY_<ID>.'
        : `The service ${grant.service} does not use ${dependency || 'a dependency'} in site.yaml, so it may not call it.`
    refuse(response, 403, 'call-refused', sentence)
    const minute = Math.floor(this.#parts.clock.monotonic() / 60_000)
    if (this.#refusals.minute !== minute) this.#refusals = { minute, logged: 0, more: this.#refusals.more }
    if (this.#refusals.logged >= mostRefusalsLogged) {
      this.#refusals.more++
      return
    }
    this.#refusals.logged++
    const fields = {
      service: grant?.service ?? null,
      dependency,
      method: request.method ?? '',
      unlogged: this.#refusals.more,
    }
    this.#refusals.more = 0
    this.#parts.send({ type: 'log', level: 'warn', message: 'A call through the local proxy was refused.', fields })
  }

  #report(): void {
    if (this.#stopping) return
    this.#tellReports()
    this.#reporting = this.#parts.clock.after(reportEveryMs, () => this.#report())
  }

  #tellReports(): void {
    const reports: Record<string, TargetReport> = {}
    for (const [id, held] of this.#held) {
      const report = reportOf(held)
      const text = JSON.stringify(report)
      if (text === held.told) continue
      held.told = text
      reports[id] = report
    }
    if (Object.keys(reports).length > 0) this.#parts.send({ type: 'reports', reports })
  }
}

function reportOf({ target, check }: Held): TargetReport {
  const { gate } = target
  const { failures } = gate.breaker
  const { record, nextTryAt } = gate
  return { record, nextTryAt, failures, underWay: target.underWay, figures: target.figures, check: check.last }
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  const body = `${JSON.stringify({ error: { code, message } })}\n`
  // What the refused call may still send is not read.
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(body)
}

function hashed(token: string): string {
  return createHash('sha256').update(token).digest('base64')
}
