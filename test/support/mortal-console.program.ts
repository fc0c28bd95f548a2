import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { crashPointsFrom, systemClock } from '#core/platform/index.ts'
import { openTestConsole } from './test-console.ts'
import { until } from './until.ts'

/**
 * A console that lives to be killed: `mortal-console <home> <site> <act>`. `records`: writes events that nothing carries over from the log,
 * a line, and kills itself. `checks`: has its messages database damaged beneath it and checks it; the environment names the crash
 * point of the recovery at which it ends by itself. `acts`: takes the first step of the policy
 * `whole` and goes on. `recovers`: recovers the site's database `db` likewise. `freezes`: begins the drill `long`,
 * writes the pid of the service that is frozen, and waits to be killed. `stops`: recovers the site's database `db`, whose file is damaged
 * first, and has a person stop `api` while that waits for it to end. Without an act it starts the site and goes on.
 */
const [home = '', directory = '', act = ''] = process.argv.slice(2)
const operator = { type: 'operator', via: 'command line' } as const
const console = await openTestConsole(home, systemClock(), crashPointsFrom(process.env))
await console.openInitial({ site: directory, otherwise: 'none', start: act === '' || act === 'stops' })
const { site } = console
if (!site) throw new Error('no site is open')
const asked = console.state.slice('site').get('site')?.trust
if (asked) await site.trust(asked.fingerprint, operator)
switch (act) {
  case '': {
    await new Promise(() => setInterval(() => {}, 60_000))
    break
  }
  case 'records': {
    for (let n = 1; n <= 200; n++) {
      const message = `record ${n} ${'x'.repeat(200)}`
      await site.events.record({ kind: 'test.recorded', subject: 'site', severity: 'info', message, cause: operator })
    }
    break
  }
  case 'checks': {
    // By another process: closing the file here would drop the locks that this one holds on it.
    const damage = `const file = require('fs').openSync(process.argv[1], 'r+')
      require('fs').writeSync(file, Buffer.alloc(4096 * 3, 0xa5), 0, 4096 * 3, 4096 * 2)`
    execFileSync(process.execPath, ['-e', damage, join(directory, '.wheelhouse', 'messages.db')])
    const { job } = await site.storeCare.check({ database: 'messages', kind: 'full', cause: operator })
    await site.jobs.finished(job)
    break
  }
  case 'recovers': {
    for (const { id } of site.jobs.running()) await site.jobs.finished(id)
    const { job } = await site.databases.recover('db', operator)
    await site.jobs.finished(job)
    break
  }
  case 'stops': {
    await until('api runs', () => console.state.slice('services').get('api')?.state === 'running')
    // By another process: closing the file here would drop the locks that this one holds on it.
    const file = join(directory, 'data', 'app.db')
    const damage = `require('fs').writeFileSync(process.argv[1], 'coffee was spilled here '.repeat(1000))`
    execFileSync(process.execPath, ['-e', damage, file])
    const { job } = await site.databases.recover('db', operator)
    const stopping = () => site.jobs.get(job)?.steps.some(({ id, state }) => id === 'stop' && state === 'running')
    await until('services are stopped for it', () => stopping())
    await site.services.stop(['api'], operator)
    break
  }
  case 'acts': {
    const services = () => Object.values(console.state.slice('services').all())
    await until('all run', () => services().length > 0 && services().every(({ state }) => state === 'running'), 120_000)
    await site.recovery.run({ policy: 'whole', subject: null }, operator)
    await new Promise(() => setInterval(() => {}, 60_000))
    break
  }
  case 'freezes': {
    const services = console.state.slice('services')
    const drills = console.state.slice('drills')
    await until('all is well', () => site.jobs.running().length === 0 && services.get('mute')?.health === 'healthy')
    const pid = services.get('mute')?.pid
    const { job } = await site.drills.run('long', operator)
    const acted = () => site.jobs.get(job)?.steps.find(({ id }) => id === 'act')?.state === 'done'
    await until('it is frozen', () => drills.get('long')?.job === job && acted())
    process.stdout.write(`${pid}\n`)
    await new Promise((resolve) => setTimeout(resolve, 600_000))
  }
}
process.kill(process.pid, 'SIGKILL')
