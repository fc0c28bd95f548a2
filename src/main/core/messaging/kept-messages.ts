import type { OutboxBounds } from '#core/config/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { Database } from '#core/store/index.ts'
import type { OutboxPage, QuarantineChoice, Settled } from '#shared/contract/messages.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { shownBrought } from './brought.ts'
import type { DataPlaneHost } from './data-plane-host.ts'
import { messagingEvents } from './event-kinds.ts'
import { restoredProperties } from './message-properties.ts'
import { firstBytes, shownFirst } from './shown-payload.ts'

/** Messages of a route that one order settles at most. */
const mostAtOnce = 10_000

export interface KeptMessagesParts {
  readonly database: Database
  readonly host: Pick<DataPlaneHost, 'resend' | 'ask'>
  readonly events: EventLog
}

interface QuarantineRow {
  readonly id: number
  readonly route: string
  readonly topic: string
  readonly payload: string | Uint8Array
  readonly target: string | null
  readonly properties: string | null
  readonly client: string | null
}

/** A message of the quarantine without what is large of it. */
interface Chosen {
  readonly id: number
  readonly route: string
  readonly bytes: number
  readonly cutFrom: number | null
}

/** Messages that are sent again together, and their bytes; the next wait until those are safe. */
const togetherRows = 100
const togetherBytes = 4 * 1024 * 1024

/** What waits in the outbox as it is shown, and what an operator does with messages in quarantine. */
export class KeptMessages {
  readonly #parts: KeptMessagesParts
  /** Those of the quarantine that an order has in its hands: a second one would send them twice. */
  readonly #busy = new Set<number>()

  constructor(parts: KeptMessagesParts) {
    this.#parts = parts
  }

  /** Messages that wait, oldest first, from behind `after`; and how many wait for each target. Counted in the reader thread. */
  async outbox(
    query: { readonly route?: string | undefined; readonly after?: number | undefined; readonly limit: number },
    bounds: OutboxBounds,
  ): Promise<OutboxPage> {
    const { route, after = 0, limit } = query
    const { database } = this.#parts
    const which = route === undefined ? '' : 'AND route = ?'
    const found = await database.query<Parameters<typeof shownRow>[0]>({
      sql: `SELECT seq, id, at, expires_at, route, target, topic, octet_length(payload) AS bytes, attempts, key, properties, client, ${firstBytes(16_384)}
            FROM outbox WHERE seq > ? ${which} ORDER BY seq LIMIT ?`,
      values: [after, ...(route === undefined ? [] : [route]), limit + 1],
      name: 'list outbox',
    })
    const targets = await database.query<OutboxPage['targets'][number]>({
      sql: `SELECT s.route, s.target, s.rows, s.bytes, o.at AS oldestAt
            FROM (SELECT route, target, count(*) AS rows, sum(bytes) AS bytes, min(seq) AS first FROM outbox GROUP BY route, target) AS s
            JOIN outbox AS o ON o.seq = s.first ORDER BY s.rows DESC`,
      name: 'count outbox',
    })
    return {
      rows: found.slice(0, limit).map(shownRow),
      more: found.length > limit,
      targets: [...targets],
      bounds: { ...bounds },
      horizon: await this.#horizon(),
    }
  }

