import { stat } from 'node:fs/promises'
import type { Clock, Runtime } from '#core/platform/index.ts'
import type { Copies, DatabaseCopy } from './copies.ts'
import { checkDatabase, type DatabaseToolLimits } from './database-tool.ts'
import { pendingMigrations } from './schema-versions.ts'
import type { DatabaseName, Schema } from './types.ts'

export interface CopyCheckParts {
  readonly copies: Copies
  readonly schemas: Readonly<Record<DatabaseName, readonly Schema[]>>
  readonly runtime: Runtime
}

/** Time of the newest record in a copy that may take its database's place. Rejects with what is wrong with it. */
export async function newestInCopy(
  copy: DatabaseCopy,
  { copies, schemas, runtime }: CopyCheckParts,
  limits: DatabaseToolLimits,
): Promise<number | null> {
  const newest = schemas[copy.database].flatMap((schema) => schema.newest ?? [])
  const checked = await checkDatabase(runtime, copies.pathOf(copy), { newest, ...limits })
  if (!checked.ok) throw new Error(checked.problems.join('; '))
  if (!checked.versions) throw new Error('it is no database of the console')
  pendingMigrations(copy.database, checked.versions, schemas[copy.database])
  return checked.newest
}

/** A copy that was found good just now. */
export interface GoodCopy {
  /** Wall-clock milliseconds: when it was taken, and of the newest record in it. */
  readonly at: number
  readonly newest: number | null
  readonly bytes: number
  /** How long its check took. Milliseconds. */
  readonly checkMs: number
}

export interface BestCopy {
  readonly copy: GoodCopy | null
  /** Newer copies that turned out to be no good, and older ones that were not looked at. */
  readonly passedOver: number
  readonly others: number
}

/** The copy that a recovery would take if it began now, looked for in so much time at most. Nothing is changed. */
export async function bestCopy(
  database: DatabaseName,
  parts: CopyCheckParts,
  { clock, withinMs, signal }: { readonly clock: Clock; readonly withinMs: number; readonly signal?: AbortSignal },
): Promise<BestCopy> {
  const listed = await parts.copies.list(database)
  const deadline = clock.monotonic() + withinMs
  for (const [passedOver, copy] of listed.entries()) {
    const began = clock.monotonic()
    if (began >= deadline) return { copy: null, passedOver, others: listed.length - passedOver }
    try {
      const newest = await newestInCopy(copy, parts, { timeoutMs: deadline - began, ...(signal && { signal }) })
      const { size: bytes } = await stat(parts.copies.pathOf(copy))
      const good: GoodCopy = { at: copy.at, newest, bytes, checkMs: clock.monotonic() - began }
      return { copy: good, passedOver, others: listed.length - passedOver - 1 }
    } catch {
      signal?.throwIfAborted()
    }
  }
  return { copy: null, passedOver: listed.length, others: 0 }
}
