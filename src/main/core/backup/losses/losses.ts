import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock, Runtime } from '#core/platform/index.ts'
import type { Losses } from '#shared/contract/index.ts'
import { shownKey } from '#shared/path-key.ts'
import { ConsoleError } from '#shared/problem.ts'
import { sizeInWords } from '#shared/size-words.ts'
import { databaseLosses } from '../postgres/database-losses.ts'
import type { DatabasePlan } from '../postgres/database-plan.ts'
import type { ServerPorts } from '../postgres/server-session.ts'
import type { Helper } from '../program/engine-client.ts'
import type { PlanAnswer } from '../program/messages.ts'
import type { Snapshot } from '../repository/snapshot-file.ts'
import { countRows, type RowCounts } from './count-rows.ts'
import { lossesInWords } from './loss-words.ts'

export interface LossesPorts {
  readonly site: { readonly directory: string; readonly zone: string }
  /** Databases of servers that are put back, services whose one is left alone, and how servers are asked. */
  readonly databases: DatabasePlan
  readonly leftAlone: readonly string[]
  readonly servers: ServerPorts
  readonly runtime: Runtime
  readonly clock: Clock
  /** How many messages were journalled since a time; null where the console keeps none. */
  readonly journalledSince: ((at: number) => number) | null
  readonly signal: AbortSignal
}

/** For everything that is counted, and for one database on one side. */
const withinMs = 30_000
const eachMs = 10_000
/** A larger database is not written out of the snapshot only to be counted. */
const mostBytes = 2_000_000_000

/** What a restore would lose: rows by table, files and messages that are newer than the snapshot. Changes nothing. */
export async function lossesOf(
  snapshot: Snapshot,
  plan: PlanAnswer,
  helper: Helper,
  ports: LossesPorts,
): Promise<Losses> {
  const { clock, site, servers, signal } = ports
  const until = clock.monotonic() + withinMs
  const databases: Losses['databases'] = []
  for (const database of plan.databases) databases.push(await compared(snapshot, database, helper, until, ports))
  databases.push(
    ...(await databaseLosses(ports.databases, { ...servers, snapshot: snapshot.id, helper, until, signal })),
  )
  const postgres = [...ports.leftAlone]
  const journalled = ports.journalledSince?.(snapshot.at) ?? null
  const facts = { databases, written: plan.written, journalled, postgres, since: snapshot.at }
  return { ...facts, sentences: [...lossesInWords(facts, site.zone)] }
}

type Database = Losses['databases'][number]

async function compared(
  snapshot: Snapshot,
  { path, bytes, stored }: PlanAnswer['databases'][number],
  helper: Helper,
  until: number,
  ports: LossesPorts,
): Promise<Database> {
  const name = shownKey(path)
  const limits = () => ({ withinMs: Math.min(eachMs, until - ports.clock.monotonic()), signal: ports.signal })
  const late = () => until - ports.clock.monotonic() < 500
  const uncounted = (why: string): Database => ({ path: name, tables: [], note: `not counted: ${why}` })
  if (bytes > mostBytes) return uncounted(`it has ${sizeInWords(bytes)}`)
  if (late()) return uncounted('the time for counting was over')
  const now = await countRows(ports.runtime, join(ports.site.directory, name), limits())
  if (!stored) return told(name, now, { tables: new Map(), failed: null })
  if (late()) return uncounted('the time for counting was over')
  const folder = await mkdtemp(join(tmpdir(), 'wheelhouse-count-'))
  try {
    await helper.ask('extract', { snapshot: snapshot.id, top: null, paths: [path], to: folder, most: mostBytes })
    return told(name, now, await countRows(ports.runtime, join(folder, name), limits()))
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error
    return uncounted(error.message)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function told(path: string, now: RowCounts, then: RowCounts): Database {
  const names = [...new Set([...now.tables.keys(), ...then.tables.keys()])].sort()
  // A table that is not on one side has no rows there; one whose counting was cut off is not known.
  const rows = (counts: RowCounts, table: string) =>
    counts.failed !== null ? null : (counts.tables.get(table) ?? (counts.tables.has(table) ? null : 0))
  const tables = names.map((table) => ({ table, now: rows(now, table), stored: rows(then, table) }))
  const failed = [
    ...(now.failed === null ? [] : [`the one in the site cannot be read (${now.failed})`]),
    ...(then.failed === null ? [] : [`the one in the snapshot cannot be read (${then.failed})`]),
  ]
  return { path, tables, note: failed.length > 0 ? `not counted: ${failed.join('; ')}` : null }
}
