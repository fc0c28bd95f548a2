import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crashPointsFrom } from '#core/platform/index.ts'
import { order, serviceRig } from './service-rig.ts'

/**
 * A console that lives to be killed: supervises the services of `<directory>/services.json`, starts them all, writes `started`
 * and goes on. `WHEELHOUSE_CRASH_AT` names the moment at which it ends by itself.
 */
const [directory = ''] = process.argv.slice(2)
const services = JSON.parse(readFileSync(join(directory, 'services.json'), 'utf8'))
const rig = await serviceRig({ directory, services, crashPoints: crashPointsFrom(process.env) })
await rig.coordinator.takeUp(order.cause)
await rig.coordinator.start('all', order)
process.stdout.write('started\n')
setInterval(() => {}, 60_000)
