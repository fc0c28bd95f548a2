import { join } from 'node:path'
import { ConsoleError } from '#shared/problem.ts'
import { type SiteDatabaseSource, shownAccess } from './access.ts'
import { type DumpPorts, dumpDatabase } from './dump.ts'
import type { Dumped, MissingDump } from './dump-record.ts'

/** The dumps of a site's databases in a folder, and which of them could not be made. */
export interface DumpedDatabases {
  readonly folder: string
  readonly dumped: Dumped[]
  readonly missing: MissingDump[]
}

/**
 * Dumps each database into a folder of its own below `folder`. One that cannot be dumped does not keep the others, and the files, from being
 * saved: it is named, and the snapshot does not count as good. Rejects only with the signal's reason.
 */
export async function dumpAll(
  sources: readonly SiteDatabaseSource[],
  folder: string,
  ports: DumpPorts,
): Promise<DumpedDatabases> {
  const dumped: Dumped[] = []
  const missing: MissingDump[] = []
  for (const source of sources) {
    const { service, title, access, problem } = source
    ports.signal.throwIfAborted()
    try {
      if (!access) throw new Error(problem ?? 'its address cannot be read')
      dumped.push(await dumpDatabase({ ...source, access }, join(folder, service), ports))
    } catch (error) {
      ports.signal.throwIfAborted()
      const why = error instanceof Error ? error.message : String(error)
      const remedy = error instanceof ConsoleError ? ` ${error.problem.remedy}` : ''
      const where = access ? ` (${shownAccess(access)})` : ''
      const sentence = `The PostgreSQL database of ${title}${where} is not in this snapshot: ${why.replace(/\.?$/, '.')}${remedy}`
      missing.push({ service, title, sentence })
    }
  }
  return { folder, dumped, missing }
}
