import { closeSync, constants, lstatSync, openSync, readSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { newId } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { FileEntry, Look } from '../repository/tree.ts'
import type { FileReader, ReadFile } from './file-reader.ts'
import { hadRested, lookOf, newestMs, sameLook } from './look.ts'

const magic = Buffer.from('SQLite format 3\0')
/** Files that SQLite puts beside a database. The first is only shared memory and is made anew. */
export const sidecars = ['-shm', '-wal', '-journal'] as const

export type Sidecar = (typeof sidecars)[number]

/** `as files`: what looks like a database is none to be opened. */
export type DatabaseMode = 'through SQLite' | 'as it lies' | 'as files'

export interface DatabasePorts {
  /** Cuts into chunks for databases. */
  readonly reader: FileReader
  /** Copies a live database into a new file and has SQLite check it there, in a process of its own. Rejects when it is damaged. */
  copy(from: string, to: string): Promise<unknown>
  /** Folder for working copies. */
  readonly temporary: string
  /** Wall-clock milliseconds. */
  now(): number
}

/** What became of a database: its content, and whether the log files beside it are part of that. */
export interface CapturedDatabase {
  readonly read: ReadFile
  readonly database: NonNullable<FileEntry['database']>
  /** The log files beside it that belong to its content, when it was taken as it lies. */
  readonly logs: readonly { readonly ending: Sidecar; readonly read: ReadFile }[]
  /** A sentence when it could not be taken as it should be. */
  readonly warning: string | null
  /** What SQLite finds wrong with what was taken, null for nothing; undefined when it was not asked. */
  readonly problem?: string | null | undefined
}

/** Whether a file begins as SQLite databases do; and bytes 24 to 27, which count its changes outside WAL mode. */
export function sniff(handle: number): { readonly counter: string } | undefined {
  const header = Buffer.alloc(28)
  if (readSync(handle, header, 0, 28, 0) < 28 || !header.subarray(0, 16).equals(magic)) return undefined
  return { counter: header.toString('hex', 24, 28) }
}

/** The look of a database's write-ahead log; null when there is none, or an empty one. */
export function walLook(path: Buffer): Look | null {
  const stat = lstatSync(beside(path, '-wal'), { bigint: true, throwIfNoEntry: false })
  return stat && stat.size > 0n ? lookOf(stat) : null
}

/** Whether a database looks as it did when `entry` was captured: neither it nor its log has changed. */
export function databaseRested(
  entry: FileEntry,
  look: Look,
  wal: Look | null,
  counter: string,
  readAt: number,
): boolean {
  return (
    entry.database !== undefined &&
    entry.database.counter === counter &&
    sameLook(entry.look, look) &&
    sameLook(entry.database.wal, wal) &&
    hadRested(look, readAt) &&
    (wal === null || hadRested(wal, readAt))
  )
}

/**
 * Takes a database. Through SQLite: a consistent copy beside any writer. As it lies: file and logs byte for byte, for
 * restore points; only if nobody writes to it, else through SQLite. What SQLite cannot read is taken as it lies.
 */
export async function captureDatabase(
  path: Buffer,
  mode: DatabaseMode,
  ports: DatabasePorts,
): Promise<CapturedDatabase> {
  if (mode === 'as it lies') {
    const still = await captureStill(path, ports)
    if (still) return still
  }
  if (!Buffer.from(path.toString('utf8')).equals(path)) {
    return captureRaw(path, ports, 'its name is not UTF-8, so SQLite could not be asked for a copy')
  }
  try {
    return await captureCopy(path, ports)
  } catch (error) {
    if (!(error instanceof ConsoleError) || error.problem.code === 'database-missing') throw error
    return captureRaw(path, ports, error.message)
  }
}

async function captureCopy(path: Buffer, ports: DatabasePorts): Promise<CapturedDatabase> {
  const before = await withHandle(path, sniff)
  const look = lookOf(lstatSync(path, { bigint: true }))
  const wal = walLook(path)
  const copy = join(ports.temporary, newId('db'))
  await ports.copy(path.toString('utf8'), copy)
  try {
    const handle = openSync(copy, 'r')
    try {
      const read = await ports.reader.read(handle)
      const database = { how: 'copy', wal, counter: before?.counter ?? '' } as const
      // The copy was checked: once the same bytes are stored they need not be written out to be checked again.
      return { read: { ...read, look }, database, logs: [], warning: null, ...(!read.torn && { problem: null }) }
    } finally {
      closeSync(handle)
    }
  } finally {
    await rm(copy, { force: true })
  }
}

/** Byte for byte, if file and logs do not change while they are read. */
async function captureStill(path: Buffer, ports: DatabasePorts): Promise<CapturedDatabase | undefined> {
  for (let attempt = 0; attempt < 4; attempt++) {
    const before = looks(path)
    // A change within the same tick of the clock would not show: let it rest first.
    if (before.some((look) => look && newestMs(look) > ports.now() - 60)) await pause(80)
    else {
      const captured = await captureAsItLies(path, ports)
      if (
        !captured.read.torn &&
        captured.logs.every((log) => !log.read.torn) &&
        looks(path).every((look, index) => sameLook(look, before[index] ?? null))
      ) {
        return { ...captured, warning: null }
      }
    }
  }
  return undefined
}

async function captureRaw(path: Buffer, ports: DatabasePorts, why: string): Promise<CapturedDatabase> {
  return { ...(await captureAsItLies(path, ports)), warning: `${why} It was kept byte for byte.` }
}

async function captureAsItLies(path: Buffer, ports: DatabasePorts): Promise<Omit<CapturedDatabase, 'warning'>> {
  const wal = walLook(path)
  const logs: { ending: Sidecar; read: ReadFile }[] = []
  const main = await withHandle(path, async (handle) => {
    const counter = sniff(handle)?.counter ?? ''
    return { read: await ports.reader.read(handle), counter }
  })
  for (const ending of ['-wal', '-journal'] as const) {
    const log = beside(path, ending)
    if (!lstatSync(log, { throwIfNoEntry: false })?.isFile()) continue
    logs.push({ ending, read: await withHandle(log, (handle) => ports.reader.read(handle)) })
  }
  return { read: main.read, database: { how: 'raw', wal, counter: main.counter }, logs }
}

function looks(path: Buffer): readonly (Look | null)[] {
  return [path, beside(path, '-wal'), beside(path, '-journal')].map((file) => {
    const stat = lstatSync(file, { bigint: true, throwIfNoEntry: false })
    return stat ? lookOf(stat) : null
  })
}

function beside(path: Buffer, ending: Sidecar): Buffer {
  return Buffer.concat([path, Buffer.from(ending)])
}

async function withHandle<T>(path: Buffer, use: (handle: number) => T | Promise<T>): Promise<T> {
  const handle = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  try {
    return await use(handle)
  } finally {
    closeSync(handle)
  }
}
