import { expect, test } from 'vitest'
import { runCommand, systemClock } from '#core/platform/index.ts'
import { freePorts } from '../../../../test/support/ports.ts'
import { order, scripts, serviceRig } from '../../../../test/support/service-rig.ts'
import { httpProbe, reference, serviceOf } from '../../../../test/support/site-definition.ts'
import { until } from '../../../../test/support/until.ts'
import { logTail } from './log-tail.ts'
import { RunMarks } from './run-mark.ts'

const web = (id: string, port: number, given = {}) =>
  serviceOf(id, {
    run: ['web.mjs'],
    ports: { http: port },
    probes: { startup: httpProbe(), readiness: httpProbe(), liveness: null },
    ...given,
  })

test('services start in the order of their needs, independent ones together, and stop in reverse', async () => {
  const [one = 0, two = 0] = await freePorts(2)
  await using rig = await serviceRig({
    files: { 'web.mjs': scripts.web, 'idle.mjs': scripts.idle },
    services: [
      serviceOf('kiosk', { run: ['idle.mjs'], needs: { api: 'ready' } }),
      web('api', one, { needs: { database: 'healthy' } }),
      web('database', two),
    ],
  })
  const outcome = await rig.coordinator.start('all', order)
  expect(outcome).toMatchObject({ done: expect.arrayContaining(['api', 'database', 'kiosk']), failed: [] })
  expect(rig.view('kiosk')).toMatchObject({ state: 'running', wanted: true, needs: [{ service: 'api', met: true }] })
  expect(rig.coordinator.wanted()).toEqual(['kiosk', 'api', 'database'])

  expect((await rig.coordinator.stop('all', order)).failed).toEqual([])
  const told = (await rig.events()).map(({ kind, subject }) => `${subject.slice(8)} ${kind.slice(8)}`)
  const order_ = (wanted: string[]) => wanted.map((each) => told.indexOf(each))
  const sequence = order_([
    'database starting',
    'database healthy',
    'api starting',
    'api ready',
    'kiosk starting',
    'kiosk stopping',
    'kiosk stopped',
    'api stopping',
    'api stopped',
    'database stopping',
    'database stopped',
  ])
  expect(sequence).toEqual(sequence.toSorted((a, b) => a - b))
  expect(sequence).not.toContain(-1)
  expect(rig.coordinator.wanted()).toEqual([])
})

test('after kill -9 the timeline shows exit, unhealthy, restart, healthy, each caused by the one before', async () => {
  const [port = 0] = await freePorts(1)
  await using rig = await serviceRig({ files: { 'web.mjs': scripts.web }, services: [web('api', port)] })
  await rig.coordinator.start(['api'], order)
  const before = await rig.see('api', 'healthy', ({ health }) => health === 'healthy')
  if (before.pid === null) throw new Error('a running service has a pid')
  process.kill(before.pid, 'SIGKILL')
  const after = await rig.see('api', 'healthy again', ({ health, pid }) => health === 'healthy' && pid !== before.pid)
  expect(after).toMatchObject({ state: 'running', restarts: 1, attempt: 1, lastExit: { signal: 'SIGKILL' } })

  const events = await rig.events()
  const exited = events.find(({ kind }) => kind === 'service.exited')
  const causedBy = (kind: string, cause: { id: string } | undefined) =>
    events.find((event) => event.kind === kind && event.cause.type === 'event' && event.cause.id === cause?.id)
  const unhealthy = causedBy('service.unhealthy', exited)
  const restarting = causedBy('service.restarting', unhealthy)
  const healthy = causedBy('service.healthy', restarting)
  expect(exited?.cause).toEqual({ type: 'observation', what: expect.stringContaining('SIGKILL') })
  expect(healthy?.message).toContain('api is healthy')
})

