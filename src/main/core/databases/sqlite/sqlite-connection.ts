import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { Clock, Runtime } from '#core/platform/index.ts'
import { DatabaseError, type Place } from '../failures.ts'
import type { Connection, Limits, QueryResult, Row, SqlValue } from '../types.ts'
import { fromCell, toCell } from './cells.ts'
import { sqliteFailure } from './sqlite-failure.ts'
import { answerSchema, type SqliteAnswer, type SqliteOpening } from './sqlite-protocol.ts'

export interface SqliteTarget {
  /** Absolute path. */
  readonly path: string
  readonly place: Place
  readonly runtime: Runtime
  readonly clock: Clock
  /** Told of every helper process with the promise of its end. */
  readonly onHelper?: (gone: Promise<void>) => void
}

/** How long SQLite itself waits for a lock that another program holds. Milliseconds. */
const busyMs = 5_000

/** One connection to a SQLite database, in a helper process that is killed when a statement takes too long. */
export class SqliteConnection implements Connection {
  readonly #target: SqliteTarget
  readonly #child: ChildProcessWithoutNullStreams
  readonly #ended: (() => void)[] = []
  #alive = true
  #inTransaction = false
  #file = ''
  #errors = ''
  #waiting: { resolve(answer: SqliteAnswer): void; reject(error: unknown): void } | null = null
  #gone: Promise<void>

  /** Rejects with a DatabaseError: `missing` when there is no such file, `damaged` when it is no database. */
  static async open(target: SqliteTarget, limits: Limits): Promise<SqliteConnection> {
    limits.signal?.throwIfAborted()
    const connection = new SqliteConnection(target)
    try {
      const opening: SqliteOpening = { path: target.path, busyMs, parentWatch: target.runtime.program('parent-watch') }
      const answer = await connection.#ask(opening, limits)
      if ('file' in answer) connection.#file = answer.file
      return connection
    } catch (error) {
      connection.kill()
      throw error
    }
  }

  private constructor(target: SqliteTarget) {
    this.#target = target
    const { node } = target.runtime
    const child = spawn(node, ['--max-old-space-size=256', target.runtime.program('sqlite-session')], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: helperEnvironment(),
      windowsHide: true,
    })
    this.#child = child
    this.#gone = new Promise((resolve) => {
      child.once('close', () => {
        this.kill()
        resolve()
      })
      child.once('error', (error) => {
        this.#errors += error.message
        this.kill()
        resolve()
      })
    })
    target.onHelper?.(this.#gone)
    child.stdin.on('error', () => {}) // told by `close`
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-2_000)
    })
    createInterface({ input: child.stdout }).on('line', (line) => this.#hear(line))
  }

  get alive(): boolean {
    return this.#alive
  }

  get inTransaction(): boolean {
    return this.#inTransaction
  }

  async query(text: string, values: readonly SqlValue[], limits: Limits): Promise<QueryResult> {
    limits.signal?.throwIfAborted()
    const answer = await this.#ask({ text, values: values.map(toCell) }, limits)
    if (!('rows' in answer)) throw this.#lost('it gave an answer to another question')
    const rows = answer.rows.map(
      (cells): Row => Object.fromEntries(answer.columns.map((name, index) => [name, fromCell(cells[index] ?? null)])),
    )
    return { rows, count: answer.count }
  }

  async ping(timeoutMs: number): Promise<void> {
    // Looked at by its name only: the file itself is not opened here (SQLite files and fs never meet in one process).
    const found = await stat(this.#target.path, { bigint: false }).catch(() => null)
    if (found === null || `${found.dev}:${found.ino}` !== this.#file) {
      const message =
        found === null ? 'the file was removed while it was open' : 'another file has taken its place while it was open'
      throw new DatabaseError('missing', this.#target.place, { reason: 'file-changed', message })
    }
    await this.query('PRAGMA schema_version', [], { timeoutMs })
  }

  onEnded(listener: () => void): void {
    if (this.#alive) this.#ended.push(listener)
    else listener()
  }

  async close(): Promise<void> {
    if (!this.#alive) return
    const { promise: late, resolve } = Promise.withResolvers<void>()
    using _timer = this.#target.clock.after(1_000, resolve)
    this.#child.stdin.end()
    await Promise.race([this.#gone, late])
    this.kill()
    await this.#gone
  }

  kill(): void {
    if (!this.#alive) return
    this.#alive = false
    this.#inTransaction = false
    this.#child.kill('SIGKILL')
    this.#fail(this.#lost(this.#errors.trim().split('\n').at(-1) || 'its helper process has ended'))
    for (const listener of this.#ended.splice(0)) listener()
  }

  async #ask(document: unknown, { timeoutMs, signal }: Limits): Promise<SqliteAnswer> {
    const { clock, place } = this.#target
    if (!this.#alive) throw this.#lost('its helper process has ended')
    if (this.#waiting) throw this.#lost('two statements were given to one connection at the same time')
    const { promise, resolve, reject } = Promise.withResolvers<SqliteAnswer>()
    this.#waiting = { resolve, reject }
    const giveUp = (reason: unknown) => {
      this.#fail(reason)
      this.kill()
    }
    const onAbort = () => giveUp(signal?.reason)
    using _timer = clock.after(timeoutMs, () => {
      const message = `a statement took longer than ${Math.round(timeoutMs / 100) / 10} s and was ended`
      giveUp(new DatabaseError('timeout', place, { reason: 'helper-killed', message }))
    })
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      this.#child.stdin.write(`${JSON.stringify(document)}\n`)
      const answer = await promise
      if (!('failed' in answer)) return answer
      throw sqliteFailure(place, answer.failed)
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  #hear(line: string): void {
    const answer = answerIn(line)
    // Of a helper that was ended while it wrote, the half of a line is heard.
    if (!answer) {
      this.kill()
      return
    }
    if ('inTransaction' in answer) this.#inTransaction = answer.inTransaction
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.resolve(answer)
  }

  #fail(error: unknown): void {
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.reject(error)
  }

  #lost(message: string): DatabaseError {
    return new DatabaseError('lost', this.#target.place, { reason: 'helper-ended', message })
  }
}

function answerIn(line: string): SqliteAnswer | null {
  try {
    return answerSchema.parse(JSON.parse(line))
  } catch {
    return null
  }
}

function helperEnvironment(): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const name of ['PATH', 'HOME', 'LANG', 'TMPDIR', 'SystemRoot', 'TEMP', 'APPDATA']) {
    const value = process.env[name]
    if (value !== undefined) environment[name] = value
  }
  return environment
}
