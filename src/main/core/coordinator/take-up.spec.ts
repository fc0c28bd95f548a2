import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import type { ServiceDefinition } from '#core/config/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { freePorts } from '../../../../test/support/ports.ts'
import { order, scripts, serviceRig } from '../../../../test/support/service-rig.ts'
import { httpProbe, probeOf, serviceOf, siteOf } from '../../../../test/support/site-definition.ts'
import { until } from '../../../../test/support/until.ts'

const program = fileURLToPath(new URL('../../../../test/support/doomed-console.program.ts', import.meta.url))

/** A console in a process of its own on a site of these services. */
function doomedConsole(services: readonly ServiceDefinition[], files: Record<string, string>, crashAt?: string) {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  writeFileSync(join(folder.path, 'services.json'), JSON.stringify(services))
  for (const [name, source] of Object.entries(files)) writeFileSync(join(folder.path, name), source)
  const child: ChildProcess = spawn(process.execPath, [program, folder.path], {
    env: { ...process.env, ...(crashAt ? { WHEELHOUSE_CRASH_AT: crashAt } : {}) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_, signal) => resolve(signal)))
  const started = new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk) => String(chunk).includes('started') && resolve())
    void ended.then(() => reject(new Error('the console ended before it had started its services')))
  })
  started.catch(() => {})
  onTestFinished(() => void child.kill('SIGKILL'))
  return {
    directory: folder.path,
    started,
    ended,
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

test('after kill -9 of the console its services go on, are adopted, restarted when they crash, and stopped', async () => {
  const [port = 0] = await freePorts(1)
  const services = [
    serviceOf('api', {
      run: ['web.mjs'],
      ports: { http: port },
      probes: { startup: httpProbe(), readiness: httpProbe(), liveness: null },
    }),
    serviceOf('other', { run: ['idle.mjs'], onCrash: 'stop' }),
  ]
  const console_ = doomedConsole(services, { 'web.mjs': scripts.web, 'idle.mjs': scripts.idle })
  await console_.started
  await console_.kill()
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200)

  await using rig = await serviceRig({ directory: console_.directory, services })
  expect(await rig.coordinator.takeUp(order.cause)).toEqual({ adopted: ['api'], stopped: ['other'], gone: [] })
  const adopted = await rig.see('api', 'healthy', ({ health }) => health === 'healthy')
  expect(adopted).toMatchObject({ state: 'running', adopted: true, wanted: true })
  expect(rig.view('other')).toMatchObject({ state: 'stopped' })

  // Starting again starts only what does not run.
  await rig.coordinator.start('all', order)
  expect(rig.view('api').pid).toBe(adopted.pid)
  expect([...rig.processes.findByRuns(rig.runs())].map(([, found]) => found.length)).toEqual([1, 1])

  process.kill(adopted.pid ?? 0, 'SIGKILL')
  const again = await rig.see('api', 'running again', (view) => view.state === 'running' && view.pid !== adopted.pid)
  expect(again).toMatchObject({ adopted: false, lastExit: { code: null } })
  await rig.coordinator.stop('all', order)
  expect(rig.processes.findByRuns(rig.runs()).size).toBe(0)
})

test('the command of a probe that outlived the console is found by its mark, and ended', async () => {
  const liveness = probeOf({ type: 'command', run: ['/bin/sh', 'stuck.sh'] }, { timeoutMs: 300_000 })
  const services = [serviceOf('api', { probes: { startup: null, readiness: null, liveness } })]
  const stuck = 'echo $$ > probe.part; mv probe.part probe.pid; exec sleep 300'
  const console_ = doomedConsole(services, { 'api.mjs': scripts.idle, 'stuck.sh': stuck })
  const file = join(console_.directory, 'probe.pid')
  await until('the probe to be asked', () => existsSync(file))
  await console_.kill()
  await using rig = await serviceRig({ directory: console_.directory, services })
  const probe = rig.processes.identify(Number(readFileSync(file, 'utf8')))
  if (!probe) throw new Error('the command did not outlive the console, so there is nothing to find')
  onTestFinished(() => void rig.processes.signal(probe, 'SIGKILL'))
  expect(await rig.coordinator.takeUp(order.cause)).toMatchObject({ adopted: ['api'], stopped: ['api.probe'] })
  expect(rig.processes.isAlive(probe)).toBe(false)
  const told = (await rig.events()).find(({ message }) => message.includes('The command of a probe of api'))
  expect(told).toMatchObject({ subject: 'service:api', message: expect.stringContaining('was still running') })
})

test('killed just before a spawn: nothing runs, and nothing is taken for running', async () => {
  const services = [serviceOf('api')]
  const console_ = doomedConsole(services, { 'api.mjs': scripts.idle }, 'coordinator.before-spawn')
  expect(await console_.ended).toBe('SIGKILL')
  await using rig = await serviceRig({ directory: console_.directory, services })
  expect(await rig.coordinator.takeUp(order.cause)).toEqual({ adopted: [], stopped: [], gone: ['api'] })
  await rig.coordinator.start('all', order)
  expect(rig.view('api')).toMatchObject({ state: 'running', adopted: false })
})

