import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import type { Runtime } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import {
  type CheckKind,
  type CheckResult,
  type CopyResult,
  checkResultSchema,
  copyResultSchema,
  type SalvageResult,
  salvageResultSchema,
  type ToolRequest,
  toolAnswerSchema,
  toolFailureSchema,
} from './database-answer.ts'

/** How long the helper may take, and who may call it off. It is killed at the end of either. */
export interface DatabaseToolLimits {
  /** Milliseconds; 10 minutes unless told. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/**
 * Copies a database into a new file `to`, in a helper process that can be killed: consistent beside any writer, checked
 * after the copy, nothing left beside it. Resolves with pages and bytes. Rejects with a ConsoleError: `database-missing`,
 * `database-damaged` (the source cannot be read, or its copy fails its check), `database-busy` (a writer kept it locked
 * for 10 s; retryable), `database-timeout`, `database-copy-failed`; or with the signal's reason. A failed copy is removed.
 */
export async function copyDatabase(
  runtime: Runtime,
  { from, to, ...limits }: { readonly from: string; readonly to: string } & DatabaseToolLimits,
): Promise<CopyResult> {
  try {
    return copyResultSchema.parse(await ask(runtime, { type: 'copy', from, to }, from, limits))
  } catch (error) {
    // A helper that was killed could not tidy up. It ended, and nobody else knows the file, so no lock can be lost.
    const refusedBecauseThere = error instanceof ConsoleError && error.problem.params.reason === 'EEXIST'
    if (!refusedBecauseThere) {
      for (const ending of ['', '-wal', '-shm', '-journal']) await rm(`${to}${ending}`, { force: true })
    }
    throw error
  }
}

/** What is wrong with a sound database that the console never made, in place of one of its own. */
export const noOwnTables = "it holds none of the console's tables"

/** How a check is to be made; a quick one of the structure unless told. */
export interface CheckRequest {
  readonly kind?: CheckKind
  /** Statements that each give the time of a newest record, in wall-clock milliseconds. */
  readonly newest?: readonly string[]
  /** Reads the write-ahead log too, and copies a damaged one to this path. Only while nobody has the database open. */
  readonly keepLogIn?: string
}

/**
 * Runs SQLite's checks on a database, in a helper process that can be killed. A damaged file is an answer (`ok` false, with
 * SQLite's words); rejects as {@link copyDatabase} does when no answer could be had.
 */
export async function checkDatabase(
  runtime: Runtime,
  path: string,
  { kind = 'quick', newest = [], keepLogIn, ...limits }: CheckRequest & DatabaseToolLimits = {},
): Promise<CheckResult> {
  const request: ToolRequest = { type: 'check', path, kind, newest: [...newest], keepLogIn: keepLogIn ?? null }
  return checkResultSchema.parse(await ask(runtime, request, path, limits))
}

/**
 * Reads what can still be read of a damaged database into a new one with the console's own tables, in a helper process: with
 * the `sqlite3` command's `.recover` where it is installed and able, else row by row around the damage. Rejects as
 * {@link copyDatabase} does; what was half written is removed then.
 */
export async function salvageDatabase(
  runtime: Runtime,
  request: Omit<Extract<ToolRequest, { type: 'salvage' }>, 'type'>,
  limits: DatabaseToolLimits = {},
): Promise<SalvageResult> {
  try {
    return salvageResultSchema.parse(await ask(runtime, { type: 'salvage', ...request }, request.from, limits))
  } catch (error) {
    for (const ending of ['', '-wal', '-shm', '-journal']) await rm(`${request.to}${ending}`, { force: true })
    throw error
  } finally {
    await rm(request.scratch, { recursive: true, force: true })
  }
}

async function ask(
  runtime: Runtime,
  request: ToolRequest,
  database: string,
  { timeoutMs = 600_000, signal }: DatabaseToolLimits,
): Promise<unknown> {
  signal?.throwIfAborted()
  const ended = await run(runtime, request, timeoutMs, signal)
  signal?.throwIfAborted()
  const answer = toolAnswerSchema.safeParse(parsed(ended.output))
  if (!answer.success) {
    if (ended.killed) throw timedOut(database, timeoutMs)
    throw failure(database, 'helper-ended', ended.errors.trim() || 'the helper process ended without an answer')
  }
  const failed = toolFailureSchema.safeParse(answer.data)
  if (failed.success) throw failure(database, failed.data.failed, failed.data.message)
  return answer.data
}

interface Ended {
  readonly output: string
  readonly errors: string
  readonly killed: boolean
}

function run(runtime: Runtime, request: ToolRequest, timeout: number, signal?: AbortSignal): Promise<Ended> {
  return new Promise((resolve) => {
    const args = [runtime.program('database-copy'), JSON.stringify(request)]
    // What is left of a budget has fractions, which Node refuses, and nothing left would be no limit at all.
    const whole = Math.max(1, Math.floor(timeout))
    const options = { timeout: whole, killSignal: 'SIGKILL', windowsHide: true, ...(signal && { signal }) } as const
    execFile(runtime.node, args, options, (error, output, errors) =>
      resolve({ output, errors: errors || (error?.message ?? ''), killed: error?.killed === true }),
    )
  })
}

function parsed(output: string): unknown {
  try {
    return JSON.parse(output)
  } catch {
    return undefined
  }
}

function timedOut(database: string, timeoutMs: number): ConsoleError {
  return new ConsoleError(
    'database-timeout',
    `The database ${database} did not answer within ${Math.round(timeoutMs / 1000)} s, so the attempt was ended.`,
    'Check that its disk is healthy and not overloaded, then try again.',
    { params: { database, timeoutMs }, retryable: true },
  )
}

function failure(database: string, reason: string, message: string): ConsoleError {
  const params = { database, reason }
  if (reason === 'database-missing') {
    return new ConsoleError('database-missing', message, 'Check that the path is right and the disk is mounted.', {
      params,
    })
  }
  if (reason === 'copy-damaged' || reason.startsWith('SQLITE_CORRUPT') || reason === 'SQLITE_NOTADB') {
    return new ConsoleError(
      'database-damaged',
      `The database ${database} is damaged: ${message}`,
      'Restore it from a snapshot taken before the damage.',
      { params },
    )
  }
  if (reason.startsWith('SQLITE_BUSY') || reason.startsWith('SQLITE_LOCKED')) {
    return new ConsoleError(
      'database-busy',
      `The database ${database} stayed locked by a program that writes to it.`,
      'Try again; if it stays locked, stop the service that uses it.',
      { params, retryable: true },
    )
  }
  return new ConsoleError(
    'database-copy-failed',
    `The database ${database} could not be read or copied: ${message}`,
    'Look at the reason, put it right, and try again.',
    { params },
  )
}
