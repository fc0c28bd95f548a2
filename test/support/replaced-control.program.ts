import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { openTestConsole } from './test-console.ts'

/**
 * A console that lives to be killed: runs all services of a trusted site, has its control database damaged beneath it and
 * recovered by a check, writes as one line what stands in the database then, and goes on.
 */
const [home = '', directory = ''] = process.argv.slice(2)
const operator = { type: 'operator', via: 'command line' } as const
const console = await openTestConsole(home)
await console.openInitial({ site: directory, otherwise: 'none', start: false })
const { site } = console
if (!site) throw new Error('no site is open')
const started = await site.services.start('all', operator)
await site.jobs.finished(started.job)
site.attention.raise({
  id: 'test-card',
  subject: 'site',
  severity: 'warning',
  title: 'Raised before the damage',
  why: 'It must stand in the database that takes the place of the damaged one.',
  fixes: [],
  cause: operator,
  dismissible: true,
})
const slow = Promise.withResolvers<void>()
const running = await site.jobs.start(
  {
    kind: 'test.waits',
    subject: 'site',
    title: 'Wait',
    steps: [],
    commandLine: 'wheelhouse jobs',
    input: { what: 'kept' },
    lane: null,
    cancellable: true,
    cause: operator,
  },
  () => slow.promise.then(() => ({ message: 'It was let go on.' })),
)
await site.store.settled()
// By another process: closing the file here would drop the locks that this one holds on it.
const damage = `const file = require('fs').openSync(process.argv[1], 'r+')
  require('fs').writeSync(file, Buffer.alloc(4096 * 12, 0xa5), 0, 4096 * 12, 4096 * 2)`
execFileSync(process.execPath, ['-e', damage, join(directory, '.wheelhouse', 'control.db')])
const { job } = await site.storeCare.check({ database: 'control', kind: 'full', cause: operator })
await site.jobs.finished(job)
await site.storeCare[Symbol.asyncDispose]()
await site.store.settled()
const runs = site.store.control.all({
  sql: 'SELECT service, pid FROM service_runs WHERE ended_at IS NULL ORDER BY service',
})
const opened = site.store.opened.control
process.stdout.write(`${JSON.stringify({ job, started: started.job, running: running.id, runs, opened })}\n`)
setInterval(() => {}, 60_000)
