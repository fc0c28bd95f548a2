import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Machine, silentLogger, systemClock } from '#core/platform/index.ts'
import { type DatabaseName, openStore, type Schema, type StoreOptions } from '#core/store/index.ts'
import type { ManualClock } from './manual-clock.ts'
import { testRuntime } from './runtime.ts'

/** Notes with their time: the tables of a store in tests. */
export const notesSchema: Schema = {
  owner: 'notes',
  newest: 'SELECT at FROM notes ORDER BY seq DESC LIMIT 1',
  migrations: [
    {
      version: 1,
      what: 'notes',
      sql: 'CREATE TABLE notes (seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, text TEXT NOT NULL)',
    },
  ],
}

/** What a store in a folder is opened with, unless told otherwise. */
export function storeOptions(directory: string, more: Partial<StoreOptions> = {}): StoreOptions {
  return {
    directory,
    schemas: { control: [notesSchema], messages: [notesSchema] },
    runtime: testRuntime(),
    clock: systemClock(),
    logger: silentLogger,
    ...more,
  }
}

export const addNote = (at: number, text: string) => [
  { sql: 'INSERT INTO notes (at, text) VALUES (?, ?)', values: [at, text] },
]
export const allNotes = { sql: 'SELECT text FROM notes ORDER BY seq' }

/** A machine whose uptime goes with a clock moved by hand, started as often as is told. */
export function machineOf(clock: ManualClock, start = 'first start'): Machine {
  return { boot: () => ({ id: start, uptimeMs: clock.monotonic() }) }
}

/** Opens a store, writes notes into both databases, takes copies when asked, and closes it properly. */
export async function storeWithNotes(
  options: StoreOptions,
  { notes = 200, copied = false }: { readonly notes?: number; readonly copied?: boolean } = {},
): Promise<void> {
  await using store = await openStore(options)
  const databases: readonly DatabaseName[] = ['control', 'messages']
  for (const name of databases) {
    for (let n = 0; n < notes; n++) {
      void store[name].write(addNote(options.clock.wall() + n, `${name} ${n} ${'x'.repeat(300)}`), 'journal')
    }
  }
  await store.settled()
  if (copied) for (const name of databases) await store.upkeep.copies.take(name, 'scheduled')
}

/**
 * A store in another process that writes notes to both databases until `notes` of each are acknowledged, and is killed then.
 * The environment may name a crash point at which it ends by itself instead.
 */
export async function killedStore(
  directory: string,
  { notes = 60, env = {} }: { readonly notes?: number; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const program = join(import.meta.dirname, 'mortal-store.program.ts')
  const child = spawn(process.execPath, [program, directory, String(notes)], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...env },
  })
  await once(child, 'close')
}

/** Changes a file as a fault of the disk would. */
export function spoil(path: string, change: (bytes: Buffer) => Buffer): void {
  writeFileSync(path, change(readFileSync(path)))
}

export function filesIn(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory) : []
}
