import type { Clock, Logger } from '#core/platform/index.ts'
import { clientSubscriptionSchema, type ServerSubscription } from '#shared/contract/envelope.ts'
import { subscriptionSchemas, type Topic } from '#shared/contract/subscriptions.ts'
import { ConsoleError, type Problem } from '#shared/problem.ts'
import type { ApiContext } from './context.ts'
import { toProblem } from './failures.ts'
import { eventsTailStream } from './streams/events-tail.ts'
import { jobLogStream } from './streams/job-log.ts'
import { messagesTapStream } from './streams/messages-tap.ts'
import { serviceLogStream } from './streams/service-log.ts'
import { stateStream } from './streams/state.ts'
import type { Stream, StreamHost } from './streams/stream.ts'
import type { ServerTransport } from './transport.ts'

/** Streams that one connection may have open. A screen needs about five. */
const mostStreams = 32
/** While this much waits in the transport, streams hold back even if they have credit. Characters. */
const mostBuffered = 4 * 1_048_576
/** How often a stream that held back for a full transport looks again. Milliseconds. */
const lookAgainMs = 50

interface Open {
  readonly topic: Topic
  credit: number
  stream: Stream | null
  ended: boolean
  again: Disposable | null
}

/** The subscriptions of one connection: credit-based, so a slow reader costs merged or skipped items and no memory. */
export class Subscriptions implements Disposable {
  readonly #transport: ServerTransport
  readonly #send: (message: ServerSubscription) => void
  readonly #context: ApiContext
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #open = new Map<number, Open>()
  readonly #siteChanges: Disposable

  constructor(parts: {
    readonly transport: ServerTransport
    readonly send: (message: ServerSubscription) => void
    readonly context: ApiContext
    readonly clock: Clock
    readonly logger: Logger
  }) {
    this.#transport = parts.transport
    this.#send = parts.send
    this.#context = parts.context
    this.#clock = parts.clock
    this.#logger = parts.logger
    this.#siteChanges = parts.context.console.onSiteChanged(() => this.#endStreamsOfSite())
  }

  /** Takes the JSON of one client message. Throws on what is none: the connection is closed then. */
  receive(json: string): void {
    const message = clientSubscriptionSchema.parse(JSON.parse(json))
    if (message.do === 'open') {
      void this.#openStream(message.id, message.topic, message.params, message.credit)
      return
    }
    const open = this.#open.get(message.id)
    if (!open) return
    if (message.do === 'close') this.#close(message.id, open)
    else {
      open.credit = Math.min(open.credit + message.credit, 1_000)
      this.#flow(message.id, open)
    }
  }

  [Symbol.dispose](): void {
    this.#siteChanges[Symbol.dispose]()
    for (const [id, open] of [...this.#open]) this.#close(id, open)
  }

  async #openStream(id: number, topic: string, params: unknown, credit: number): Promise<void> {
    if (this.#open.has(id)) return
    if (!isTopic(topic) || this.#open.size >= mostStreams) {
      this.#send({ do: 'end', id, problem: refusal(topic) })
      return
    }
    const open: Open = { topic, credit, stream: null, ended: false, again: null }
    this.#open.set(id, open)
    const host: StreamHost = {
      context: this.#context,
      ready: () => this.#flow(id, open),
      end: (problem) => this.#end(id, open, problem),
    }
    try {
      const stream = await start(topic, params, host)
      if (open.ended) {
        stream[Symbol.dispose]()
        return
      }
      open.stream = stream
      this.#flow(id, open)
    } catch (error) {
      this.#end(id, open, toProblem(error, `the stream ${topic}`, this.#logger))
    }
  }

  #flow(id: number, open: Open): void {
    while (open.stream && !open.ended && open.credit > 0) {
      if (this.#transport.buffered() > mostBuffered) {
        open.again ??= this.#clock.after(lookAgainMs, () => {
          open.again = null
          this.#flow(id, open)
        })
        return
      }
      const batch = open.stream.take()
      if (!batch || open.ended) return
      open.credit -= 1
      this.#send({ do: 'batch', id, items: [...batch.items], skipped: batch.skipped })
    }
  }

  #end(id: number, open: Open, problem: Problem | null): void {
    if (open.ended) return
    this.#close(id, open)
    this.#send({ do: 'end', id, problem })
  }

  #close(id: number, open: Open): void {
    open.ended = true
    open.again?.[Symbol.dispose]()
    open.stream?.[Symbol.dispose]()
    this.#open.delete(id)
  }

  #endStreamsOfSite(): void {
    const { problem } = new ConsoleError('site-closed', 'The site was closed.', 'Open it again.', { retryable: true })
    for (const [id, open] of [...this.#open]) if (open.topic !== 'state') this.#end(id, open, problem)
  }
}

function isTopic(topic: string): topic is Topic {
  return Object.hasOwn(subscriptionSchemas, topic)
}

function refusal(topic: string): Problem {
  return isTopic(topic)
    ? new ConsoleError('too-many-streams', `This connection has ${mostStreams} streams open.`, 'Close one first.')
        .problem
    : new ConsoleError('stream-unknown', `There is no stream "${topic}".`, 'Update the older side of the two.').problem
}

function start(topic: Topic, params: unknown, host: StreamHost): Stream | Promise<Stream> {
  switch (topic) {
    case 'state':
      return stateStream(subscriptionSchemas.state.params.parse(params), host)
    case 'messages.tap':
      return messagesTapStream(subscriptionSchemas['messages.tap'].params.parse(params), host)
    case 'events.tail':
      return eventsTailStream(subscriptionSchemas['events.tail'].params.parse(params), host)
    case 'services.log':
      return serviceLogStream(subscriptionSchemas['services.log'].params.parse(params), host)
    case 'jobs.log':
      return jobLogStream(subscriptionSchemas['jobs.log'].params.parse(params), host)
  }
}
