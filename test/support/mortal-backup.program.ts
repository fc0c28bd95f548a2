/**
 * A console that works on backups and may be killed while it does: for specs of what a crash leaves behind. Takes one JSON
 * argument, dies where `WHEELHOUSE_CRASH_AT` says, prints one line of JSON when it comes to its end.
 */
import { writeSync } from 'node:fs'
import { z } from 'zod'
import { noServices } from '#core/backup/index.ts'
import { crashPointsFrom } from '#core/platform/index.ts'
import { openBackupRig } from './backup-rig.ts'
import { recordsOf, recordsSecret } from './postgres-site.ts'

const request = z
  .object({
    site: z.string(),
    folder: z.string(),
    act: z.enum(['recover', 'back up', 'restore', 'undo', 'into', 'export', 'import']),
    services: z.array(z.string()).default([]),
    /** Of a restore: only these, as path keys. */
    paths: z.array(z.string()).nullable().default(null),
    /** Server of the site's PostgreSQL database. */
    server: z.object({ url: z.string(), password: z.string() }).optional(),
    /** The folder or the archive that a snapshot goes into, or comes from. */
    place: z.string().default(''),
  })
  .parse(JSON.parse(process.argv[2] ?? '{}'))

const { server } = request
await using rig = await openBackupRig({
  ...request,
  ...(server && { definition: () => recordsOf(server), secrets: recordsSecret(server) }),
  crashPoints: crashPointsFrom(process.env),
  services: { ...noServices, wanted: () => request.services },
})
const sentences = await rig.backups.recover(rig.jobs.interrupted)
const told = { sentences, owed: rig.backups.owedServices(), jobs: rig.jobs.interrupted.map(({ view }) => view.state) }
let ended: unknown = null
if (request.act === 'back up') ended = await rig.backUp()
if (request.act === 'restore') ended = await rig.restore(null, null, request.paths)
if (request.act === 'undo') ended = await rig.undo()
const snapshot = rig.backups.snapshots().at(-1)?.id ?? ''
const { copies } = rig.backups
const cause = { type: 'operator', via: 'command line' } as const
const { place, paths } = request
if (request.act === 'into') ended = await over(copies.into({ snapshot, paths, folder: place, cause }))
if (request.act === 'export') ended = await over(copies.export({ snapshot, paths, file: place, replace: true, cause }))
if (request.act === 'import') ended = await over(copies.import({ file: place, note: '', folder: null, cause }))
writeSync(1, `${JSON.stringify({ ...told, ended })}\n`)

async function over(started: Promise<{ readonly job: string }>) {
  return rig.jobs.finished((await started).job)
}