test('killed between a spawn and its recording: the child is found by its mark and is not started twice', async () => {
  const services = [serviceOf('api')]
  const console_ = doomedConsole(services, { 'api.mjs': scripts.idle }, 'coordinator.after-spawn')
  expect(await console_.ended).toBe('SIGKILL')
  await using rig = await serviceRig({ directory: console_.directory, services })
  expect(await rig.coordinator.takeUp(order.cause)).toEqual({ adopted: ['api'], stopped: [], gone: [] })
  await rig.coordinator.start('all', order)
  expect(rig.runs()).toHaveLength(1)
  expect(rig.processes.findByRuns(rig.runs()).get(rig.runs()[0] ?? '')).toHaveLength(1)

  // Its identity is recorded now: another console finds it again.
  await rig.leave()
  await using next = await serviceRig({ directory: console_.directory, services })
  expect(await next.coordinator.takeUp(order.cause)).toMatchObject({ adopted: ['api'] })
})

test('a console that leaves its services running finds them again, and those that ended meanwhile are told as gone', async () => {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const services = [serviceOf('api'), serviceOf('gone', { run: ['api.mjs'] })]
  const first = await serviceRig({ directory: folder.path, services, files: { 'api.mjs': scripts.idle } })
  await first.coordinator.start('all', order)
  const pids = { api: first.view('api').pid, gone: first.view('gone').pid }
  await first.leave()
  process.kill(pids.gone ?? 0, 'SIGKILL')

  await using second = await serviceRig({ directory: folder.path, services })
  await second.see('gone', 'ended', () => second.processes.identify(pids.gone ?? 0) === undefined)
  expect(await second.coordinator.takeUp(order.cause)).toEqual({ adopted: ['api'], stopped: [], gone: ['gone'] })
  expect(second.view('api').pid).toBe(pids.api)
  const told = (await second.events()).find(
    ({ subject, kind }) => subject === 'service:gone' && kind === 'service.exited',
  )
  expect(told?.message).toBe('gone had ended while the console was not running.')
})

test('without a usable site.yaml nothing is taken up, everything can still be killed, and a later definition adopts', async () => {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const services = [serviceOf('api')]
  const first = await serviceRig({ directory: folder.path, services, files: { 'api.mjs': scripts.idle } })
  await first.coordinator.start('all', order)
  const { pid } = first.view('api')
  await first.leave()

  const second = await serviceRig({ directory: folder.path, definition: null })
  expect(await second.coordinator.takeUp(order.cause)).toEqual({ adopted: [], stopped: [], gone: [] })
  await expect(second.coordinator.start('all', order)).rejects.toMatchObject({ problem: { code: 'site-not-loaded' } })
  await second.coordinator.define(siteOf(services))
  expect(second.view('api')).toMatchObject({ pid, adopted: true })
  await second.leave()

  await using third = await serviceRig({ directory: folder.path, definition: null })
  expect(await third.coordinator.emergencyStop(order.cause)).toMatchObject({ killed: 1 })
})

test('an emergency stop while services are being taken up kills those too', async () => {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const services = [serviceOf('api'), serviceOf('stops', { run: ['stubborn.mjs'], onCrash: 'stop' })]
  const files = { 'api.mjs': scripts.idle, 'stubborn.mjs': scripts.stubborn }
  const first = await serviceRig({ directory: folder.path, services, files })
  await first.coordinator.start('all', order)
  await first.logged('stops', 'up')
  await first.leave()

  await using second = await serviceRig({ directory: folder.path, services })
  const takingUp = second.coordinator.takeUp(order.cause)
  const { killed } = await second.coordinator.emergencyStop(order.cause)
  expect(killed).toBe(2)
  await takingUp
  await second.see('api', 'stopped', ({ state }) => state === 'stopped')
  expect(second.processes.findByRuns(second.runs()).size).toBe(0)
})

test('services are found by their marks alone when the database that knew them is lost', async () => {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const services = [serviceOf('api'), serviceOf('other-one', { run: ['api.mjs'] })]
  const first = await serviceRig({ directory: folder.path, services, files: { 'api.mjs': scripts.idle } })
  await first.coordinator.start('all', order)
  const { pid } = first.view('api')
  await first.leave()
  rmSync(join(folder.path, '.wheelhouse'), { recursive: true })

  const second = await serviceRig({ directory: folder.path, services })
  expect(await second.coordinator.takeUp(order.cause)).toMatchObject({ adopted: ['api', 'other-one'] })
  expect(second.view('api')).toMatchObject({ pid, state: 'running' })
  expect(second.view('api').reason).not.toContain('restart it to apply')
  await second.leave()
  await using third = await serviceRig({ directory: folder.path, services })
  expect(await third.coordinator.takeUp(order.cause)).toMatchObject({ adopted: ['api', 'other-one'] })
})

test('a running service that site.yaml no longer has is stopped, and one defined otherwise is marked', async () => {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const services = [serviceOf('api'), serviceOf('old', { run: ['api.mjs'] })]
  const first = await serviceRig({ directory: folder.path, services, files: { 'api.mjs': scripts.idle } })
  await first.coordinator.start('all', order)
  await first.leave()
  await using second = await serviceRig({
    directory: folder.path,
    services: [serviceOf('api', { env: { LOG: 'debug' } })],
  })
  expect(await second.coordinator.takeUp(order.cause)).toEqual({ adopted: ['api'], stopped: ['old'], gone: [] })
  expect(second.view('api').reason).toContain('restart it to apply')
  await second.coordinator.restart('api', order)
  expect(second.view('api').reason).not.toContain('restart it to apply')
})
