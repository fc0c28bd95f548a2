import type { OutboxBounds } from '#core/config/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { Database } from '#core/store/index.ts'
import type { OutboxPage, QuarantineChoice } from '#shared/contract/messages.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { DataPlaneHost } from './data-plane-host.ts'
import { messagingEvents } from './event-kinds.ts'
import { shown } from './stored-messages.ts'

/** Messages of a route that one order settles at most. */
const mostAtOnce = 10_000

export interface KeptMessagesParts {
  readonly database: Database
  readonly host: Pick<DataPlaneHost, 'resend'>
  readonly events: EventLog
}

interface QuarantineRow {
  readonly id: number
  readonly route: string
  readonly topic: string
  readonly payload: string | Uint8Array
  readonly target: string | null
}

/** What waits in the outbox as it is shown, and what an operator does with messages in quarantine. */
export class KeptMessages {
  readonly #parts: KeptMessagesParts

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
      sql: `SELECT seq, id, at, expires_at, route, target, topic, bytes, attempts, substr(payload, 1, 16384) AS payload
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
    }
  }

  /**
   * Sends messages of the quarantine again: through their route from its start, or to the target that had refused them. Each leaves the
   * quarantine once it is safe elsewhere. `payload` takes the place of the one message's own.
   */
  async send(choice: QuarantineChoice, payload: string | undefined, cause: Cause): Promise<{ readonly done: number }> {
    return await this.#settle(choice, cause, 'sent', (row) =>
      this.#parts.host.resend({ ...row, payload: payload ?? row.payload }),
    )
  }

  /** Gives messages of the quarantine up for good. */
  async discard(choice: QuarantineChoice, cause: Cause): Promise<{ readonly done: number }> {
    return await this.#settle(choice, cause, 'discarded', async () => {})
  }

  async #settle(
    choice: QuarantineChoice,
    cause: Cause,
    what: 'sent' | 'discarded',
    each: (row: QuarantineRow) => Promise<void>,
  ): Promise<{ readonly done: number }> {
    const rows = this.#chosen(choice)
    const routes = [...new Set(rows.map(({ route }) => route))]
    let done = 0
    try {
      for (const row of rows) {
        await each(row)
        await this.#parts.database.write([{ sql: 'DELETE FROM quarantine WHERE id = ?', values: [row.id] }], 'journal')
        done++
      }
    } finally {
      if (done > 0) this.#tell(what, done, routes, cause)
    }
    return { done }
  }

  #chosen(choice: QuarantineChoice): readonly QuarantineRow[] {
    const { database } = this.#parts
    const columns = 'SELECT id, route, topic, payload, target FROM quarantine'
    if ('route' in choice) {
      return database.all<QuarantineRow>({
        sql: `${columns} WHERE route = ? ORDER BY id LIMIT ?`,
        values: [choice.route, mostAtOnce],
      })
    }
    const row = database.get<QuarantineRow>({ sql: `${columns} WHERE id = ?`, values: [choice.id] })
    if (row) return [row]
    throw new ConsoleError(
      'message-gone',
      `Message ${choice.id} is not in quarantine: it was sent or discarded meanwhile, or gave way to newer ones.`,
      'Look at the list again.',
    )
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
  readonly payload: string | Uint8Array
}): OutboxPage['rows'][number] {
  const { payload, expires_at: expiresAt, ...rest } = row
  const { text, encoding } = shown(payload)
  return { ...rest, expiresAt, payload: text, encoding }
}
