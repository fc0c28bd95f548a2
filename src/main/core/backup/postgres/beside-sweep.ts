import type { Logger } from '#core/platform/index.ts'
import type { BesideRecord, BesideRecords } from './beside-records.ts'
import { isBesideName } from './names.ts'
import { dropDatabase } from './server-databases.ts'
import { type ServerPorts, ServerSession } from './server-session.ts'

/** What decides whether a database beside the site's own may go. */
export interface BesideFacts {
  /** Jobs of restores that run, or whose record of a swap is still there. */
  readonly busy: ReadonlySet<string>
  /**
   * The restore points that there are, of which repository; null while that is not known for sure: a drive that is not plugged in, a copy that
   * is shown in its place, a snapshot that cannot be read.
   */
  readonly known: { readonly repository: string; readonly snapshots: ReadonlySet<string> } | null
}

/** Whether a database may be dropped: its restore did not come to its end, or the restore point that it belongs to is gone. Pure. */
export function mayGo({ name, job, restorePoint, repository }: BesideRecord, { busy, known }: BesideFacts): boolean {
  if (!isBesideName(name) || busy.has(job)) return false
  if (restorePoint === null) return true
  return known !== null && known.repository === repository && !known.snapshots.has(restorePoint)
}

/** Drops what may go. Resolves with whether all of that was dropped; what was not is tried again later. Never rejects. */
export async function sweepBeside(
  records: BesideRecords,
  facts: BesideFacts,
  ports: ServerPorts & { readonly logger: Logger; readonly signal: AbortSignal },
): Promise<boolean> {
  let all = true
  for (const record of records.all()) {
    if (!mayGo(record, facts) || ports.signal.aborted) continue
    const { name, access } = record
    try {
      await using session = await ServerSession.beside(access, ports, ports.signal)
      await dropDatabase(session, name)
      await records.forget(name)
    } catch (error) {
      all = false
      ports.logger.warn('A database that is not needed any more could not be dropped; it is tried again later.', {
        database: name,
        error: error instanceof Error ? error.message : String(error),
      })
    }
  }
  return all
}