test('a crash loop ends in failed, with a reason, the last lines, and a card with fixes', async () => {
  await using rig = await serviceRig({
    files: { 'api.mjs': scripts.crashes },
    services: [
      serviceOf('api', {
        restart: {
          policy: 'always',
          backoff: { firstMs: 10, factor: 2, capMs: 40 },
          budget: { starts: 3, perMs: 600_000 },
          forgiveMs: 600_000,
        },
      }),
    ],
  })
  await rig.coordinator.start(['api'], order)
  const view = await rig.see('api', 'failed', ({ state }) => state === 'failed')
  expect(view).toMatchObject({
    health: 'unhealthy',
    reason: 'Given up after it was started 3 times within 10 min; the last time it exited with code 3.',
    lastExit: { code: 3 },
  })
  expect(rig.cards.get('service-failed:api')).toMatchObject({
    title: 'api has failed',
    why: expect.stringContaining('cannot open the database'),
    fixes: [{ action: { type: 'restart-service', service: 'api' } }, { action: { type: 'restore', snapshot: null } }],
  })
  const events = await rig.events()
  expect(events.filter(({ kind }) => kind === 'service.starting')).toHaveLength(3)

  // A person's start is tried at once and counts anew.
  await rig.coordinator.start(['api'], order)
  await rig.see('api', 'failed again', ({ state }) => state === 'failed')
  expect((await rig.events()).filter(({ kind }) => kind === 'service.starting')).toHaveLength(6)
})

test('a failed need leaves its dependents waiting with the reason, and the order says so', async () => {
  await using rig = await serviceRig({
    files: { 'database.mjs': scripts.crashes, 'idle.mjs': scripts.idle },
    services: [
      serviceOf('database', { restart: { ...serviceOf('x').restart, policy: 'never' }, oneShot: true }),
      serviceOf('api', { run: ['idle.mjs'], needs: { database: 'completed' } }),
      serviceOf('kiosk', { run: ['idle.mjs'], needs: { api: 'started' } }),
    ],
  })
  const outcome = await rig.coordinator.start(['kiosk'], order)
  expect(outcome.done).toEqual([])
  expect(outcome.failed.map(({ service }) => service).sort()).toEqual(['api', 'database', 'kiosk'])
  expect(rig.view('api')).toMatchObject({
    state: 'waiting',
    health: 'unknown',
    reason: expect.stringContaining('Waits for database, which has failed: It exited with code 3'),
  })
  expect(rig.cards.size).toBe(1)

  // Stop while waiting: at once, and nothing is left that starts later.
  await rig.coordinator.stop(['api'], order)
  expect(rig.view('kiosk').state).toBe('stopped')
  expect(rig.view('api')).toMatchObject({ state: 'stopped', wanted: false })
})

test('what ignores SIGTERM is killed after its time', async () => {
  await using rig = await serviceRig({
    files: { 'api.mjs': scripts.stubborn },
    services: [serviceOf('api', { stop: { signal: 'SIGTERM', withinMs: 300 } })],
  })
  await rig.coordinator.start(['api'], order)
  await rig.logged('api', 'up')
  expect((await rig.coordinator.stop(['api'], order)).failed).toEqual([])
  expect(rig.view('api')).toMatchObject({ state: 'stopped', pid: null })
})

test('a grandchild that left the group with the port is ended before the service is started again', async () => {
  const [port = 0] = await freePorts(1)
  await using rig = await serviceRig({
    files: {
      'api.mjs': `
        import { spawn } from 'node:child_process'
        spawn(process.execPath, ['holder.mjs'], { detached: true, stdio: 'inherit' }).unref()
        setTimeout(() => {}, 600_000)`,
      'holder.mjs': scripts.web,
    },
    services: [web('api', port, { run: ['api.mjs'] })],
  })
  await rig.coordinator.start(['api'], order)
  const { pid } = rig.view('api')
  const [run = ''] = rig.runs()
  const grandchild = rig.processes.findByRun(run).find((identity) => identity.pid !== pid)
  process.kill(pid ?? 0, 'SIGKILL')
  await rig.see('api', 'running again', (view) => view.state === 'running' && view.pid !== pid)
  expect(grandchild && rig.processes.isAlive(grandchild)).toBe(false)
  expect((await rig.events()).some(({ kind }) => kind === 'service.left-processes')).toBe(true)

  await rig.coordinator.stop(['api'], order)
  expect(rig.processes.findByRuns(rig.runs()).size).toBe(0)
})

test('a taken port is said with its holder, and costs no spawn', async () => {
  const [port = 0] = await freePorts(1)
  await using rig = await serviceRig({
    files: { 'web.mjs': scripts.web },
    services: [
      web('first', port),
      web('second', port, { restart: { ...serviceOf('x').restart, budget: { starts: 2, perMs: 600_000 } } }),
    ],
  })
  await rig.coordinator.start(['first'], order)
  const outcome = await rig.coordinator.start(['second'], order)
  expect(outcome.failed[0]?.reason).toContain(
    `ort ${port}, which second uses as \`http\`, is held by process ${rig.view('first').pid}`,
  )
  expect(outcome.failed[0]?.reason).toContain('give second another port in site.yaml')
  expect(rig.view('second').state).toBe('failed')
  expect(rig.runs()).toHaveLength(1)
})

