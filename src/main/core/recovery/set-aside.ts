import { lstat, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { z } from 'zod'
import type { EventLog } from '#core/events/index.ts'
import {
  type Clock,
  type CrashPoints,
  finishMoving,
  type Logger,
  type Move,
  moveTogether,
  writeDurably,
} from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { recoveryEvents } from './event-kinds.ts'
import { type OwnPath, ownPath } from './site-paths.ts'

/** How long what was set aside is kept, in time that the console has seen pass, and how many folders of it. */
export const asideKeptMs = 14 * 24 * 60 * 60 * 1_000
export const asideMost = 50

export interface SetAsideParts {
  /** The site's folder. */
  readonly site: string
  readonly events: EventLog
  /** Milliseconds that the console has seen pass on this site. */
  readonly seenMs: () => number
  readonly clock: Clock
  readonly crashPoints: CrashPoints
  readonly logger: Logger
}

const whySchema = z.object({
  version: z.literal(2),
  /** Wall-clock milliseconds, and time that the console had seen pass. */
  at: z.number(),
  seenMs: z.number(),
  why: z.string(),
  /** `moving`: it is not known which have arrived. `half`: those that are here could not be moved back; `note` says which. */
  state: z.enum(['moving', 'done', 'half']),
  note: z.string(),
  /** Relative to the site. `remake`: the rights of a folder that is there again, empty. */
  paths: z.array(z.object({ shown: z.string(), remake: z.number().nullable() })),
})
type Why = z.infer<typeof whySchema>

const opened: Cause = { type: 'console', why: 'the site was opened after an interruption' }
const named = /^\d{8}T\d{6}Z-/

/** What recovery has moved out of the way: folders below `.wheelhouse/set-aside`, each with a `why.json`. */
export class SetAside {
  readonly #parts: SetAsideParts
  readonly #folder: string

  constructor(parts: SetAsideParts) {
    this.#parts = parts
    this.#folder = join(parts.site, '.wheelhouse', 'set-aside')
  }

  /**
   * Moves paths into a folder of their own, all of them or none. Nothing is deleted. A folder is made anew, empty. Resolves with the folder,
   * relative to the site; rejects as `moveTogether` does.
   */
  async take(
    paths: readonly OwnPath[],
    { name, reason }: { readonly name: string; readonly reason: string },
  ): Promise<string> {
    const { site, clock, crashPoints, seenMs } = this.#parts
    const at = clock.wall()
    const stamp = new Date(at).toISOString().replaceAll(/[-:]/g, '').replace(/\..*/, 'Z')
    const folder = await newFolder(this.#folder, `${stamp}-${name}`)
    const entries = await Promise.all(
      paths.map(async ({ path, shown, kind }) => ({
        shown,
        remake: kind === 'folder' ? (await lstat(path)).mode & 0o777 : null,
      })),
    )
    const why: Why = { version: 2, at, seenMs: seenMs(), why: reason, state: 'moving', note: '', paths: entries }
    await writeWhy(folder, why)
    crashPoints.reach('recovery.set-aside.noted')
    const moves = entries.map(({ shown, remake }) => ({ from: join(site, shown), to: join(folder, shown), remake }))
    try {
      await moveTogether(moves, () => crashPoints.reach('recovery.set-aside.moved'))
    } catch (error) {
      if (isProblem(error, 'half-moved')) await writeWhy(folder, { ...why, state: 'half', note: error.message })
      // Only when it is sure that nothing lies there.
      if (isProblem(error, 'not-moved')) await rm(folder, { recursive: true, force: true })
      throw error
    }
    crashPoints.reach('recovery.set-aside.all-moved')
    await writeWhy(folder, { ...why, state: 'done' })
    await this.sweep()
    return relative(site, folder)
  }

  /** Finishes what an earlier console was killed in, and says so. Never rejects: what cannot be finished is tried at the next opening. */
  async settle(): Promise<void> {
    for (const name of await readdir(this.#folder).catch(() => [])) {
      const folder = join(this.#folder, name)
      const why = await whyOf(folder)
      if (why?.state !== 'moving') continue
      const what = why.paths.map(({ shown }) => shown).join(', ')
      const place = relative(this.#parts.site, folder)
      try {
        await this.#finish(folder, why)
        this.#tell(
          `Setting aside ${what} was interrupted; it was finished when the site was opened. It lies in ${place}.`,
        )
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        this.#tell(
          `Setting aside ${what} was interrupted and could not be finished: ${reason}. What is not in its place lies in ${place}; it is tried again when the site is opened.`,
        )
      }
    }
    await this.sweep()
  }

  /** Removes what was kept for long enough, and the oldest beyond {@link asideMost}; what could not be moved back stays. */
  async sweep(): Promise<void> {
    const { events, seenMs, clock, logger } = this.#parts
    const names = (await readdir(this.#folder).catch(() => [])).filter((name) => named.test(name)).sort()
    const over = names.length - asideMost
    for (const [index, name] of names.entries()) {
      const folder = join(this.#folder, name)
      try {
        const why = await whyOf(folder)
        if (why && why.state !== 'done') continue
        const old = why !== null && seenMs() - why.seenMs >= asideKeptMs
        if (old || index < over) {
          await rm(folder, { recursive: true, force: true })
          const reason = old ? 'it was kept for 14 days' : `only ${asideMost} are kept`
          events.emit({
            kind: recoveryEvents.swept,
            subject: 'site',
            severity: 'info',
            message: `What recovery had set aside in .wheelhouse/set-aside/${name} was removed: ${reason}.`,
            cause: { type: 'console', why: reason },
          })
        } else if (why === null) {
          // Of an earlier version: its time begins now.
          const note = {
            version: 2,
            at: clock.wall(),
            seenMs: seenMs(),
            why: '',
            state: 'done',
            note: '',
            paths: [],
          } as const
          await writeWhy(folder, { ...note, paths: [] })
        }
      } catch (error) {
        logger.warn('What was set aside could not be looked through.', { folder, error: String(error) })
      }
    }
  }

  async #finish(folder: string, why: Why): Promise<void> {
    const { site } = this.#parts
    const moves: Move[] = []
    for (const { shown, remake } of why.paths) {
      // Looked at anew: whatever has become a link since then is left alone.
      await ownPath(site, shown)
      moves.push({ from: join(site, shown), to: join(folder, shown), remake })
    }
    await finishMoving(moves)
    await writeWhy(folder, { ...why, state: 'done' })
  }

  #tell(message: string): void {
    const { events, logger } = this.#parts
    logger.warn(message)
    events.emit({ kind: recoveryEvents.interrupted, subject: 'site', severity: 'warning', message, cause: opened })
  }
}

async function writeWhy(folder: string, why: Why): Promise<void> {
  await writeDurably(join(folder, 'why.json'), `${JSON.stringify(why, null, 2)}\n`)
}

async function whyOf(folder: string): Promise<Why | null> {
  try {
    const path = join(folder, 'why.json')
    const { size } = await lstat(path)
    return size > 1_000_000 ? null : whySchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return null
  }
}

function isProblem(error: unknown, code: string): error is ConsoleError {
  return error instanceof ConsoleError && error.problem.code === code
}

async function newFolder(parent: string, name: string): Promise<string> {
  await mkdir(parent, { recursive: true, mode: 0o700 })
  for (let count = 1; ; count++) {
    const folder = join(parent, count === 1 ? name : `${name}-${count}`)
    try {
      await mkdir(folder, { mode: 0o700 })
      return folder
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST') || count > 1_000) throw error
    }
  }
}
