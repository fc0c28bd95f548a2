import type { CrashPoints } from '#core/platform/index.ts'
import { ruleOf } from './record-classes.ts'
import type { DatabaseName } from './types.ts'
import type { HandedWrite } from './write-packing.ts'
import { type Waiting, WriterDatabase, type WriterVoice } from './writer-database.ts'

/**
 * A database with what waits to be written to it. Lives in a writer thread of its own, so that neither a flood of messages nor what
 * their log costs when it is carried over ever stands before an operator's action.
 */
export class Writer {
  readonly database: WriterDatabase
  #scheduled = false

  constructor(name: DatabaseName, voice: WriterVoice, crashPoints: CrashPoints) {
    this.database = new WriterDatabase(name, voice, crashPoints)
  }

  /** Takes a unit; it is committed with everything else that waits when this turn of the event loop is over. */
  add({ id, recordClass, statements }: HandedWrite, waiting: Waiting): void {
    const { durability } = ruleOf(recordClass)
    this.database.add({ unit: { durability, statements }, id, waiting })
    this.schedule()
  }

  /** Sees to it that what waits is written. */
  schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.database.commitOneGroup()
      if (this.database.hasWork) this.schedule()
    })
  }

  /** Commits what waits, marks the database as properly closed and closes it. Tells what went wrong with that. */
  close(): readonly string[] {
    return this.database.close()
  }
}
