import { readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import mqtt from 'mqtt'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { RehearsedService } from '#shared/contract/rehearsals.ts'
import { temporaryFolder } from '../support/folders.ts'
import {
  makeConsultEase,
  makeWebSite,
  openRehearsalRig,
  operator,
  type RehearsalRig,
  sandboxFolders,
} from '../support/rehearsal-rig.ts'
import { smallDisk } from '../support/small-disk.ts'
import { until } from '../support/until.ts'

const pidsOf = ({ state }: RehearsalRig) =>
  Object.fromEntries(Object.values(state.slice('services').all()).map(({ id, pid, restarts }) => [id, [pid, restarts]]))

const of = (services: readonly RehearsedService[], id: string) => services.find((service) => service.id === id)

describe('the ConsultEase site, rehearsed while it runs live', () => {
  for (const network of [true, false]) {
    it(`comes up beside itself, reaches nothing of itself, and is measured (${network ? 'a network of its own' : 'other ports alone'})`, async () => {
      using folder = temporaryFolder()
      const directory = join(folder.path, 'site')
      // Says something on the broker that it is given, and leaves a trace of it in its data.
      const teller = `  teller: { kind: node, run: services/teller.mjs, needs: { broker: ready }, env: { BROKER_URL: "mqtt://127.0.0.1:\${services.broker.ports.mqtt}", DATA: "\${data}" } }\n`
      const [port = 0] = await makeConsultEase(directory, (yaml) =>
        yaml.replace('\nroutes:\n', `\n${teller}\nroutes:\n`),
      )
      writeFileSync(
        join(directory, 'current', 'services', 'teller.mjs'),
        `import mqtt from 'mqtt'
import { writeFileSync } from 'node:fs'
const client = await mqtt.connectAsync(process.env.BROKER_URL)
if (process.env.WHEELHOUSE_REHEARSAL === '1') {
  await client.publishAsync('consultease/told', 'from the sandbox', { qos: 1 })
  writeFileSync(process.env.DATA + '/told', process.env.BROKER_URL)
}
process.on('SIGTERM', () => process.exit(0))
`,
      )
      await using rig = await openRehearsalRig(folder.path, directory, { network })
      await rig.start()
      const heard: string[] = []
      const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`)
      onTestFinished(() => void client.end(true))
      client.on('message', (topic) => heard.push(topic))
      await client.subscribeAsync('consultease/told', { qos: 1 })
      const before = pidsOf(rig)
      const snapshot = await rig.backUp()
      const light = () => rig.state.slice('rehearsals').get('rehearsals')
      await until('the light is amber', () => light()?.light === 'verified' && light()?.proven === null)

      const { job, run } = await rig.rehearse(null, true)

      expect(job).toMatchObject({ state: 'completed', kind: 'backup.rehearse', data: { verdict: 'proven' } })
      expect(run).toMatchObject({
        snapshot,
        state: 'completed',
        verdict: 'proven',
        apart: network && run.apart === 'network' ? 'network' : 'ports',
        reasons: [],
        checks: { faults: [] },
        cause: operator,
      })
      expect(run.services.map(({ id, result }) => [id, result])).toEqual(
        ['broker', 'database', 'api', 'desk-units', 'kiosk', 'teller'].map((id) => [id, 'healthy']),
      )
      expect(run.notes).toEqual([])
      const { restoreMs, startMs, healthyMs, totalMs } = run
      for (const ms of [restoreMs, startMs, healthyMs, totalMs]) expect(ms).toBeGreaterThan(0)
      expect(totalMs).toBeCloseTo((restoreMs ?? 0) + (healthyMs ?? 0))
      // It spoke, on a broker of the sandbox, and the live one heard nothing of it.
      const told = readFileSync(join(run.kept ?? '', 'site', 'data', 'told'), 'utf8')
      expect(told).toMatch(/^mqtt:\/\/127\.0\.0\.1:\d+$/)
      expect(told).not.toContain(`:${port}`)
      await client.publishAsync('consultease/told', 'from the spec', { qos: 1 })
      await until('the live broker to pass on what was said to it', () => heard.length > 0)
      expect(heard).toEqual(['consultease/told'])
      expect(pidsOf(rig)).toEqual(before)
      expect(rig.inSandboxes()).toEqual([])
      expect(rig.state.slice('rehearsals').get('rehearsals')).toMatchObject({
        light: 'proven',
        proven: { snapshot, totalMs },
        job: null,
      })
      expect(rig.state.slice('snapshots').get(snapshot)?.rehearsed).toMatchObject({ verdict: 'proven', totalMs })
      const events = (await rig.site.events.page({ limit: 50 })).events.filter(({ operation }) => operation === job.id)
      expect(events.map(({ kind }) => kind)).toEqual(
        expect.arrayContaining(['rehearsal.started', 'rehearsal.completed']),
      )
    })
  }
})

describe('a snapshot that is not good', () => {
  it('whose service does not start fails with the last lines of its log; the light turns red, and green again with a good one', async () => {
    using folder = temporaryFolder()
    const directory = join(folder.path, 'site')
    const { write } = await makeWebSite(directory)
    await using rig = await openRehearsalRig(folder.path, directory)
    const good = readFileSync(join(directory, 'services', 'web.mjs'), 'utf8')
    write(`console.log('reads its settings'); throw new Error('the settings are gone')`)
    const snapshot = await rig.backUp()

    const { job, run } = await rig.rehearse()

    expect(job).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('It did not come up: 1 of 2 services'),
    })
    expect(run).toMatchObject({ state: 'completed', verdict: 'failed', snapshot, totalMs: null })
    expect(of(run.services, 'web')).toMatchObject({ result: 'failed' })
    expect(of(run.services, 'web')?.log.join('\n')).toContain('the settings are gone')
    expect(run.reasons[0]).toMatch(/^web did not start: /)
    expect(rig.state.slice('rehearsals').get('rehearsals')?.light).toBe('failed')
    expect(rig.state.slice('attention').get('rehearsal-failed')).toMatchObject({ subject: `snapshot:${snapshot}` })
    expect(sandboxFolders(directory)).toEqual([])
    expect(rig.inSandboxes()).toEqual([])

    write(good)
    await rig.backUp()
    expect(await rig.rehearse()).toMatchObject({ run: { verdict: 'proven' } })
    expect(rig.state.slice('rehearsals').get('rehearsals')?.light).toBe('proven')
    expect(rig.state.slice('attention').get('rehearsal-failed')).toBeUndefined()
  })

  it('whose service starts and is not healthy fails, and says what its probe says', async () => {
    using folder = temporaryFolder()
    const directory = join(folder.path, 'site')
    await makeWebSite(directory, {
      code: `import { createServer } from 'node:http'
createServer(({ url }, response) => response.writeHead(url === '/health' ? 503 : 200).end()).listen(Number(process.env.PORT), '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
`,
    })
    await using rig = await openRehearsalRig(folder.path, directory)
    await rig.backUp()
    const { run } = await rig.rehearse()
    expect(run).toMatchObject({ verdict: 'failed', healthyMs: null })
    expect(of(run.services, 'web')).toMatchObject({ result: 'unhealthy', sentence: expect.stringContaining('503') })
    expect(run.reasons[0]).toMatch(/^web started and is not healthy: /)
  })
})

describe('what cannot be rehearsed', () => {
  it('is left out with its reason, and the rest is partly proven: a port as a number, a path into the live site, another machine', async () => {
    using folder = temporaryFolder()
    const directory = join(folder.path, 'site')
    const { http } = await makeWebSite(directory, {
      entry: `  fixed: { kind: node, run: services/web.mjs, env: { PORT: "${0}" } }
  into: { kind: node, run: services/web.mjs, env: { PORT: "\${ports.http}", SPOOL: "${directory}/data/spool" }, ports: { http: 39001 } }
  mail: { kind: node, run: services/web.mjs, env: { PORT: "\${ports.http}", SMTP: "smtp://mail.example:25" }, ports: { http: 39002 } }
  after: { kind: node, run: services/web.mjs, needs: { fixed: ready }, env: { PORT: "\${ports.http}" }, ports: { http: 39003 } }`,
    })
    const file = join(directory, 'site.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace('PORT: "0"', `PORT: "${http}"`))
    await using rig = await openRehearsalRig(folder.path, directory)
    await rig.backUp()
    const { job, run } = await rig.rehearse()
    expect(job.state).toBe('completed')
    expect(run).toMatchObject({
      verdict: 'partly',
      sentence: expect.stringContaining('Partly proven: 2 of 6 services'),
    })
    expect(of(run.services, 'fixed')).toMatchObject({
      result: 'left-out',
      sentence: `its environment variable PORT holds the port ${http} as a number; name it under \`ports\` and write \${ports.NAME}`,
    })
    expect(of(run.services, 'into')?.sentence).toContain('points into the live site')
    expect(of(run.services, 'mail')?.sentence).toContain('names another machine, mail.example')
    expect(of(run.services, 'after')?.sentence).toBe('it needs fixed, which is not started')
    expect(rig.state.slice('rehearsals').get('rehearsals')?.light).toBe('verified')
  })

  it('is also what takes a port of the live site from its code', async () => {
    using folder = temporaryFolder()
    const directory = join(folder.path, 'site')
    const site = await makeWebSite(directory, {
      entry: '  coded: { kind: node, run: services/coded.mjs, restart: { budget: { starts: 1, per: 10m } } }',
    })
    writeFileSync(
      join(directory, 'services', 'coded.mjs'),
      `import { createServer } from 'node:net'\ncreateServer().listen(${site.http}, '127.0.0.1')\n`,
    )
    await using rig = await openRehearsalRig(folder.path, directory)
    await rig.backUp()
    const { run } = await rig.rehearse()
    expect(run.verdict).toBe('partly')
    expect(of(run.services, 'coded')).toMatchObject({
      result: 'left-out',
      sentence: `it listens on ${site.http}, a port of the live site that its code holds as a number`,
    })
  })
})

describe('a rehearsal that does not get to its end', () => {
  it('leaves nothing when it is cancelled, whatever it was at', async () => {
    using folder = temporaryFolder()
    const directory = join(folder.path, 'site')
    await makeWebSite(directory)
    await using rig = await openRehearsalRig(folder.path, directory)
    await rig.backUp()
    for (const step of ['prepare', 'restore', 'start', 'check', 'stop']) {
      const { job } = await rig.site.rehearsals.run({ snapshot: null, keep: false, cause: operator })
      const stateOf = () => rig.site.jobs.get(job)?.steps.find(({ id }) => id === step)?.state
      await until(`it is at ${step}`, () => stateOf() !== 'pending')
      await rig.site.jobs.cancel(job, operator).catch(() => {})
      const view = await rig.site.jobs.finished(job)
      // One that was over before the cancel came has completed.
      expect(['cancelled', 'completed'], step).toContain(view.state)
      if (view.state === 'cancelled') {
        expect(rig.site.rehearsals.history()[0], step).toMatchObject({ id: job, state: 'cancelled', verdict: null })
      }
      expect(sandboxFolders(directory), step).toEqual([])
      expect(rig.inSandboxes(), step).toEqual([])
    }
    expect(rig.state.slice('attention').get('rehearsal-failed')).toBeUndefined()
  })

  it('is refused beside another one, and beside what has the backups in its hands', async () => {
    using folder = temporaryFolder()
    const directory = join(folder.path, 'site')
    await makeWebSite(directory)
    await using rig = await openRehearsalRig(folder.path, directory)
    await rig.backUp()
    const { rehearsals, backups, jobs } = rig.site
    const { job } = await rehearsals.run({ snapshot: null, keep: false, cause: operator })
    const busy = { problem: { code: 'rehearsal-busy' } }
    await expect(rehearsals.run({ snapshot: null, keep: false, cause: operator })).rejects.toMatchObject(busy)
    await expect(backups.create({ kind: 'full', note: '', cause: operator })).rejects.toMatchObject({
      problem: { code: 'job-busy' },
    })
    await jobs.cancel(job, operator)
    await jobs.finished(job)
    const taken = await backups.create({ kind: 'full', note: '', cause: operator })
    await expect(rehearsals.run({ snapshot: null, keep: false, cause: operator })).rejects.toMatchObject(busy)
    await jobs.finished(taken.job)
  })

  it('says nothing of the snapshot where its disk is too small, or the snapshot larger than is allowed', async (context) => {
    using folder = temporaryFolder()
    using disk = smallDisk((reason) => context.skip(reason), folder.path)
    const directory = join(folder.path, 'site')
    await makeWebSite(directory)
    const file = join(directory, 'site.yaml')
    const yaml = readFileSync(file, 'utf8')
    writeFileSync(file, yaml.replace('healthy: 4s', `healthy: 4s, folder: ${disk.path}`))
    writeFileSync(join(directory, 'data', 'large'), Buffer.alloc(2e6, 7))
    await using rig = await openRehearsalRig(folder.path, directory)
    await rig.backUp()
    const { job, run } = await rig.rehearse()
    expect(job).toMatchObject({ state: 'failed', message: expect.stringContaining('are free') })
    expect(run).toMatchObject({ state: 'not made', verdict: null })
    expect(rig.state.slice('rehearsals').get('rehearsals')?.light).toBe('verified')
    expect(rig.state.slice('attention').get('rehearsal-not-made')).toMatchObject({ severity: 'warning' })
    writeFileSync(file, yaml.replace('healthy: 4s', 'healthy: 4s, most: 1MB'))
    await rig.site.reload(operator)
    expect((await rig.rehearse()).run).toMatchObject({
      state: 'not made',
      sentence: expect.stringContaining('at most 1.0 MB may be written'),
    })
    unlinkSync(join(directory, 'data', 'large'))
  })
})
