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
    act: z.enum(['recover', 'back up', 'restore', 'undo']),
    services: z.array(z.string()).default([]),
    /** Of a restore: only these, as path keys. */
    paths: z.array(z.string()).nullable().default(null),
    /** Server of the site's PostgreSQL database. */
    server: z.object({ url: z.string(), password: z.string() }).optional(),
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
writeSync(1, `${JSON.stringify({ ...told, ended })}\n`)
