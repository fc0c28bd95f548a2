import type { JobContext } from '#core/jobs/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Catalogue } from './catalogue.ts'
import { dumpsFolder } from './postgres/dump-record.ts'
import type { Helper } from './program/engine-client.ts'
import { markSnapshot, type Snapshot } from './repository/snapshot-file.ts'
import type { Storage } from './repository/storage.ts'
import type { ChosenSnapshot, SnapshotSource } from './types.ts'
import { isGood, nameOf } from './views.ts'

export interface SnapshotSourcePorts {
  readonly catalogue: Catalogue
  readonly storage: Storage
  readonly zone: string
  /** A helper that holds the repository's lock and dies with the job's signal. */
  openHelper(context: Pick<JobContext, 'signal' | 'progress'>, what: string): Promise<Helper>
  /** A helper that nothing stops: for cleaning up. */
  openCleaner(): Helper
  refresh(): Promise<void>
}

/** What a data snapshot brings; everything else comes from a full one. */
const dataTop = ['site.yaml', 'data', dumpsFolder]

/** The snapshots as rehearsals use them: chosen, written into a folder beside the site, marked with what came of it. */
export function snapshotSource(ports: SnapshotSourcePorts): SnapshotSource {
  const { catalogue, storage, zone, openHelper, openCleaner, refresh } = ports
  return {
    choose(id) {
      const chosen = catalogue.choose(id)
      return { ...told(chosen, zone), code: chosen.kind === 'data' ? told(codeFor(chosen, catalogue), zone) : null }
    },
    async extract({ snapshot, code, to, most }, context) {
      await using helper = await openHelper(context, 'a rehearsal')
      if (code === null) return await helper.ask('extract', { snapshot, top: null, to, most })
      return await helper.ask('extract', { snapshot: code, top: null, to, most, over: { snapshot, top: dataTop } })
    },
    async discard(path) {
      await using cleaner = openCleaner()
      await cleaner.ask('discard', { path })
    },
    async mark(snapshot, rehearsed) {
      await markSnapshot(storage, snapshot, { what: 'rehearsed', ...rehearsed })
      await refresh()
    },
  }
}

/** A data snapshot holds no code: that is taken from the newest good full one, as it would be after a loss of everything. */
function codeFor(data: Snapshot, { snapshots }: Catalogue): Snapshot {
  const full = snapshots.findLast((snapshot) => snapshot.kind === 'full' && isGood(snapshot))
  if (full) return full
  throw new ConsoleError(
    'rehearsal-no-code',
    `The snapshot ${data.id} holds configuration and data only, and there is no good full snapshot to take the code from.`,
    'Take a full backup first.',
    { params: { snapshot: data.id } },
  )
}

function told(snapshot: Snapshot, zone: string): Omit<ChosenSnapshot, 'code'> {
  const { id, at, kind, bytes } = snapshot
  return { id, at, kind, bytes, good: isGood(snapshot), name: nameOf(snapshot, zone) }
}
