import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Runtime, syncFolder } from '#core/platform/index.ts'
import { copyDatabase } from '#core/store/index.ts'
import { ConsoleError } from '#shared/problem.ts'

/** A checked copy of one of the site's SQLite databases, in `.wheelhouse/copies/<service>/`. */
export interface SiteCopy {
  readonly reason: CopyReason
  /** Wall-clock milliseconds. */
  readonly at: number
  readonly path: string
}

/** `daily`: by schedule. `asked`: by an operator. They are kept apart, so that asking often never costs an older day. */
export type CopyReason = 'daily' | 'asked'

const kept: Readonly<Record<CopyReason, number>> = { daily: 5, asked: 3 }

/** The copies of one database. */
export class SiteCopies {
  readonly #folder: string
  readonly #runtime: Runtime

  constructor(folder: string, runtime: Runtime) {
    this.#folder = folder
    this.#runtime = runtime
  }

  /** Newest first. */
  async list(): Promise<readonly SiteCopy[]> {
    const names = await readdir(this.#folder).catch(() => [])
    return names.flatMap((name) => copyNamed(this.#folder, name) ?? []).sort((a, b) => b.at - a.at)
  }

  /**
   * Takes a copy, checked before it counts, and gives up those beyond what is kept. Rejects as `copyDatabase` does, or with
   * `database-copy-failed` and what the file system said.
   */
  async take(file: string, reason: CopyReason, at: number, signal?: AbortSignal): Promise<{ readonly bytes: number }> {
    try {
      return await this.#take(file, reason, at, signal)
    } catch (error) {
      signal?.throwIfAborted()
      throw error instanceof ConsoleError ? error : failedCopy(file, this.#folder, error)
    }
  }

  async #take(file: string, reason: CopyReason, at: number, signal?: AbortSignal): Promise<{ readonly bytes: number }> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    for (const name of await readdir(this.#folder)) {
      if (name.endsWith('.part')) await rm(join(this.#folder, name), { force: true })
    }
    const to = join(this.#folder, `${new Date(at).toISOString().replaceAll(/[:.]/g, '-')}.${reason}.db`)
    const { bytes } = await copyDatabase(this.#runtime, { from: file, to: `${to}.part`, ...(signal && { signal }) })
    await rename(`${to}.part`, to)
    await syncFolder(this.#folder)
    for (const old of givenUp(await this.list())) await rm(old.path, { force: true })
    return { bytes }
  }
}

function failedCopy(file: string, folder: string, error: unknown): ConsoleError {
  return new ConsoleError(
    'database-copy-failed',
    `No copy of ${file} was taken, because the folder ${folder} cannot be used: ${error instanceof Error ? error.message : String(error)}.`,
    'Check that the folder is one, that this user may write to it, and that its disk is healthy; then try again.',
    { params: { file, folder }, retryable: true, cause: error },
  )
}

/** The copies beyond what is kept of each reason, given newest first. */
export function givenUp(copies: readonly SiteCopy[]): readonly SiteCopy[] {
  return copies.filter(
    (copy) => copies.filter(({ reason }) => reason === copy.reason).indexOf(copy) >= kept[copy.reason],
  )
}

function copyNamed(folder: string, name: string): SiteCopy | null {
  const parts = /^(.{10})T(\d\d)-(\d\d)-(\d\d)-(\d{3})Z\.(daily|asked)\.db$/.exec(name)
  if (!parts) return null
  const [, date, hour, minute, second, ms, reason] = parts
  const at = Date.parse(`${date}T${hour}:${minute}:${second}.${ms}Z`)
  return Number.isNaN(at) ? null : { reason: reason === 'daily' ? 'daily' : 'asked', at, path: join(folder, name) }
}
