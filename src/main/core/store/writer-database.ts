import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import type Database from 'better-sqlite3'
import type { CrashPoints } from '#core/platform/index.ts'
import { GroupWriter, type Unit, type UnitOutcome } from './group-writer.ts'
import { LogRound } from './log-round.ts'
import { isGone, OpenFile } from './open-file.ts'
import { letShrink, markClosed, openForWriting, tryWriting } from './opening.ts'
import { continueSequences, migrate } from './schema-versions.ts'
import { failureKind, failureOf, type SqliteFailure } from './sqlite-failure.ts'
import type { DatabaseName } from './types.ts'
import type { UnitAnswer } from './write-packing.ts'
import type { DatabaseSetup, WriterOpening } from './writer-protocol.ts'

/** Whoever waits for commits: told once per group, in the order in which units were handed in. */
export interface Waiting {
  outcomes(database: DatabaseName, outcomes: readonly UnitAnswer[]): void
}

export interface PendingUnit {
  readonly unit: Unit
  readonly id: number
  readonly waiting: Waiting
}

/** What the writer says besides the outcomes. */
export interface WriterVoice {
  trouble(database: DatabaseName, failure: SqliteFailure): void
  slow(statement: string, ms: number): void
  busy(retries: number): void
  /** The write-ahead log begins a round of this number. */
  logRound(database: DatabaseName, round: number): void
}

interface Connection {
  readonly database: Database.Database
  readonly group: GroupWriter
  readonly file: OpenFile
  /** Null for a stand-in, whose log nobody asks for. */
  readonly log: LogRound | null
}

const mostUnitsInGroup = 1_000
const mostStatementsInGroup = 2_000
/** The write-ahead log is given back to the file system when it is larger than this and nobody reads in it. Bytes. */
const largestLog = 64 * 1024 * 1024
const groupsBetweenLooks = 20

/** One database as the writer thread has it: open or let go, with what waits to be written to it. */
export class WriterDatabase {
  readonly #name: DatabaseName
  readonly #voice: WriterVoice
  readonly #crashPoints: CrashPoints
  #pending: PendingUnit[] = []
  #connection: Connection | undefined
  #setup: DatabaseSetup | null = null
  /** The disk takes no writes: nothing is tried until a probe succeeds. */
  #readOnly: SqliteFailure | null = null
  #groups = 0
  #busyTold = 0

  constructor(name: DatabaseName, voice: WriterVoice, crashPoints: CrashPoints) {
    this.#name = name
    this.#voice = voice
    this.#crashPoints = crashPoints
  }

