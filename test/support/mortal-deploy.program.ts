import { crashPointsFrom } from '#core/platform/index.ts'
import { beginDeploy } from './deploy-consultease.ts'
import { openRehearsalRig } from './rehearsal-rig.ts'

/**
 * A console that lives to be killed in the middle of a deploy: `mortal-deploy <home> <site> <source>` starts the site and deploys the source.
 * `WHEELHOUSE_CRASH_AT` names the moment at which it ends by itself.
 */
const [home = '', directory = '', source = ''] = process.argv.slice(2)
const rig = await openRehearsalRig(home, directory, { crashPoints: crashPointsFrom(process.env) })
await rig.start()
const { job } = await beginDeploy(rig, source)
const { message } = await rig.site.jobs.finished(job)
process.stdout.write(`It was not killed: ${message}\n`)
process.exit(1)