  /** Not known while the router is being started. */
  async #horizon(): Promise<OutboxPage['horizon']> {
    try {
      const answer = await this.#parts.host.ask({ type: 'outbox-horizon' })
      return answer.type === 'outbox-horizon' ? answer.horizon : null
    } catch (error) {
      if (error instanceof ConsoleError) return null
      throw error
    }
  }

  /** Tries the target of a waiting message at once, or gives the message up. Rejects with `message-gone` or `message-under-way`. */
  async settleWaiting(seq: number, what: 'send' | 'discard', cause: Cause): Promise<{ readonly done: number }> {
    const { database, host, events } = this.#parts
    const row = database.get<{ route: string; target: string; topic: string; bytes: number }>({
      sql: 'SELECT route, target, topic, bytes FROM outbox WHERE seq = ?',
      values: [seq],
    })
    if (!row) throw noLongerWaits(seq)
    const { route, target, topic, bytes } = row
    const answer = await host.ask({ type: 'outbox-row', order: { seq, route, target, bytes, what } })
    if (answer.type !== 'outbox-row' || answer.result === 'gone') throw noLongerWaits(seq)
    if (answer.result === 'under way') {
      throw new ConsoleError(
        'message-under-way',
        `Message ${seq} was not discarded: it has been sent to ${target}, which has not confirmed it yet.`,
        'Wait until it is confirmed or comes back, then look again.',
        { retryable: true },
      )
    }
    if (what === 'send') return { done: 1 }
    await database.write([{ sql: 'DELETE FROM outbox WHERE seq = ?', values: [seq] }], 'outbox')
    events.emit({
      kind: messagingEvents.outboxDiscarded,
      subject: `route:${route}`,
      severity: 'notice',
      message: `A message from ${topic} that waited for ${target} was discarded.`,
      cause,
      data: { route, target, topic, bytes },
    })
    return { done: 1 }
  }

  /**
   * Sends messages of the quarantine again: through their route from its start, or to the target that had refused them. Each leaves the
   * quarantine once it is safe elsewhere. `payload` takes the place of the one message's own.
   */
  async send(choice: QuarantineChoice, payload: string | undefined, cause: Cause): Promise<Settled> {
    const { host } = this.#parts
    const isSendable = ({ cutFrom }: Chosen) => cutFrom === null || payload !== undefined
    return await this.#settle(choice, isSendable, 'sent', cause, async (ids) => {
      const rows = this.#rows(ids)
      const sent = await Promise.allSettled(rows.map((row) => host.resend({ ...row, payload: payload ?? row.payload })))
      const failed = sent.find((one) => one.status === 'rejected')
      return {
        safe: rows.flatMap(({ id }, index) => (sent[index]?.status === 'fulfilled' ? [id] : [])),
        ...(failed && { failed: failed.reason }),
      }
    })
  }

  /** Gives messages of the quarantine up for good. */
  async discard(choice: QuarantineChoice, cause: Cause): Promise<Settled> {
    return await this.#settle(
      choice,
      () => true,
      'discarded',
      cause,
      async (ids) => ({ safe: ids }),
    )
  }

  async #settle(
    choice: QuarantineChoice,
    isWanted: (one: Chosen) => boolean,
    what: 'sent' | 'discarded',
    cause: Cause,
    each: (ids: readonly number[]) => Promise<{ readonly safe: readonly number[]; readonly failed?: unknown }>,
  ): Promise<Settled> {
    const chosen = this.#chosen(choice)
    const wanted = chosen.filter((one) => !this.#busy.has(one.id) && isWanted(one))
    const [only] = chosen
    if (wanted.length === 0 && only && 'id' in choice) throw this.#busy.has(only.id) ? busy(only) : cut(only)
    for (const { id } of wanted) this.#busy.add(id)
    const routes = [...new Set(wanted.map(({ route }) => route))]
    let done = 0
    try {
      for (const ids of together(wanted)) {
        const { safe, failed } = await each(ids)
        const places = safe.map(() => '?').join(',')
        await this.#parts.database.write(
          [{ sql: `DELETE FROM quarantine WHERE id IN (${places})`, values: [...safe] }],
          'journal',
        )
        done += safe.length
        if (failed !== undefined) throw failed
      }
    } finally {
      for (const { id } of wanted) this.#busy.delete(id)
      if (done > 0) this.#tell(what, done, routes, cause)
    }
    return { done, left: chosen.length - wanted.length }
  }

  #chosen(choice: QuarantineChoice): readonly Chosen[] {
    const { database } = this.#parts
    const columns = 'SELECT id, route, octet_length(payload) AS bytes, cut_from AS cutFrom FROM quarantine'
    if ('route' in choice) {
      return database.all<Chosen>({
        sql: `${columns} WHERE route = ? ORDER BY id LIMIT ?`,
        values: [choice.route, mostAtOnce],
      })
    }
    const row = database.get<Chosen>({ sql: `${columns} WHERE id = ?`, values: [choice.id] })
    if (row) return [row]
    throw new ConsoleError(
      'message-gone',
      `Message ${choice.id} is not in quarantine: it was sent or discarded meanwhile, or gave way to newer ones.`,
      'Look at the list again.',
    )
  }

  #rows(ids: readonly number[]): readonly QuarantineRow[] {
    return this.#parts.database.all<QuarantineRow>({
      sql: `SELECT id, route, topic, payload, target, properties, client FROM quarantine WHERE id IN (${ids.map(() => '?').join(',')}) ORDER BY id`,
      values: [...ids],
    })
  }

  #tell(what: 'sent' | 'discarded', done: number, routes: readonly string[], cause: Cause): void {
    const [route] = routes
    const messages = done === 1 ? 'A message' : `${done} messages`
    const again =
      what === 'sent'
        ? done === 1
          ? 'was sent again'
          : 'were sent again'
        : done === 1
          ? 'was discarded'
          : 'were discarded'
    this.#parts.events.emit({
      kind: what === 'sent' ? messagingEvents.quarantineSent : messagingEvents.quarantineDiscarded,
      subject: routes.length === 1 && route !== undefined ? `route:${route}` : 'router',
      severity: what === 'sent' ? 'info' : 'notice',
      message: `${messages} of route ${routes.join(', ')} in quarantine ${again}.`,
      cause,
      data: { messages: done, routes },
    })
  }
}

/** In their order, in groups that are settled together. */
function together(chosen: readonly Chosen[]): readonly (readonly number[])[] {
  const groups: number[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const one of chosen) {
    const group = groups.at(-1)
    if (!group || group.length >= togetherRows || bytes + one.bytes > togetherBytes) {
      groups.push([one.id])
      bytes = one.bytes
    } else {
      group.push(one.id)
      bytes += one.bytes
    }
  }
  return groups
}

function busy({ id }: Chosen): ConsoleError {
  return new ConsoleError(
    'message-busy',
    `Message ${id} is being sent or discarded already.`,
    'Look at the list again in a moment.',
    { retryable: true },
  )
}

function cut({ id, bytes, cutFrom }: Chosen): ConsoleError {
  return new ConsoleError(
    'message-cut',
    `Message ${id} was not sent again: of its ${cutFrom} bytes only the first ${bytes} were kept.`,
    'Edit it and send what it must be, have its sender send it again, or discard it.',
  )
}

function noLongerWaits(seq: number): ConsoleError {
  return new ConsoleError(
    'message-gone',
    `Message ${seq} does not wait in the outbox: it was delivered, given up or discarded meanwhile.`,
    'Look at the list again.',
  )
}

function shownRow(row: {
  readonly seq: number
  readonly id: string
  readonly at: number
  readonly expires_at: number | null
  readonly route: string
  readonly target: string
  readonly topic: string
  readonly bytes: number
  readonly attempts: number
  readonly key: string | null
  readonly payload: Uint8Array | null
  readonly isText: number
  readonly properties: string | null
  readonly client: string | null
}): OutboxPage['rows'][number] {
  const { payload, isText, expires_at: expiresAt, properties, client, ...rest } = row
  const view = shownBrought(restoredProperties(properties))
  const from = client !== null && { client }
  return { ...rest, expiresAt, ...shownFirst({ payload, isText }), ...from, ...(view && { properties: view }) }
}
