import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Helper } from '../program/engine-client.ts'
import type { BesideRecords } from './beside-records.ts'
import type { DatabasePlan, PlannedDatabase } from './database-plan.ts'
import { dumpPath, readDumpRecord, recordName } from './dump-record.ts'
import type { KeptDatabase } from './kept-database.ts'
import { besideName } from './names.ts'
import { type RestoreDumpPorts, restoreDump } from './restore-dump.ts'
import type { SwapDatabase } from './swap-record.ts'

export interface StagePorts extends RestoreDumpPorts {
  readonly records: BesideRecords
  readonly helper: Helper
  /** Folder in which dumps are written out, below `.wheelhouse/staging`. */
  readonly folder: string
  readonly job: string
  readonly log: (line: string) => void
}

/**
 * Restores every dump of a plan into a new database beside the one that services use. Nothing that services use is touched. What was made is
 * remembered before it is made, so that it is dropped whatever happens.
 */
export async function stageDatabases(
  snapshot: string,
  { databases }: DatabasePlan,
  ports: StagePorts,
): Promise<readonly SwapDatabase[]> {
  const staged: SwapDatabase[] = []
  for (const planned of databases) {
    const { access, title, what, from } = planned
    const kept = what === 'add' ? null : besideName(access.name, 'before', ports.job)
    const fresh =
      from.kind === 'dump' ? await restored(snapshot, planned, ports) : from.kind === 'kept' ? from.name : null
    staged.push({ access, title, what, fresh, kept })
  }
  return staged
}

async function restored(
  snapshot: string,
  { access, service, title }: PlannedDatabase,
  ports: StagePorts,
): Promise<string> {
  const { records, helper, folder, job, log } = ports
  const name = besideName(access.name, 'restore', job)
  await records.note({ name, access, job, restorePoint: null, repository: null })
  const to = join(folder, service)
  await helper.ask('extract', { snapshot, top: null, paths: [dumpPath(service)], to, most: null })
  try {
    const own = join(to, dumpPath(service))
    const record = readDumpRecord(await readFile(join(own, recordName), 'utf8'), service)
    for (const note of await restoreDump({ record, folder: own, access, name }, ports)) log(`${title}: ${note}`)
  } finally {
    await rm(to, { recursive: true, force: true })
  }
  return name
}

/** What the restore point says of the databases that go, before anything is renamed. */
export function keptOf(databases: readonly SwapDatabase[], plan: DatabasePlan): KeptDatabase[] {
  return databases.map(({ access, title, kept }) => ({
    service: access.service,
    title,
    database: access.name,
    where: plan.databases.find(({ service }) => service === access.service)?.where ?? '',
    name: kept,
  }))
}
