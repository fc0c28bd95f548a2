import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import mqtt from 'mqtt'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Site } from '#core/site.ts'
import type { DrillRun } from '#shared/contract/drills.ts'
import type { JobView, ServiceView } from '#shared/contract/state.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { Console } from '../../src/main/console/index.ts'
import { temporaryFolder } from '../support/folders.ts'
import { freePorts } from '../support/ports.ts'
import { openTestConsole } from '../support/test-console.ts'
import { until } from '../support/until.ts'

const operator: Cause = { type: 'operator', via: 'command line' }

/** A broker, a database, a web service that is asked whether it lives, and one that nothing is asked of. */
async function makeSite(directory: string, { recover = 'ask', more = '' } = {}): Promise<{ readonly mqtt: number }> {
  const [mqttPort = 0, http = 0] = await freePorts(2)
  mkdirSync(join(directory, 'data'), { recursive: true })
  mkdirSync(join(directory, 'services'))
  const rows =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO note SELECT i, 'a note of the lab, number ' || i FROM n"
  sqlite(join(directory, 'data', 'app.db'), `CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT); ${rows};`)
  writeFileSync(
    join(directory, 'services', 'web.mjs'),
    `import { createServer } from 'node:http'
createServer((_request, response) => response.end('ok')).listen(Number(process.env.PORT), '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
`,
  )
  writeFileSync(join(directory, 'services', 'mute.mjs'), `setInterval(() => {}, 1000)\n`)
  const backoff = 'restart: { backoff: { first: 100ms, factor: 1, cap: 100ms }, budget: { starts: 3, per: 10m } }'
  writeFileSync(
    join(directory, 'site.yaml'),
    `wheelhouse: 1
site: lab
services:
  broker: { kind: builtin, use: broker, ports: { mqtt: ${mqttPort} }, ${backoff} }
  db: { kind: builtin, use: database, database: { sqlite: data/app.db, recover: ${recover} } }
  web:
    kind: node
    run: services/web.mjs
    ports: { http: ${http} }
    needs: { broker: ready }
    env: { PORT: "\${ports.http}" }
    startup: { http: "http://127.0.0.1:\${ports.http}/", every: 50ms, within: 2m }
    liveness: { http: "http://127.0.0.1:\${ports.http}/", every: 200ms, timeout: 1s, failures: 2 }
    stop: { within: 2s }
    ${backoff}
  mute: { kind: node, run: services/mute.mjs, ${backoff} }
routes:
  all: { from: lab/#, to: [ { journal: 1d } ] }
drills:
  unseen: { do: freeze, of: mute, within: 1s }
${more}`,
  )
  return { mqtt: mqttPort }
}

function sqlite(file: string, statements: string): string {
  return execFileSync('sqlite3', [file, statements], { encoding: 'utf8' }).trim()
}

/** State letter of a process in /proc: T is frozen. */
function stateOf(pid: number): string {
  try {
    return / ([A-Za-z]) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8').split(')')[1] ?? '')?.[1] ?? ''
  } catch {
    return 'gone'
  }
}

class Rig {
  readonly home: string
  readonly directory: string
  console!: Console
  site!: Site

  constructor(home: string) {
    this.home = home
    this.directory = join(home, 'site')
  }

  async open(): Promise<void> {
    this.console = await openTestConsole(this.home)
    await this.console.openInitial({ site: this.directory, otherwise: 'none', start: false })
    const { site } = this.console
    if (!site) throw new Error('The site was not opened.')
    this.site = site
    const asked = this.console.state.slice('site').get('site')?.trust
    if (asked) await site.trust(asked.fingerprint, operator)
    else await site.start(operator)
    for (const id of ['broker', 'db', 'web', 'mute']) {
      await until(`${id} is healthy`, () => this.view(id).health === 'healthy' && this.view(id).state === 'running')
    }
    await until('no job runs', () => this.site.jobs.running().length === 0)
    await until(
      'routes are connected',
      () => this.console.state.slice('traffic').get('traffic')?.router === 'connected',
    )
  }

  view(id: string): ServiceView {
    const view = this.console.state.slice('services').get(id)
    if (!view) throw new Error(`There is no service ${id}.`)
    return view
  }

  async drill(id: string): Promise<{ readonly job: JobView; readonly run: DrillRun }> {
    // A busy machine may make a database slow for a moment, and then a drill is refused.
    await until(`the drill ${id} may be done`, () => this.site.drills.plan(id).refusal === null)
    const { job } = await this.site.drills.run(id, operator)
    return await this.ended(job)
  }

  async ended(id: string): Promise<{ readonly job: JobView; readonly run: DrillRun }> {
    const job = await this.site.jobs.finished(id)
    const run = this.site.drills.history().find((each) => each.id === id)
    if (!run) throw new Error(`No run of ${id}: ${job.message}`)
    return { job, run }
  }
}

