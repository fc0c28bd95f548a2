import type { CrashPoints } from '#core/platform/index.ts'
import { type RecordClass, ruleOf } from './record-classes.ts'
import type { DatabaseName, Statement } from './types.ts'
import { type Waiting, WriterDatabase, type WriterVoice } from './writer-database.ts'

/** The precious database first, so that a flood of messages never stands before an operator's action for long. */
const order: readonly DatabaseName[] = ['control', 'messages']

/** All databases with what waits to be written to them. Lives in the writer thread. */
export class Writer {
  readonly databases: Readonly<Record<DatabaseName, WriterDatabase>>
  #scheduled = false

  constructor(voice: WriterVoice, crashPoints: CrashPoints) {
    this.databases = {
      control: new WriterDatabase('control', voice, crashPoints),
      messages: new WriterDatabase('messages', voice, crashPoints),
    }
  }

  /** Takes a unit; it is committed with everything else that waits when this turn of the event loop is over. */
  add(
    database: DatabaseName,
    write: { readonly id: number; readonly recordClass: RecordClass; readonly statements: readonly Statement[] },
    waiting: Waiting,
  ): void {
    const { durability } = ruleOf(write.recordClass)
    this.databases[database].add({ unit: { durability, statements: write.statements }, id: write.id, waiting })
    this.schedule()
  }

  /** Sees to it that what waits is written. */
  schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      for (const name of order) this.databases[name].commitOneGroup()
      if (order.some((name) => this.databases[name].hasWork)) this.schedule()
    })
  }

  /** Commits what waits, marks the databases as properly closed and closes them. Tells what went wrong with that. */
  close(): readonly string[] {
    return order.flatMap((name) => this.databases[name].close())
  }
}
