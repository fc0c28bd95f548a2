import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Logger, Runtime } from '#core/platform/index.ts'
import { Copies, DailyCopy } from './copies.ts'
import { checkDatabase } from './database-tool.ts'
import { OpenStore } from './open-store.ts'
import { type Found, inspect } from './opening.ts'
import { makePrivateFile } from './private-file.ts'
import { replaceDamaged } from './replacement.ts'
import { type AppliedVersions, pendingMigrations } from './schema-versions.ts'
import { failureOf, storeError } from './sqlite-failure.ts'
import type { DatabaseName, OpenedAs, Schema, Store } from './types.ts'
import type { DatabaseSetup } from './writer-protocol.ts'
import { startWriter } from './writer-thread.ts'

export interface StoreOptions {
  /** The site's `.wheelhouse` folder; made if absent, mode 0700. Its lock must be held. */
  readonly directory: string
  readonly schemas: Readonly<Record<DatabaseName, readonly Schema[]>>
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Opens the console's own databases: checks those that were not closed properly, sets damaged ones aside, keeps a copy
 * before it migrates, and starts the writer thread. Rejects with a ConsoleError: `store-from-newer-version`,
 * `store-read-only` when a database that must be made or migrated cannot be written, or what `copyDatabase` says when the copy
 * before an upgrade fails; nothing is left running then.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { directory, runtime, clock, logger } = options
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const copies = new Copies(join(directory, 'copies'), runtime)
  const opening = { ...options, copies }
  const [control, messages] = [await makeReady('control', opening), await makeReady('messages', opening)]
  const databases = { control: control.setup, messages: messages.setup }
  const thread = await startWriter(runtime, logger, { databases })
  const dailyCopy = new DailyCopy({ copies, path: control.setup.path, clock, logger, firstAfterMs: 30_000 })
  const paths = { control: control.setup.path, messages: messages.setup.path }
  const opened = { control: control.opened, messages: messages.opened }
  try {
    return new OpenStore({ thread, paths, opened, dailyCopy, runtime, clock, logger })
  } catch (error) {
    await dailyCopy[Symbol.asyncDispose]()
    await thread.close(5_000)
    throw error
  }
}

interface Opening extends StoreOptions {
  readonly copies: Copies
}

interface Ready {
  readonly setup: DatabaseSetup
  readonly opened: OpenedAs
}

/** Everything that comes before the writer opens a database. Afterwards no connection to it is open in this process. */
async function makeReady(name: DatabaseName, options: Opening): Promise<Ready> {
  const { clock, schemas, directory, logger } = options
  const path = join(directory, `${name}.db`)
  const { found, opened } = await take(name, path, options)
  const versions: AppliedVersions = found.state === 'empty' ? {} : found.versions
  const pending = pendingMigrations(name, versions, schemas[name])
  const isNew = found.state === 'empty'
  if (pending.length > 0 && !isNew) {
    await options.copies.take(path, { database: name, reason: 'before-upgrade', at: clock.wall() })
    const steps = pending.map(({ owner, version, what }) => `${owner} ${version}: ${what}`)
    logger.info(`The ${name} database is brought up to date; a copy from before was kept.`, { steps })
  }
  // In milliseconds since the epoch a sequence lies above all that were given before, unless a thousand came each second.
  const continueFrom = opened.how === 'replaced' ? clock.wall() : null
  return { setup: { path, isNew, pending, at: clock.wall(), continueFrom }, opened }
}

/** Finds out what lies there, and replaces it when it is damaged. */
async function take(
  name: DatabaseName,
  path: string,
  options: Opening,
): Promise<{ found: Exclude<Found, { state: 'damaged' }>; opened: OpenedAs }> {
  if (!existsSync(path)) await makePrivateFile(path)
  const found = look(name, path)
  if (found.state === 'empty') return { found, opened: { how: 'new' } }
  if (found.state === 'closed cleanly') return { found, opened: { how: 'clean' } }
  const damage = found.state === 'damaged' ? found.reason : await damageIn(path, options)
  if (found.state !== 'damaged' && damage === null) return { found, opened: { how: 'after an unclean exit' } }
  const opened = await replaceDamaged({ ...options, name }, damage ?? 'unknown damage')
  await makePrivateFile(path)
  const replacement = look(name, path)
  if (replacement.state === 'damaged') throw storeError(name, { code: 'SQLITE_CORRUPT', message: replacement.reason })
  return { found: replacement, opened }
}

function look(name: DatabaseName, path: string): Found {
  try {
    return inspect(name, path)
  } catch (error) {
    if (error instanceof Error && 'problem' in error) throw error
    throw storeError(name, failureOf(error))
  }
}

/** What a check finds wrong with a database that was not closed properly, or null. */
async function damageIn(path: string, { runtime, logger }: Opening): Promise<string | null> {
  try {
    const { ok, problems } = await checkDatabase(runtime, path, { timeoutMs: 120_000 })
    return ok ? null : problems.slice(0, 3).join('; ')
  } catch (error) {
    // No answer is no sign of damage: the console must come up, and a later opening checks again.
    const why = error instanceof Error ? error.message : String(error)
    logger.warn(`The database ${path} was not closed properly, and could not be checked: ${why}`)
    return null
  }
}