  /** Opens and migrates it. A full disk is no obstacle to opening what needs no migration. */
  open(setup: DatabaseSetup): WriterOpening {
    this.#closeConnection()
    this.#setup = setup
    let database: Database.Database | undefined
    try {
      database = openForWriting(setup.path)
      if (setup.pending.length > 0 || setup.isNew) migrate(database, setup.pending, setup.at, this.#crashPoints)
      if (setup.continueFrom !== null) continueSequences(database, setup.continueFrom)
      const connection = this.#connectionOn(database, setup)
      const { readOnly, round } = mark(connection)
      this.#readOnly = readOnly
      if (readOnly === null && setup.rewrite) letShrink(database)
      this.#connection = connection
      return { database: this.#name, failure: null, readOnly, round }
    } catch (error) {
      database?.close()
      const failure = failureOf(error)
      // With nothing to be migrated first, a probe can open it once the disk is back.
      const isReady = !setup.isNew && setup.pending.length === 0 && setup.continueFrom === null
      if (isReady && failureKind(failure) === 'read-only') this.#readOnly = failure
      return { database: this.#name, failure, readOnly: null, round: null }
    }
  }

  get hasWork(): boolean {
    return this.#pending.length > 0 && (this.#connection !== undefined || this.#readOnly !== null)
  }

  add(unit: PendingUnit): void {
    this.#pending.push(unit)
  }

  /** Commits what waits, as much as fits into one group, and tells whoever waits for it. */
  commitOneGroup(): void {
    if (!this.hasWork) return
    if (this.#readOnly !== null) {
      this.#refuse(this.#readOnly)
      return
    }
    const connection = this.#connection
    if (!connection) return
    const taken = connection.file.takenAway()
    if (taken !== null) {
      // Nothing is acknowledged that only a file without a name would hold. What waits is written to what takes its place.
      connection.file.rescue(connection.database)
      this.release()
      this.#voice.trouble(this.#name, taken)
      return
    }
    this.#commit(connection)
  }

  #commit({ group }: Connection): void {
    const taken = this.#pending.splice(0, groupSize(this.#pending))
    const outcomes = group.commit(taken.map(({ unit }) => unit))
    this.#crashPoints.reach('store.after-commit-before-acknowledgement')
    this.#notice(outcomes)
    tell(this.#name, taken, outcomes)
    this.#tellBusy(group)
    this.#lookAtLog()
    if (++this.#groups % groupsBetweenLooks === 0) this.#boundLog()
  }

  /** Tries to write durably; when that works, writing goes on. */
  probe(): SqliteFailure | null {
    const setup = this.#setup
    if (this.#readOnly === null || setup === null) return null
    try {
      // A file system that comes back may be another one: what is open refers to the old.
      this.#connection ??= this.#connectionOn(openForWriting(setup.path, 'existing'), setup)
      tryWriting(this.#connection.database)
      this.#readOnly = null
      return null
    } catch (error) {
      const failure = this.#missing() ?? failureOf(error)
      if (failureKind(failure) === 'damaged') {
        this.release()
        this.#voice.trouble(this.#name, failure)
      } else if (failure.code !== 'SQLITE_FULL') {
        this.#closeConnection()
      }
      return failure
    }
  }

  /** Closes it as it is, without the mark of a clean close. What waits goes on waiting. */
  release(): void {
    this.#closeConnection()
    this.#readOnly = null
  }

  /** Gives free pages back to the file system. */
  shrink(pages: number): void {
    if (this.#readOnly !== null) return
    try {
      // Not as a pragma: that would take one step only, and give one page back.
      this.#connection?.database.exec(`PRAGMA incremental_vacuum(${pages})`)
      // The file itself becomes shorter when the log is carried over.
      this.#connection?.database.pragma('wal_checkpoint(PASSIVE)')
      this.#boundLog()
    } catch (error) {
      this.#notice([{ failed: failureOf(error) }])
    }
  }

  /** Refuses what still waits, marks the database as properly closed and closes it. Tells what went wrong with that. */
  close(): readonly string[] {
    while (this.hasWork) this.commitOneGroup()
    this.#refuse({ code: 'closed', message: 'the site was closed' })
    const connection = this.#connection
    if (!connection) return []
    try {
      markClosed(connection.database, 'cleanly')
      this.#crashPoints.reach('store.while-closing')
      connection.database.pragma('wal_checkpoint(TRUNCATE)')
      return []
    } catch (error) {
      return [`The ${this.#name} database could not be closed properly: ${failureOf(error).message}.`]
    } finally {
      this.#closeConnection()
    }
  }

  #connectionOn(database: Database.Database, setup: DatabaseSetup): Connection {
    const onSlow = (statement: string, ms: number) => this.#voice.slow(statement, ms)
    return {
      database,
      group: new GroupWriter(database, { crashPoints: this.#crashPoints, onSlow }),
      file: new OpenFile(this.#name, setup),
      log: setup.round === null ? null : new LogRound(database, setup.round),
    }
  }

  #lookAtLog(): void {
    const round = this.#readOnly === null ? this.#connection?.log?.look() : null
    if (typeof round === 'number') this.#voice.logRound(this.#name, round)
  }

  #notice(outcomes: readonly UnitOutcome[]): void {
    for (const outcome of outcomes) {
      if (!('failed' in outcome)) continue
      const kind = failureKind(outcome.failed)
      if (kind === 'damaged') this.release()
      if (kind === 'read-only') this.#readOnly = outcome.failed
      if (kind === 'damaged' || kind === 'read-only') {
        this.#voice.trouble(this.#name, outcome.failed)
        return
      }
    }
  }

  #refuse(failed: SqliteFailure): void {
    const refused = this.#pending
    this.#pending = []
    if (refused.length === 0) return
    tell(
      this.#name,
      refused,
      refused.map(() => ({ failed })),
    )
  }

  #tellBusy(group: GroupWriter): void {
    if (group.busyRetries === this.#busyTold) return
    this.#voice.busy(group.busyRetries - this.#busyTold)
    this.#busyTold = group.busyRetries
  }

  /** Long readers keep the log from being used from its start again, and it stays as long as it ever was. */
  #boundLog(): void {
    const database = this.#connection?.database
    if (!database || (statSync(`${this.#setup?.path}-wal`, { throwIfNoEntry: false })?.size ?? 0) <= largestLog) return
    try {
      // Not waited for: while somebody reads in it, it cannot be done.
      database.pragma('busy_timeout = 0')
      database.pragma('wal_checkpoint(TRUNCATE)')
    } catch {
      // Somebody reads in it, or the disk is full: the next group shows that, or a later look succeeds.
    } finally {
      database.pragma('busy_timeout = 5000')
    }
  }

  /** A file that is gone while its folder is there was deleted by somebody; where that is gone as well, the disk most likely is. */
  #missing(): SqliteFailure | null {
    const path = this.#setup?.path
    const deleted = path !== undefined && isGone(path) && !isGone(dirname(path))
    return deleted ? { code: 'SQLITE_NOTADB', message: 'its file is gone' } : null
  }

  #closeConnection(): void {
    this.#connection?.database.close()
    this.#connection = undefined
    this.#busyTold = 0
  }
}

function mark({ database, log }: Connection): Pick<WriterOpening, 'readOnly' | 'round'> {
  try {
    markClosed(database, 'not yet')
    return { readOnly: null, round: log?.begin() ?? null }
  } catch (error) {
    const failure = failureOf(error)
    if (failureKind(failure) !== 'read-only') throw error
    return { readOnly: failure, round: null }
  }
}

function groupSize(pending: readonly PendingUnit[]): number {
  let statements = 0
  for (const [index, { unit }] of pending.entries()) {
    statements += unit.statements.length
    if (index > 0 && (index >= mostUnitsInGroup || statements > mostStatementsInGroup)) return index
  }
  return pending.length
}

function tell(database: DatabaseName, taken: readonly PendingUnit[], outcomes: readonly UnitOutcome[]): void {
  const byWaiting = new Map<Waiting, UnitAnswer[]>()
  for (const [index, { id, waiting }] of taken.entries()) {
    const outcome = outcomes[index] ?? { failed: { code: 'unknown', message: 'no outcome was recorded' } }
    const list = byWaiting.get(waiting)
    if (list) list.push({ id, outcome })
    else byWaiting.set(waiting, [{ id, outcome }])
  }
  for (const [waiting, list] of byWaiting) waiting.outcomes(database, list)
}
