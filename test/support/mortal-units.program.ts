import { crashPointsFrom } from '#core/platform/index.ts'
import { unitRig } from './unit-rig.ts'

/**
 * A console that lives to be killed while it hands `camera` over: `mortal-units <site> <state> adopt|release`. The environment names
 * the crash point at which it ends by itself.
 */
const [directory = '', state = '', verb = ''] = process.argv.slice(2)
const rig = await unitRig({ directory, state, crashPoints: crashPointsFrom(process.env) })
const { job } = await rig.units[verb === 'release' ? 'release' : 'adopt']('camera', { type: 'operator', via: 'window' })
await rig.jobs.finished(job)
process.kill(process.pid, 'SIGKILL')
