import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Attention } from '#core/attention/index.ts'
import type { TableDefinition } from '#core/config/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { TableContents } from './lookup-tables.ts'
import { parseTable, type TableRow, tableBounds } from './table-file.ts'

/** How often the files are looked at. */
const lookMs = 5_000

export interface SiteTablesParts {
  readonly clock: Clock
  readonly events: EventLog
  readonly attention: Attention
  /** Gets all tables whenever one of them changed. */
  readonly onChange: (contents: TableContents) => void
}

interface Kept {
  readonly definition: TableDefinition
  /** Of the file that was read last, so that an unchanged one is not read again. */
  stamp: string
  rows: ReadonlyMap<string, TableRow>
  failure: string | null
}

/** Reads the tables of a site from their files, and again when those change. One that cannot be read keeps what it held. */
export class SiteTables implements AsyncDisposable {
  readonly #parts: SiteTablesParts
  #directory = ''
  #tables: readonly Kept[] = []
  #timer: Disposable | undefined
  #turn: Promise<void> = Promise.resolve()
  #closed = false

  constructor(parts: SiteTablesParts) {
    this.#parts = parts
  }

  get contents(): TableContents {
    return Object.fromEntries(this.#tables.map(({ definition, rows, failure }) => [definition.id, { rows, failure }]))
  }

  /** Takes over which tables there are, below the site's folder; resolves once they have been read. */
  configure(directory: string, definitions: readonly TableDefinition[]): Promise<void> {
    return this.#next(async () => {
      const before = new Map(this.#tables.map((table) => [JSON.stringify(table.definition), table]))
      const known = directory === this.#directory
      const next = definitions.map((definition): Kept => {
        const same = known ? before.get(JSON.stringify(definition)) : undefined
        return same ?? { definition, stamp: '', rows: new Map(), failure: null }
      })
      for (const { definition, failure } of this.#tables) {
        if (failure !== null && !next.some((table) => table.definition.id === definition.id))
          this.#parts.attention.clear(cardOf(definition), removed)
      }
      this.#directory = directory
      this.#tables = next
      await this.#look()
      this.#parts.onChange(this.contents)
      this.#again()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#timer?.[Symbol.dispose]()
    await this.#turn
  }

  #next(action: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(action)
    this.#turn = turn.catch(() => {})
    return turn
  }

  #again(): void {
    this.#timer?.[Symbol.dispose]()
    if (this.#closed || this.#tables.length === 0) return
    this.#timer = this.#parts.clock.after(lookMs, () => {
      void this.#next(async () => {
        if (await this.#look()) this.#parts.onChange(this.contents)
        this.#again()
      })
    })
  }

  /** Whether any of them changed. */
  async #look(): Promise<boolean> {
    const changed = await Promise.all(this.#tables.map((table) => this.#read(table)))
    return changed.includes(true)
  }

  async #read(table: Kept): Promise<boolean> {
    const { file, key } = table.definition
    const path = join(this.#directory, file)
    try {
      const { size, mtimeMs, ino } = await stat(path)
      const stamp = `${size} ${mtimeMs} ${ino}`
      if (stamp === table.stamp) return false
      table.stamp = stamp
      if (size > tableBounds.bytes) throw new Error(`it has ${size} bytes, more than ${tableBounds.bytes}`)
      table.rows = parseTable(await readFile(path, 'utf8'), file, key)
      this.#well(table)
      return true
    } catch (error) {
      const failure = failureOf(error)
      if (failure === table.failure) return false
      // A file that was not there is read as soon as it is, whatever its time.
      if (failure === missing) table.stamp = ''
      this.#unwell(table, failure)
      return true
    }
  }

  #well(table: Kept): void {
    if (table.failure === null) return
    table.failure = null
    const { cause } = this.#parts.events.emit({
      kind: 'table.read',
      subject: `table:${table.definition.id}`,
      severity: 'info',
      message: `Table ${table.definition.id} can be read again: ${table.rows.size} rows.`,
      cause: { type: 'observation', what: `${table.definition.file} was read` },
    })
    this.#parts.attention.clear(cardOf(table.definition), cause)
  }

  #unwell(table: Kept, failure: string): void {
    table.failure = failure
    const { id, file } = table.definition
    const kept =
      table.rows.size > 0
        ? `What it held before is used on: ${table.rows.size} rows.`
        : 'Messages that need it go to quarantine.'
    const { cause } = this.#parts.events.emit({
      kind: 'table.unreadable',
      subject: `table:${id}`,
      severity: 'warning',
      message: `Table ${id} (${file}) ${failure}. ${kept}`,
      cause: { type: 'observation', what: `${file} was read` },
    })
    this.#parts.attention.raise({
      id: cardOf(table.definition),
      subject: `table:${id}`,
      severity: 'warning',
      title: `Table ${id} cannot be read`,
      why: `${file} ${failure}. ${kept}`,
      fixes: [{ label: 'Read site.yaml and its tables again', action: { type: 'reload-config' } }],
      cause,
      dismissible: false,
    })
  }
}

const removed: Cause = { type: 'observation', what: 'site.yaml no longer has the table' }
const missing = 'is not there'

function cardOf({ id }: TableDefinition): string {
  return `table-unreadable:${id}`
}

function failureOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT' || code === 'ENOTDIR') return missing
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this user'
  if (code === 'EISDIR') return 'is a folder, not a file'
  return `cannot be read: ${(error instanceof Error ? error.message : String(error)).replace(/\.$/, '')}`
}
