import { crashPointsFrom } from '#core/platform/index.ts'
import { openRehearsalRig } from './rehearsal-rig.ts'

/**
 * A console that lives to be killed in the middle of a rehearsal: `mortal-rehearsal <home> <site>` starts the site, backs it up, writes the
 * pids of its services as one line of JSON, and rehearses. `WHEELHOUSE_CRASH_AT` names the moment at which it ends by itself.
 */
const [home = '', directory = ''] = process.argv.slice(2)
const rig = await openRehearsalRig(home, directory, { crashPoints: crashPointsFrom(process.env) })
await rig.start()
await rig.backUp()
const pids = Object.values(rig.state.slice('services').all()).map(({ id, pid }) => [id, pid])
process.stdout.write(`${JSON.stringify(Object.fromEntries(pids))}\n`)
await rig.rehearse()
process.stdout.write('It was not killed.\n')
process.exit(1)
