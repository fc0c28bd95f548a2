import { Helper } from '#core/backup/program/engine-client.ts'
import { noCrashPoints, type Runtime, silentLogger } from '#core/platform/index.ts'

/** Removes snapshots and sweeps, as a scheduled backup has it done by the rules of the site. */
export async function forget(
  { site, folder }: { readonly site: string; readonly folder: string },
  snapshots: readonly string[],
  runtime: Runtime,
): Promise<void> {
  await using helper = new Helper({
    runtime,
    target: { kind: 'folder', folder },
    site: { id: 'bench', name: 'Bench', directory: site },
    logger: silentLogger,
    crashPoints: noCrashPoints,
  })
  await helper.ask('lock', { what: 'pruning', create: false })
  await helper.ask('forget', { snapshots: [...snapshots], prune: true })
}