describe('drills of a whole console', () => {
  let folder: ReturnType<typeof temporaryFolder>
  let rig: Rig

  beforeEach(() => {
    folder = temporaryFolder()
    rig = new Rig(folder.path)
  })
  afterEach(async () => {
    await rig.console?.close({ services: 'stop' })
    folder[Symbol.dispose]()
  })

  it('a killed service is noticed, comes back, and is measured; the drill is the cause and costs neither budget nor a card', async () => {
    await makeSite(rig.directory)
    await rig.open()
    const pid = rig.view('web').pid
    // Two more kills than the budget of three starts in ten minutes would bear.
    for (let round = 1; round <= 4; round++) {
      const { job, run } = await rig.drill('kill-web')
      expect(job).toMatchObject({ state: 'completed' })
      expect(run).toMatchObject({ state: 'completed', restarts: 1, scheduled: false })
      expect(run.detectMs).toBeGreaterThanOrEqual(0)
      expect(run.detectMs).toBeLessThan(60_000)
      expect(run.recoverMs).toBeGreaterThan(run.detectMs ?? 0)
      expect(run.detectedBy).toContain('SIGKILL')
    }
    expect(rig.view('web').pid).not.toBe(pid)
    expect(rig.view('web').attempt).toBe(0)
    const cards = Object.values(rig.console.state.slice('attention').all())
    expect(cards.filter(({ subject }) => subject !== 'site')).toEqual([])
    await rig.site.events.settled()
    const { events } = await rig.site.events.page({ subject: 'service:web', limit: 100 })
    const exit = events.find(({ kind }) => kind === 'service.exited')
    const kinds = rig.site.events.causes(exit?.id ?? '').map(({ kind }) => kind)
    expect(kinds.slice(0, 2)).toEqual(['service.exited', 'drill.started'])
    expect(rig.console.state.slice('drills').get('kill-web')?.trend).toHaveLength(4)
  })

  it('a frozen service is replaced, with what it had started; one that nothing is asked of is never noticed, and woken again', async () => {
    await makeSite(rig.directory)
    await rig.open()
    const { job, run } = await rig.drill('freeze-web')
    expect(job).toMatchObject({ state: 'completed' })
    expect(run.detectedBy).toContain('stuck')
    expect(run.detectMs).toBeGreaterThan(200)
    expect(run.recoveredBy).toContain('frozen process')

    const mute = rig.view('mute').pid ?? 0
    const unseen = await rig.drill('unseen')
    expect(unseen.job.state).toBe('failed')
    expect(unseen.run).toMatchObject({ state: 'failed', detectMs: null, recoverMs: null, restarts: 0 })
    expect(unseen.run.verdict).toContain('did not notice within 1 s')
    expect(unseen.run.verdict).toContain('woke what was still frozen')
    expect(rig.view('mute').pid).toBe(mute)
    expect(stateOf(mute)).toBe('S')
    expect(rig.console.state.slice('attention').get('drill-failed:unseen')).toMatchObject({ severity: 'warning' })
  })

  it('a drill that is cancelled wakes what it froze at once; while it runs no backup begins and no second drill', async () => {
    await makeSite(rig.directory, { more: '  long: { do: freeze, of: mute, within: 5m }\n' })
    await rig.open()
    const mute = rig.view('mute').pid ?? 0
    const { job } = await rig.site.drills.run('long', operator)
    await until('it is frozen', () => stateOf(mute) === 'T')
    expect(rig.console.state.slice('drills').get('long')?.job).toBe(job)
    await expect(rig.site.drills.run('kill-web', operator)).rejects.toMatchObject({ problem: { code: 'drill-busy' } })
    await expect(rig.site.backups.create({ kind: 'data', note: '', cause: operator })).rejects.toMatchObject({
      problem: { code: 'job-busy' },
    })
    await rig.site.jobs.cancel(job, operator)
    const { job: ended, run } = await rig.ended(job)
    expect(ended.state).toBe('cancelled')
    expect(run.state).toBe('cancelled')
    expect(stateOf(mute)).toBe('S')
    expect(rig.console.state.slice('attention').get('drill-failed:long')).toBeUndefined()
  })

  it('it is refused during maintenance, and for a service that is not healthy, each with a sentence in its plan', async () => {
    await makeSite(rig.directory)
    await rig.open()
    expect(rig.site.drills.plan('cut-broker')).toMatchObject({
      refusal: null,
      services: [{ id: 'broker' }, { id: 'web' }],
      commandLine: 'wheelhouse drill run cut-broker',
    })
    await rig.site.maintenance.begin({ forMs: 60_000, reason: '' }, operator)
    await expect(rig.site.drills.run('kill-web', operator)).rejects.toMatchObject({
      problem: { code: 'drill-maintenance' },
    })
    expect(rig.site.drills.plan('kill-web').refusal).toContain('maintenance')
    await rig.site.maintenance.end(operator)
    await rig.site.coordinator.stop(['mute'], { cause: operator, operation: null })
    await expect(rig.site.drills.run('kill-mute', operator)).rejects.toMatchObject({
      problem: { code: 'drill-not-healthy' },
    })
    await expect(rig.site.drills.run('kill-wep', operator)).rejects.toMatchObject({
      problem: { code: 'drill-unknown' },
    })
  })

  it('a broker that is cut off comes back with all its clients; one that stays away fails the drill by its name', async () => {
    const ports = await makeSite(rig.directory, { more: '  quick-cut: { do: cut-broker, of: broker, within: 15s }\n' })
    await rig.open()
    const address = `mqtt://127.0.0.1:${ports.mqtt}`
    const faithful = await mqtt.connectAsync(address, { clientId: 'desk-1', reconnectPeriod: 100 })
    try {
      const { job, run } = await rig.drill('quick-cut')
      expect(job.state).toBe('completed')
      expect(run.recoveredBy).toContain('all 2 clients came back') // the router's own is the other
      expect(faithful.connected).toBe(true)

      const faithless = await mqtt.connectAsync(address, { clientId: 'desk-2', reconnectPeriod: 0 })
      faithless.on('error', () => {})
      const second = await rig.drill('quick-cut')
      expect(second.job.state).toBe('failed')
      expect(second.run).toMatchObject({ recoverMs: null })
      expect(second.run.verdict).toContain('1 of 3 clients did not come back: desk-2')
      await faithless.endAsync(true)
    } finally {
      await faithful.endAsync(true)
    }
  })

  it.each(['ask', 'automatic'])(
    'damaged pages of a database are found and a copy takes its place (recover: %s)',
    async (recover) => {
      await makeSite(rig.directory, { recover })
      await rig.open()
      const { job, run } = await rig.drill('corrupt-db')
      expect(job).toMatchObject({ state: 'completed' })
      expect(run.detectedBy).toMatch(/check that the drill ordered|look at it/)
      expect(run.recoveredBy).toContain(
        recover === 'ask' ? 'the drill ordered (recover: ask)' : 'by itself (recover: automatic)',
      )
      expect(run.lost).toContain('between the copy and the recovery')
      expect(sqlite(join(rig.directory, 'data', 'app.db'), 'SELECT count(*) FROM note')).toBe('2000')
      expect(sqlite(join(rig.directory, 'data', 'app.db'), 'PRAGMA integrity_check')).toBe('ok')
      expect(rig.view('db').health).toBe('healthy')
      expect(rig.console.state.slice('attention').get('database-unwell:db')).toBeUndefined()
    },
  )

  it('where the recovery is not possible the pages get back what they held, and the drill says so', async () => {
    await makeSite(rig.directory)
    await rig.open()
    const file = join(rig.directory, 'data', 'app.db')
    const before = readFileSync(file)
    // Somebody else's program has it open, so that no file may take its place.
    const holder = spawn('sqlite3', [file], { stdio: ['pipe', 'pipe', 'ignore'] })
    try {
      holder.stdin.write('SELECT count(*) FROM note;\n')
      await new Promise((resolve) => holder.stdout.once('data', resolve))
      const { job, run } = await rig.drill('corrupt-db')
      expect(job.state).toBe('failed')
      expect(run.verdict).toContain('still has data/app.db open')
      expect(run.verdict).toContain('The drill put 3 pages back as they were.')
      expect(run.lost).toBeNull()
    } finally {
      holder.kill('SIGKILL')
    }
    expect(readFileSync(file).equals(before)).toBe(true)
    expect(rig.console.state.slice('attention').get('drill-failed:corrupt-db')).toBeDefined()
    await until('db is healthy again', () => rig.view('db').health === 'healthy')
  })

  it('a console that is killed in the middle of a freeze wakes the process at its next start, and tells it', async () => {
    await makeSite(rig.directory, { more: '  long: { do: freeze, of: mute, within: 5m }\n' })
    const program = join(import.meta.dirname, '..', 'support', 'mortal-console.program.ts')
    const mortal = spawn(process.execPath, [program, rig.home, rig.directory, 'freezes'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const said = await new Promise<string>((resolve) => mortal.stdout.once('data', (data) => resolve(String(data))))
    const pid = Number(said.trim())
    mortal.kill('SIGKILL')
    await new Promise((resolve) => mortal.once('exit', resolve))
    expect(stateOf(pid)).toBe('T')

    await rig.open()
    expect(rig.view('mute').pid).toBe(pid)
    expect(stateOf(pid)).toBe('S')
    expect(rig.site.drills.history('long')).toMatchObject([{ state: 'interrupted' }])
    const { events } = await rig.site.events.page({ kind: 'drill.undone', limit: 5 })
    expect(events).toMatchObject([{ subject: 'service:mute' }])
    expect(events[0]?.message).toContain('The frozen process was woken.')
    expect(rig.site.jobs.get(rig.site.drills.history('long')[0]?.id ?? '')?.state).toBe('failed')
  })
})
