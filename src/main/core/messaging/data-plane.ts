import type { RouteDefinition, RouteTarget } from '#core/config/index.ts'
import type { Clock, LogLevel } from '#core/platform/index.ts'
import { ConsoleError, type Problem } from '#shared/problem.ts'
import { AdmissionDesk } from './admission/admission-desk.ts'
import { DeliveringLine } from './admission/delivering-line.ts'
import { PassingDesk } from './admission/passing-desk.ts'
import { Receipts } from './admission/receipts.ts'
import { BrokerWays } from './broker-ways.ts'
import { Channels, ChannelTarget } from './channels.ts'
import { DeviceTable } from './devices/device-table.ts'
import { Fifo } from './fifo.ts'
import { Functions } from './function/functions.ts'
import { HeldMessages } from './holding/held-messages.ts'
import { IncomingMessage } from './incoming-message.ts'
import { isDurable, type TargetLedger } from './ledger.ts'
import { LookupTables } from './lookup/lookup-tables.ts'
import { anew, type MessageProperties, restoredProperties } from './message-properties.ts'
import { Outbox } from './outbox/outbox.ts'
import { type Answer, type FromDataPlane, type Question, routerClientPrefix, type ToDataPlane } from './protocol.ts'
import { publishAll } from './recording/publish-all.ts'
import { Recorder } from './recording/recorder.ts'
import { recordedTable } from './recording/tables.ts'
import { Reports } from './reports.ts'
import { Router } from './router.ts'
import { type Sender, Senders } from './sender.ts'
import { StoreLine, StorePort } from './store-line.ts'
import { JournalTarget, StoreQuarantine } from './store-targets.ts'
import { journalTable, quarantineTable } from './tables.ts'
import { TapRing } from './tap-ring.ts'
import type { Target } from './targets.ts'
import { webhookKey } from './webhook/webhook-key.ts'
import { Webhooks } from './webhook/webhooks.ts'

/** How often open taps are served. */
const tapMs = 50

/** How long a stop waits for rows that are on their way to the store. */
const lastRowsMs = 1_000

/** How long a stop waits for messages that are in functions; those that were acknowledged are on the disk. Milliseconds. */
const lastCallsMs = 1_000

/** Rows that may wait for the store, in batches. */
const journalBounds = { rows: 3_000, batches: 17, bytes: 32 * 1024 * 1024, inFlight: 2 }
/** A recording holds nobody up: what finds no room here is lost to it, and counted. */
const recordedBounds = { rows: 3_000, batches: 10, bytes: 24 * 1024 * 1024, inFlight: 2 }
const quarantineBounds = { rows: 1_000, batches: 5, bytes: 8 * 1024 * 1024, inFlight: 4 }

export interface DataPlaneParts {
  readonly clientId: string
  readonly random: () => number
  readonly clock: Clock
  readonly send: (message: FromDataPlane) => void
}

/** Everything that happens to messages, in a thread of its own: the connection, the router, the deliveries, the taps. */
export class DataPlane {
  readonly #send: (message: FromDataPlane) => void
  readonly #taps = new TapRing()
  readonly #tables = new LookupTables()
  readonly #channels = new Channels()
  readonly #devices: DeviceTable
  readonly #port: StorePort
  readonly #journal: StoreLine
  readonly #quarantine: StoreLine
  readonly #recorded: StoreLine
  readonly #recorder: Recorder
  readonly #webhooks: Webhooks
  readonly #outbox: Outbox
  readonly #held: HeldMessages
  readonly #functions: Functions
  readonly #receipts: Receipts
  readonly #desk: AdmissionDesk
  readonly #passing: PassingDesk
  readonly #delivering: DeliveringLine
  readonly #senders = new Senders()
  /** Messages that are not taken until the outbox has room; their senders wait, so there are never many. */
  readonly #late = new Fifo<() => void>()
  readonly #router: Router
  readonly #ways: BrokerWays
  readonly #reports: Reports
  #serving: NodeJS.Timeout | undefined

