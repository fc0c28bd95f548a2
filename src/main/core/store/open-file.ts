import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type Database from 'better-sqlite3'
import { fileTime } from './copies.ts'
import type { SqliteFailure } from './sqlite-failure.ts'
import type { DatabaseName } from './types.ts'
import type { DatabaseSetup } from './writer-protocol.ts'

/**
 * The files that a connection has open: the database and its write-ahead log. SQLite goes on writing into one that was deleted or
 * replaced, and all of that would be gone when the last connection is closed, or the console killed.
 */
export class OpenFile {
  readonly #name: DatabaseName
  readonly #setup: DatabaseSetup
  readonly #openedAtMs = performance.now()
  readonly #identity: Identity
  /** Of its write-ahead log, which is there from the first write on and stays the same file until the last connection is closed. */
  #logIdentity: Identity

  constructor(name: DatabaseName, setup: DatabaseSetup) {
    this.#name = name
    this.#setup = setup
    this.#identity = identityOf(setup.path)
    this.#logIdentity = identityOf(`${setup.path}-wal`)
  }

  /** How it is that its path does not lead to it any more; null when it does, or when that cannot be told. */
  takenAway(): SqliteFailure | null {
    const { path } = this.#setup
    const now = identityOf(path)
    const log = identityOf(`${path}-wal`)
    this.#logIdentity ??= log
    const what = isOther(this.#identity, now)
      ? { gone: now === null, its: 'file' }
      : isOther(this.#logIdentity, log)
        ? { gone: log === null, its: 'write-ahead log' }
        : null
    if (what === null) return null
    // Where the folder is gone as well, the disk most likely is: it may come back.
    if (what.gone && !existsSync(dirname(path))) return null
    const message = what.gone
      ? `its ${what.its} was taken away while it was in use`
      : `another file lies where its ${what.its} was`
    return { code: 'SQLITE_READONLY_DBMOVED', message }
  }

  /** Writes what the connection still reads as a copy, which then takes its place. Without room for it nothing is written. */
  rescue(database: Database.Database): void {
    const { rescueTo, at } = this.#setup
    if (rescueTo === null) return
    const time = fileTime(Math.round(at + performance.now() - this.#openedAtMs))
    const to = join(rescueTo, `${this.#name}.before-risk.${time}.db`)
    try {
      mkdirSync(rescueTo, { recursive: true, mode: 0o700 })
      const made = openSync(to, 'wx', 0o600)
      closeSync(made)
      database.prepare('VACUUM INTO ?').run(to)
      const written = openSync(to, 'r+')
      fsyncSync(written)
      closeSync(written)
    } catch {
      rmSync(to, { force: true })
    }
  }
}

/** Null when there is no such file; undefined when that cannot be told, because its folder may not be searched or its disk fails. */
type Identity = string | null | undefined

function identityOf(path: string): Identity {
  try {
    const { dev, ino } = statSync(path)
    return `${dev}:${ino}`
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    return code === 'ENOENT' || code === 'ENOTDIR' ? null : undefined
  }
}

function isOther(before: Identity, now: Identity): boolean {
  return typeof before === 'string' && now !== undefined && now !== before
}

/** Whether there is no such file, as far as that can be told. */
export function isGone(path: string): boolean {
  return identityOf(path) === null
}