test('a missing program or script fails at once, with a sentence and no restart', async () => {
  await using rig = await serviceRig({
    services: [serviceOf('api'), serviceOf('tool', { kind: 'process', run: ['no-such-program', '--serve'] })],
  })
  const { failed } = await rig.coordinator.start('all', order)
  const reasons = Object.fromEntries(failed.map(({ service, reason }) => [service, reason]))
  expect(reasons.api).toContain(
    `The script ${rig.directory}/api.mjs of api does not exist. Restore the code from a backup`,
  )
  expect(reasons.tool).toContain('There is no program no-such-program on this machine.')
  expect(rig.view('tool')).toMatchObject({ state: 'failed', attempt: 0 })
})

test('a second click on start joins the first, and a click on stop while starting ends it', async () => {
  const [port = 0] = await freePorts(1)
  const slow = `setTimeout(async () => {${scripts.web.replace("import { createServer } from 'node:http'", "const { createServer } = await import('node:http')")}}, 400)`
  await using rig = await serviceRig({ files: { 'web.mjs': slow }, services: [web('api', port)] })
  const clicks = [rig.coordinator.start(['api'], order), rig.coordinator.start(['api'], order)]
  expect((await Promise.all(clicks)).map(({ done }) => done)).toEqual([['api'], ['api']])
  expect(rig.runs()).toHaveLength(1)

  await rig.coordinator.stop(['api'], order)
  const starting = rig.coordinator.start(['api'], order)
  await rig.coordinator.stop(['api'], order)
  expect((await starting).failed).toEqual([{ service: 'api', reason: 'It was stopped meanwhile.' }])
  expect(rig.view('api').state).toBe('stopped')
  expect(rig.processes.findByRuns(rig.runs()).size).toBe(0)
})

test('a restart asked for is immediate, resets what was counted, and leaves the dependents up', async () => {
  const [port = 0] = await freePorts(1)
  await using rig = await serviceRig({
    files: { 'web.mjs': scripts.web, 'kiosk.mjs': scripts.idle },
    services: [web('api', port), serviceOf('kiosk', { needs: { api: 'ready' } })],
  })
  await rig.coordinator.start('all', order)
  const before = [rig.view('api').pid, rig.view('kiosk').pid]
  expect(await rig.coordinator.restart('api', order)).toEqual({ done: ['api'], failed: [] })
  await rig.see('kiosk', 'known again', ({ health }) => health === 'healthy')
  expect(rig.view('api').pid).not.toBe(before[0])
  expect(rig.view('kiosk').pid).toBe(before[1])
  const quiet = (await rig.events()).filter(
    ({ subject, severity }) => subject === 'service:kiosk' && severity !== 'info',
  )
  expect(quiet).toEqual([])
})

test('an emergency stop ends everything and waits for nobody, in every state', async () => {
  const [port = 0] = await freePorts(1)
  await using rig = await serviceRig({
    files: { 'idle.mjs': scripts.stubborn, 'crash.mjs': scripts.crashes },
    services: [
      serviceOf('stubborn', { run: ['idle.mjs'], stop: { signal: 'SIGTERM', withinMs: 3_600_000 } }),
      serviceOf('slow', {
        run: ['idle.mjs'],
        stop: { signal: 'SIGTERM', withinMs: 3_600_000 },
        probes: { startup: httpProbe(), readiness: null, liveness: null },
        ports: { http: port },
      }),
      serviceOf('waits', { run: ['idle.mjs'], needs: { slow: 'ready' } }),
      serviceOf('loops', {
        run: ['crash.mjs'],
        restart: { ...serviceOf('x').restart, backoff: { firstMs: 60_000, factor: 1, capMs: 60_000 } },
      }),
    ],
  })
  const starting = rig.coordinator.start('all', order)
  await rig.see('loops', 'backing off', ({ state }) => state === 'backing-off')
  await rig.see('stubborn', 'running', ({ state }) => state === 'running')
  await rig.logged('stubborn', 'up')
  const stopping = rig.coordinator.stop(['stubborn'], order)
  expect(['stubborn', 'slow', 'waits', 'loops'].map((id) => rig.view(id).state)).toEqual([
    'stopping',
    'starting',
    'waiting',
    'backing-off',
  ])
  const { killed, ms } = await rig.coordinator.emergencyStop(order.cause)
  expect(killed).toBe(2)
  expect(ms).toBeLessThan(60_000)
  expect(rig.processes.findByRuns(rig.runs()).size).toBe(0)
  expect(['stubborn', 'slow', 'waits', 'loops'].map((id) => rig.view(id).state)).toEqual(Array(4).fill('stopped'))
  await Promise.all([starting, stopping])
})