  constructor({ clientId, random, clock, send }: DataPlaneParts) {
    this.#send = send
    this.#devices = new DeviceTable(clock, this.#tables)
    this.#port = new StorePort(() => send({ type: 'store-port-lost' }))
    this.#journal = new StoreLine(journalTable, journalBounds, this.#port, () => this.#progress())
    this.#quarantine = new StoreLine(quarantineTable, quarantineBounds, this.#port, () => this.#progress())
    this.#recorded = new StoreLine(recordedTable, recordedBounds, this.#port, () => {}, 'recording')
    this.#recorder = new Recorder(this.#recorded)
    this.#webhooks = new Webhooks(clock)
    this.#outbox = new Outbox({
      port: this.#port,
      random,
      now: () => clock.wall(),
      onProgress: () => this.#progress(),
      log: (level, message) => this.#log(level, message),
    })
    this.#outbox.openEach('webhook', ({ route, address }) => this.#webhooks.way(webhookKey(route, address)))
    this.#held = new HeldMessages({
      port: this.#port,
      now: () => clock.wall(),
      routes: () => this.#router.routes(),
      take: (go, settle) => this.#takeSafely(go, settle),
      onProgress: () => this.#progress(),
      log: (level, message) => this.#log(level, message),
    })
    this.#functions = new Functions({
      clock,
      log: (level, message) => this.#log(level, message),
      onProgress: () => this.#progress(),
    })
    this.#receipts = new Receipts([this.#held.line, this.#outbox.line, this.#journal, this.#quarantine])
    this.#desk = new AdmissionDesk({
      take: (topic, payload, client, qos, settle) =>
        this.#take(this.#ways.embedded ?? '', this.#senders.of(client), topic, payload, qos, false, settle),
    })
    const fullness = () =>
      Math.max(this.#journal.fullness, this.#outbox.line.fullness, this.#held.line.fullness, this.#functions.fullness)
    this.#passing = new PassingDesk({
      take: (topic, payload, client) =>
        this.#take(this.#ways.embedded ?? '', this.#senders.of(client), topic, payload, 0, false, null),
      fullness: () => Math.max(fullness(), this.#ways.embeddedFullness),
    })
    const lost = (rows: number, reason: string) =>
      this.#log('warn', `${rows} messages could not be kept in quarantine: ${reason}.`)
    this.#router = new Router({
      quarantine: new StoreQuarantine(this.#quarantine, lost),
      makeTarget: (route, to, ledger) => this.#target(route, to, ledger),
      taps: this.#taps,
      recorder: this.#recorder,
      clock,
      tables: this.#tables,
      holdingOf: (route, ledger) => this.#held.of(route, ledger),
      devices: this.#devices,
      functions: this.#functions,
    })
    this.#delivering = new DeliveringLine({
      clientId: routerClientPrefix + clientId,
      onRoom: () => this.#ways.deliveringRoom(),
      published: (topic, payload, client) =>
        this.#take(this.#ways.embedded ?? '', this.#senders.of(client), topic, payload, 0, false, null),
    })
    this.#ways = new BrokerWays({
      clientId,
      delivering: this.#delivering,
      random,
      fullness,
      message: (broker, topic, payload, packet, acknowledge, brought) =>
        this.#take(broker, null, topic, payload, packet.qos, packet.retain, acknowledge, brought),
      state: (broker, state, reason) => {
        this.#devices.listen(broker, state === 'connected')
        send({ type: 'link', broker, state, reason })
      },
      opened: (name, way) => this.#outbox.use(name, way.delivery),
      room: (name, reopened) => this.#outbox.wake(name, reopened),
      sent: () => this.#passing.progress(),
      log: (level, message) => this.#log(level, message),
    })
    this.#reports = new Reports({
      router: this.#router,
      clock,
      send,
      turn: () => this.#reportMore(),
    })
  }

  /** Does what the console asks. */
  handle(message: ToDataPlane): void {
    switch (message.type) {
      case 'configure':
        this.#configure(message)
        break
      case 'store-port':
        this.#port.attach(message.port)
        break
      case 'tables':
        this.#tables.replace(message.contents)
        break
      case 'devices':
        this.#devices.load(message.definitions, message.known)
        break
      case 'hold':
        this.#outbox.hold(message.on)
        break
      case 'admission-port':
        this.#desk.attach(message.port)
        break
      case 'passing-port':
        this.#passing.attach(message.port)
        break
      case 'delivering-port':
        this.#delivering.attach(message.port)
        break
      case 'wake':
        this.#ways.to(message.broker).wake()
        break
      case 'publish':
        this.#publish(message)
        break
      case 'resend':
        this.#resend(message)
        break
      case 'tap-open':
        this.#taps.open(message.id, message.filter, message.text, message.route, message.client ?? null)
        this.#serving ??= setInterval(() => this.#serveTaps(), tapMs)
        break
      case 'tap-more':
        this.#taps.grant(message.id)
        break
      case 'tap-close':
        this.#taps.close(message.id)
        if (!this.#taps.active) {
          clearInterval(this.#serving)
          this.#serving = undefined
        }
        break
      case 'channel':
        this.#send({ type: 'channel', id: message.id, messages: this.#channels.read(message.channel) })
        break
      case 'ask':
        this.#send({ type: 'answer', id: message.id, answer: this.#answer(message.question) })
        break
      case 'record':
        this.#recorder.begin(message)
        break
      case 'record-end':
        this.#recorder.end(message.id)
        break
      case 'replay':
        void publishAll((broker) => this.#ways.to(broker ?? undefined), message.messages).then((result) =>
          this.#send({ type: 'replayed', id: message.id, ...result }),
        )
        break
      case 'stop':
        break // the program stops it
    }
  }

  /** Leaves the broker, waits a little for rows on their way, and gives everything back. */
  async stop(): Promise<void> {
    this.#reports[Symbol.dispose]()
    clearInterval(this.#serving)
    this.#router.flushLimits()
    await this.#functions.settled(lastCallsMs)
    this.#router.close()
    await this.#ways.close()
    const functionsEnd = this.#functions[Symbol.asyncDispose]()
    this.#journal.flush()
    this.#quarantine.flush()
    this.#recorded.flush()
    this.#outbox.flush()
    this.#held.flush()
    const deadline = performance.now() + lastRowsMs
    while (
      this.#port.connected &&
      this.#journal.pending +
        this.#quarantine.pending +
        this.#outbox.pending +
        this.#held.pending +
        this.#recorded.pending >
        0 &&
      performance.now() < deadline
    ) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await functionsEnd
    this.#reports.whole()
    this.#devices[Symbol.dispose]()
    this.#desk[Symbol.dispose]()
    this.#passing[Symbol.dispose]()
    this.#delivering[Symbol.dispose]()
    this.#receipts[Symbol.dispose]()
    this.#outbox[Symbol.dispose]()
    this.#held[Symbol.dispose]()
    this.#webhooks[Symbol.dispose]()
    this.#journal.close()
    this.#quarantine.close()
    this.#recorded.close()
    this.#port.close()
  }

  #configure({
    version,
    routes,
    brokers,
    bounds,
    webhooks,
    functions,
  }: Extract<ToDataPlane, { type: 'configure' }>): void {
    this.#outbox.bound(bounds)
    this.#webhooks.use(webhooks)
    if (functions) this.#functions.use(functions)
    this.#ways.know(brokers)
    this.#devices.setHome(this.#ways.home)
    const refused = this.#router.load(routes, this.#ways.home)
    this.#held.serve()
    this.#ways.connect((broker) => this.#router.reservedFilters(broker))
    this.#outbox.wake('webhook', true)
    // The first configuration is the one from before the site was read.
    if (version > 0) {
      this.#desk.open()
      this.#passing.open()
      this.#held.bound(bounds.ageMs)
    }
    this.#send({ type: 'configured', version, refused })
  }

  /** Routes a message; whoever keeps it until then is told when what it caused is safe. */
  #take(
    broker: string,
    sender: Sender | null,
    topic: string,
    payload: Buffer,
    qos: 0 | 1 | 2,
    retained: boolean,
    settle: ((isKept: boolean) => void) | null,
    brought: MessageProperties | null = null,
  ): void {
    const go = () => this.#router.take(topic, payload, qos, retained, Date.now(), brought, broker, sender)
    if (settle === null) go()
    else if (this.#isFull || this.#late.length > 0) this.#late.push(() => this.#takeSafely(go, settle))
    else this.#takeSafely(go, settle)
  }

  /** Has messages routed that somebody keeps until what they cause is safe. */
  #takeSafely(go: () => void, settle: (isKept: boolean) => void): void {
    const before = this.#outbox.senderWaits
    this.#outbox.senderWaits = true
    this.#receipts.take(go, settle)
    this.#outbox.senderWaits = before
  }

  /** Whether messages whose senders wait are not to be taken now. */
  get #isFull(): boolean {
    return this.#outbox.refuses || this.#functions.refuses
  }

  #progress(): void {
    this.#receipts.progress()
    while (!this.#isFull) {
      const late = this.#late.shift()
      if (!late) break
      late()
    }
    this.#ways.progress()
    this.#passing.progress()
  }

  #target(route: RouteDefinition, to: RouteTarget, ledger: TargetLedger): Target {
    switch (to.kind) {
      case 'mqtt':
        return isDurable(to)
          ? this.#outbox.target(route, to, to.topic, ledger, BrokerWays.nameOf(to.broker))
          : this.#ways.to(to.broker).sender.target(to, ledger)
      case 'channel':
        return new ChannelTarget(route.id, ledger, this.#channels.get(to.channel))
      case 'journal':
        return new JournalTarget(route.id, ledger, this.#journal, () => route.broker ?? this.#ways.home)
      case 'webhook':
        return this.#outbox.target(route, to, to.url, ledger)
    }
  }

  #answer(question: Question): Answer {
    switch (question.type) {
      case 'topics':
        return { type: 'topics', ...this.#router.topicsSince(question.after) }
      case 'device':
        return { type: 'device', history: this.#devices.history(question.key) }
      case 'device-forget':
        this.#devices.forget(question.key)
        return { type: 'device-forget' }
      case 'payload':
        return { type: 'payload', payload: this.#taps.whole(question.n, question.at) }
      case 'outbox-row':
        return { type: 'outbox-row', result: this.#outbox.settle(question.order) }
      case 'outbox-horizon':
        return { type: 'outbox-horizon', horizon: this.#outbox.horizon() }
      case 'trail': {
        const { at, topic } = question
        const { trail } = this.#router
        return {
          type: 'trail',
          since: trail.since,
          routes: trail.of(at, topic),
          deliveries: this.#outbox.trail(at, topic),
        }
      }
    }
  }

  #publish(message: Extract<ToDataPlane, { type: 'publish' }>): void {
    const { id, topic, payload, qos, retain } = message
    const way = this.#ways.to(message.broker ?? undefined)
    if (!way.publisher) {
      const { problem } = new ConsoleError(
        'broker-away',
        `The message to ${topic} was not sent, as the router is not connected to ${message.broker === null ? 'the broker' : `the broker ${message.broker}`}. ${way.reason}`.trim(),
        'Start the broker, then publish again.',
        { retryable: true },
      )
      this.#send({ type: 'published', id, problem })
      return
    }
    way.publisher.publish(topic, payload, { qos, retain }, (error) => {
      const problem =
        error !== null
          ? new ConsoleError(
              'publish-unanswered',
              `The broker did not confirm the message to ${topic}: ${error}. It may or may not have arrived.`,
              'Look for the message on the Messages page before publishing it again.',
              { retryable: true },
            ).problem
          : null
      this.#send({ type: 'published', id, problem })
    })
  }

  #resend({ id, route, target, topic, payload, properties, client }: Extract<ToDataPlane, { type: 'resend' }>): void {
    const bytes = Buffer.from(payload)
    const brought = anew(restoredProperties(properties))
    const sender = client === null ? null : { client, user: null }
    let isTaken = false
    const take = () => {
      const now = Date.now()
      if (target === null) {
        isTaken = this.#router.takeAgain(route, topic, bytes, now, brought, sender)
        return
      }
      const message = new IncomingMessage()
      message.hold(topic, topic.split('/'), bytes, now, false, 1, brought, sender)
      isTaken = this.#outbox.takeAgain(route, target, message)
    }
    this.#outbox.senderWaits = true
    this.#receipts.take(take, (isKept) => {
      this.#send({ type: 'published', id, problem: isTaken && isKept ? null : notTaken(route, target) })
    })
    this.#outbox.senderWaits = false
  }

  #serveTaps(): void {
    for (const batch of this.#taps.batches()) this.#send({ type: 'tap', ...batch })
  }

  #reportMore(): void {
    const heard = this.#devices.takeChanged()
    if (heard.devices.length > 0 || heard.families.length > 0) this.#send({ type: 'devices', ...heard })
    const recordings = this.#recorder.takeChanged(Date.now())
    if (recordings.length > 0) this.#send({ type: 'recorded', recordings })
  }

  #log(level: LogLevel, message: string): void {
    this.#send({ type: 'log', level, message, fields: {} })
  }
}

function notTaken(route: string, target: string | null): Problem {
  const where = target === null ? `Route ${route} is not loaded` : `Route ${route} does not deliver to ${target}`
  return new ConsoleError(
    'route-not-loaded',
    `${where}, so the message was not sent again; it stays in quarantine.`,
    'Put the route back, or publish the message by hand and discard this one.',
  ).problem
}
