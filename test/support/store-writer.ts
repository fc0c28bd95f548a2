import { MessageChannel } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { heldSchema, messagingSchema } from '#core/messaging/index.ts'
import type { DirectReply, DirectWrite, SqlValue } from '#core/store/index.ts'

/** A messages database in memory, written by what comes over ports as the store's writer does it. */
export class StoreWriter implements Disposable {
  readonly #database = new Database(':memory:')
  #end: { close(): void } | undefined
  /** Decides about each write: null lets it be made, a reason refuses it. */
  outcome: () => { readonly reason: string; readonly retryable: boolean } | null = () => null

  constructor() {
    for (const { sql } of [...messagingSchema.migrations, ...heldSchema.migrations]) this.#database.exec(sql)
  }

  /** Serves whoever `attach` gives a port to; an earlier port is cut, with whatever was on it. */
  serve(attach: (port: MessageChannel['port1']) => void): void {
    this.cut()
    const { port1, port2 } = new MessageChannel()
    port2.on('message', (write: DirectWrite) => port2.postMessage(this.#answer(write)))
    this.#end = port2
    attach(port1)
  }

  cut(): void {
    this.#end?.close()
    this.#end = undefined
  }

  all<T>(sql: string, ...values: readonly SqlValue[]): readonly T[] {
    return this.#database.prepare<SqlValue[], T>(sql).all(...values)
  }

  run(sql: string, ...values: readonly SqlValue[]): void {
    this.#database.prepare(sql).run(...values)
  }

  [Symbol.dispose](): void {
    this.cut()
    this.#database.close()
  }

  #answer({ id, statements }: DirectWrite): DirectReply {
    const refusal = this.outcome()
    if (refusal) return { id, error: refusal.reason, retryable: refusal.retryable, rowids: [], rows: [] }
    const rows = this.#database.transaction(() =>
      statements.map(({ sql, values = [] }) => {
        const prepared = this.#database.prepare<unknown[], Record<string, SqlValue>>(sql)
        const given = Array.isArray(values) ? values : [values]
        if (prepared.reader) return prepared.all(...given)
        prepared.run(...given)
        return []
      }),
    )()
    return { id, error: null, retryable: false, rowids: [], rows }
  }
}