test('an emergency stop also ends a command that a policy or a check runs, with what it started, and nothing of another site', async () => {
  await using rig = await serviceRig({ services: [] })
  const clock = systemClock()
  const command = (directory: string) => {
    const env = { PATH: process.env.PATH ?? '', WHEELHOUSE_RUN: new RunMarks(directory).makeForErrand('step', 'tidy') }
    const args = ['-c', 'setsid sleep 1000 & sleep 1000']
    const ended = runCommand({ file: 'sh', args, cwd: rig.directory, env, timeoutMs: 60_000 }, clock)
    return { ended, found: () => rig.processes.findByRun(env.WHEELHOUSE_RUN) }
  }
  const [own, others] = [command(rig.directory), command(`${rig.directory}-beside`)]
  await until('both to run', () => own.found().length === 3 && others.found().length === 3)
  expect(await rig.coordinator.emergencyStop(order.cause)).toMatchObject({ killed: 3 })
  expect(await own.ended).toMatchObject({ signal: 'SIGKILL', timedOut: false })
  expect(own.found()).toEqual([])
  expect(others.found()).toHaveLength(3)
  for (const each of others.found()) rig.processes.signal(each, 'SIGKILL')
  await others.ended
})

test('a service stuck by its liveness probe is restarted; a failing readiness probe only degrades', async () => {
  const [port = 0] = await freePorts(1)
  await using rig = await serviceRig({
    files: {
      'api.mjs': `
        import { createServer } from 'node:http'
        let stuck = false
        createServer((request, response) => {
          if (request.url === '/stick') stuck = true
          response.writeHead(request.url === '/health' || stuck ? 503 : 200).end('busy with something')
        }).listen(Number(process.env.PORT_HTTP), '127.0.0.1')`,
    },
    services: [
      serviceOf('api', {
        ports: { http: port },
        probes: {
          startup: httpProbe({ check: { type: 'tcp', address: `127.0.0.1:${port}` } }),
          readiness: httpProbe(),
          liveness: httpProbe({
            check: { type: 'http', url: `http://127.0.0.1:${port}/live`, status: null },
            failures: 2,
          }),
        },
      }),
    ],
  })
  await rig.coordinator.start('all', order)
  const degraded = await rig.see('api', 'degraded', ({ health }) => health === 'degraded')
  expect(degraded).toMatchObject({
    state: 'running',
    reason: expect.stringMatching(/^Not ready: 503 in [\d.]+ m?s: busy/),
  })
  await fetch(`http://127.0.0.1:${port}/stick`)
  await rig.see('api', 'restarted', (view) => view.state === 'running' && view.pid !== degraded.pid)
  expect(rig.view('api').restarts).toBe(1)
})

test('a child sees its ports, its own environment, the marks, and nothing else of the console', async () => {
  const [port = 0] = await freePorts(1)
  await using rig = await serviceRig({
    environment: {
      PATH: process.env.PATH ?? '',
      LANG: 'C',
      AWS_SECRET: 'leak',
      NODE_OPTIONS: '--bad',
      WHEELHOUSE_CRASH_AT: 'x',
    },
    secrets: (name) => `value of ${name}`,
    files: { 'api.mjs': 'console.log(JSON.stringify(process.env)); setInterval(() => {}, 1000)' },
    services: [
      serviceOf('api', {
        ports: { 'http-admin': port },
        env: { TOKEN: reference('secrets.TOKEN'), WHEELHOUSE_RUN: 'forged' },
      }),
    ],
  })
  await rig.coordinator.start(['api'], { ...order, operation: 'op-1' })
  const line = await until('the environment', async () => (await logTail(rig.coordinator.logFiles('api'), 1))[0]?.text)
  expect(JSON.parse(line)).toEqual({
    PATH: process.env.PATH,
    LANG: 'C',
    PORT_HTTP_ADMIN: String(port),
    TOKEN: 'value of TOKEN',
    WHEELHOUSE_RUN: rig.runs()[0],
    WHEELHOUSE_OPERATION: 'op-1',
    WHEELHOUSE_SITE: 'lab',
    WHEELHOUSE_SERVICE: 'api',
  })
})
