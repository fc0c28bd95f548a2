import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { z } from 'zod'
import { type Clock, delay, writeDurably } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { readOwnText } from './own-text.ts'
import { makePrivateFile } from './private-file.ts'

/** Who has a site open, readable by any program on the machine. Nothing secret belongs here. */
export const siteOwnerSchema = z.object({
  host: z.enum(['electron', 'headless', 'command line']),
  hostname: z.string(),
  pid: z.number().int(),
  /** Wall-clock milliseconds since when it has the site open. */
  since: z.number(),
  /** Where that console can be reached: its page's address without the token, when it serves one. */
  address: z.string().nullable(),
  /** Path of its control socket, when it listens there. */
  socket: z.string().nullable(),
  /** It is giving the site back: commands do not reach it any more, and its services are being stopped. */
  closing: z.boolean().optional(),
})
export type SiteOwner = z.infer<typeof siteOwnerSchema>

/** The right to work on a site, held until disposed or until the process ends, however it ends. */
export interface SiteLock extends AsyncDisposable {
  /** Tells others something new, such as the address that is known only once the host listens. */
  update(owner: SiteOwner): Promise<void>
}

/** How long a console waits for a command that has the site open for its own moment. */
export interface LockPatience {
  readonly clock: Clock
  readonly ms: number
}

const tryAgainMs = 100

/**
 * Takes the one lock of a site for this process, by an exclusive transaction on `.wheelhouse/lock.db` that the system ends
 * with the process. `directory` is the site's `.wheelhouse` folder; it is made if absent, mode 0700. Rejects with a
 * ConsoleError `site-locked` that says who holds it and what to do, `site-closing` while that one is giving it back, or `site-not-writable`. With `patience` a command of the
 * command line, which soon gives the site back, is waited for.
 */
export async function takeSiteLock(directory: string, owner: SiteOwner, patience?: LockPatience): Promise<SiteLock> {
  const held = await holdPatiently(directory, patience)
  try {
    await writeDurably(ownerPath(directory), describe(owner))
  } catch (error) {
    // A full disk must not keep the operator out: the lock holds without the note beside it.
    if (!isDiskFull(error)) {
      held.close()
      throw notWritable(directory, error)
    }
  }
  let released = false
  return {
    update: async (changed) => {
      if (!released) await writeDurably(ownerPath(directory), describe(changed))
    },
    async [Symbol.asyncDispose]() {
      if (released) return
      released = true
      // While the lock is still held, so that no newer owner's file is taken away.
      await rm(ownerPath(directory), { force: true }).catch(() => {})
      held.close()
    },
  }
}

/**
 * Says who has a site open, or undefined when nobody has. A file that a killed console left behind is not believed: what
 * counts is the lock. `directory` is the site's `.wheelhouse` folder.
 */
export async function readOwner(directory: string): Promise<SiteOwner | 'somebody' | undefined> {
  if (!isHeld(directory)) return undefined
  return (await ownerIn(directory)) ?? 'somebody'
}

async function holdPatiently(directory: string, patience?: LockPatience): Promise<Database.Database> {
  const until = patience ? patience.clock.monotonic() + patience.ms : 0
  for (;;) {
    try {
      return await hold(directory)
    } catch (error) {
      if (!patience || !isHeldByCommand(error) || patience.clock.monotonic() >= until) throw error
      await delay(patience.clock, tryAgainMs)
    }
  }
}

/** Whether a refused lock is held by a command. A holder that has not said yet who it is has just begun: it may be one as well. */
export function isHeldByCommand(error: unknown): boolean {
  if (!(error instanceof ConsoleError) || error.problem.code !== 'site-locked') return false
  const holder = siteOwnerSchema.safeParse(error.problem.params.owner)
  return !holder.success || holder.data.host === 'command line'
}

async function hold(directory: string): Promise<Database.Database> {
  let database: Database.Database | undefined
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await makePrivateFile(join(directory, 'lock.db'))
    // A short wait, because somebody who only asks whether the lock is held has it for a moment.
    database = new Database(join(directory, 'lock.db'), { timeout: 200 })
    // Nothing is ever written to it, so nothing needs a journal, for which a full disk has no room.
    database.pragma('journal_mode = MEMORY')
    database.exec('BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database?.close()
    if (isBusy(error)) throw lockedBy(directory, await ownerIn(directory))
    throw notWritable(directory, error)
  }
}

function isHeld(directory: string): boolean {
  let database: Database.Database | undefined
  try {
    database = new Database(join(directory, 'lock.db'), { readonly: true, fileMustExist: true, timeout: 0 })
    database.prepare('SELECT count(*) FROM sqlite_schema').get()
    return false
  } catch (error) {
    return isBusy(error)
  } finally {
    database?.close()
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}

const ownerPath = (directory: string) => join(directory, 'owner.json')
const describe = (owner: SiteOwner) => `${JSON.stringify(owner, null, 2)}\n`

async function ownerIn(directory: string): Promise<SiteOwner | undefined> {
  try {
    return siteOwnerSchema.parse(JSON.parse(await readOwnText(ownerPath(directory))))
  } catch {
    return undefined
  }
}

function lockedBy(directory: string, owner: SiteOwner | undefined): ConsoleError {
  const site = join(directory, '..')
  if (!owner) {
    return new ConsoleError(
      'site-locked',
      `The site ${site} is open in another console, which has not said which one it is.`,
      'Quit the other console, then try again.',
      { params: { site }, retryable: true },
    )
  }
  if (owner.closing) {
    return new ConsoleError(
      'site-closing',
      `The site ${site} is being closed: ${hostNames[owner.host]} (process ${owner.pid}) is stopping its services.`,
      'Try again in a moment, once it has ended.',
      { params: { site, owner }, retryable: true },
    )
  }
  const since = new Date(owner.since).toISOString().replace('T', ' ').slice(0, 19)
  const reached = owner.address ? ` It can be reached at ${owner.address}.` : ''
  return new ConsoleError(
    'site-locked',
    `The site ${site} is already open: ${hostNames[owner.host]} on ${owner.hostname} (process ${owner.pid}) has had it open since ${since} UTC.`,
    owner.host === 'command line'
      ? 'Wait until that command has ended, then try again.'
      : `Use that console, or quit it and try again.${reached}`,
    { params: { site, owner }, retryable: true },
  )
}

const hostNames = {
  electron: 'the desktop app',
  headless: 'the console without a window',
  'command line': 'the command line',
} as const

function notWritable(directory: string, error: unknown): ConsoleError {
  const reason = error instanceof Error ? error.message : String(error)
  return new ConsoleError(
    'site-not-writable',
    `The console's own folder ${directory} cannot be used: ${reason}.`,
    'Check that the disk is mounted, has room, and that this user may write to the folder.',
    { params: { directory }, cause: error },
  )
}
