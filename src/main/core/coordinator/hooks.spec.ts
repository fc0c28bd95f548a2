import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { HookName } from '#core/config/index.ts'
import { order, scripts, serviceRig } from '../../../../test/support/service-rig.ts'
import { noHooks, serviceOf } from '../../../../test/support/site-definition.ts'
import { until } from '../../../../test/support/until.ts'
import { logTail } from './log-tail.ts'

/** Writes its name, and what the service is given, into a file of the site. */
const note = (name: string) =>
  `import { appendFileSync } from 'node:fs'
   appendFileSync('order.txt', '${name} ' + process.env.GREETING + '\\n')`

const chatty = `
  import { appendFileSync } from 'node:fs'
  appendFileSync('order.txt', 'up\\n')
  process.on('SIGTERM', () => { appendFileSync('order.txt', 'down\\n'); process.exit(0) })
  setInterval(() => {}, 1000)`

const hooksOf = (given: Partial<Record<HookName, readonly string[]>>, timeoutMs = 20_000) => ({
  ...noHooks,
  ...Object.fromEntries(Object.entries(given).map(([name, run]) => [name, { run, timeoutMs }])),
})

test('the four callbacks run around start and stop, in their order, with the environment and the log of the service', async () => {
  const names = ['before-start', 'after-start', 'before-stop', 'after-stop'] as const
  await using rig = await serviceRig({
    files: {
      'api.mjs': chatty,
      ...Object.fromEntries(names.map((name) => [`${name}.mjs`, `${note(name)}; console.log('said by ${name}')`])),
    },
    services: [
      serviceOf('api', {
        env: { GREETING: 'hello' },
        hooks: hooksOf(Object.fromEntries(names.map((name) => [name, [`${name}.mjs`]]))),
      }),
    ],
  })
  const written = () => readFileSync(join(rig.directory, 'order.txt'), 'utf8').trim().split('\n')
  await rig.coordinator.start('all', order)
  const told = async () => (await rig.events()).filter(({ kind }) => kind === 'service.hook-ran')
  await until('after-start has run', async () => (await told()).length === 2)
  expect((await rig.coordinator.stop('all', order)).failed).toEqual([])
  // `up` and `after-start` are written by two processes at once.
  const inOrder = written().filter((line) => line !== 'after-start hello')
  expect(inOrder).toEqual(['before-start hello', 'up', 'before-stop hello', 'down', 'after-stop hello'])
  const log = (await logTail(rig.coordinator.logFiles('api'), 20)).map(({ text }) => text)
  expect(log).toEqual(expect.arrayContaining(names.map((name) => `said by ${name}`)))
  expect((await told()).map(({ message }) => message)).toEqual(names.map((name) => `api ran its ${name} callback.`))
})

test('a failing before-start fails the start with its sentence and last lines, and counts as a start of the budget', async () => {
  await using rig = await serviceRig({
    files: { 'api.mjs': note('up'), 'migrate.mjs': scripts.crashes },
    services: [
      serviceOf('api', {
        hooks: hooksOf({ 'before-start': ['migrate.mjs'] }),
        restart: {
          ...serviceOf('x').restart,
          backoff: { firstMs: 10, factor: 1, capMs: 10 },
          budget: { starts: 2, perMs: 600_000 },
        },
      }),
    ],
  })
  await rig.coordinator.start('all', order)
  const view = await rig.see('api', 'failed', ({ state }) => state === 'failed')
  expect(view.reason).toBe(
    'Given up after it was started 2 times within 10 min; the last time its before-start callback exited with code 3.',
  )
  expect(rig.cards.get('service-failed:api')?.why).toContain('cannot open the database')
  expect(existsSync(join(rig.directory, 'order.txt'))).toBe(false)
  expect((await rig.events()).filter(({ kind }) => kind === 'service.hook-failed')).toHaveLength(2)
})

test('a callback that hangs or fails around a stop is a warning, and holds the stop up no longer than its time', async () => {
  await using rig = await serviceRig({
    files: { 'api.mjs': chatty, 'hang.mjs': scripts.stubborn, 'fail.mjs': scripts.crashes },
    services: [
      serviceOf('api', {
        hooks: {
          ...noHooks,
          'before-stop': { run: ['hang.mjs'], timeoutMs: 400 },
          'after-stop': { run: ['fail.mjs'], timeoutMs: 20_000 },
        },
      }),
    ],
  })
  await rig.coordinator.start('all', order)
  expect((await rig.coordinator.stop('all', order)).failed).toEqual([])
  const warned = (await rig.events()).filter(({ kind }) => kind === 'service.hook-failed')
  expect(warned.map(({ severity, message }) => [severity, message.replace(/ Its last lines.*/, '')])).toEqual([
    ['warning', 'api: its before-stop callback did not end within 400 ms and was killed.'],
    ['warning', 'api: its after-stop callback exited with code 3.'],
  ])
  expect(rig.view('api').state).toBe('stopped')
})

test('after a crash after-stop runs first, and only then the service is started again', async () => {
  await using rig = await serviceRig({
    files: {
      'api.mjs': `${note('up')}; setInterval(() => {}, 1000)`,
      'clean.mjs': `${note('cleaning')}; setTimeout(() => appendFileSync('order.txt', 'clean\\n'), 300)`,
    },
    services: [
      serviceOf('api', {
        hooks: hooksOf({ 'after-stop': ['clean.mjs'] }),
        restart: { ...serviceOf('x').restart, backoff: { firstMs: 10, factor: 1, capMs: 10 } },
      }),
    ],
  })
  const written = () => readFileSync(join(rig.directory, 'order.txt'), 'utf8').trim().split('\n')
  await rig.coordinator.start('all', order)
  await until('up', () => existsSync(join(rig.directory, 'order.txt')) && written().length === 1)
  process.kill(rig.view('api').pid ?? 0, 'SIGKILL')
  await until('up again', () => written().length === 4)
  expect(written().map((line) => line.split(' ')[0])).toEqual(['up', 'cleaning', 'clean', 'up'])
})

test('a stop ends a before-start that is under way; an emergency stop kills every callback and runs none', async () => {
  await using rig = await serviceRig({
    files: { 'api.mjs': chatty, 'hang.mjs': scripts.stubborn, 'idle.mjs': scripts.idle },
    services: [
      serviceOf('slow', { run: ['api.mjs'], hooks: hooksOf({ 'before-start': ['idle.mjs'] }) }),
      serviceOf('api', {
        hooks: hooksOf(
          { 'after-start': ['hang.mjs'], 'before-stop': ['hang.mjs'], 'after-stop': ['hang.mjs'] },
          3_600_000,
        ),
      }),
    ],
  })
  const prefix = () => rig.processes.findByRunPrefix(rig.runs()[0]?.replace(/api-.*$/, '') ?? 'none')
  const starting = rig.coordinator.start('all', order)
  await rig.see('api', 'running', ({ state }) => state === 'running')
  await rig.logged('slow', 'up')
  await rig.logged('api', 'up')
  await rig.coordinator.stop(['slow'], order)
  await starting
  expect(rig.view('slow').state).toBe('stopped')
  expect(prefix().size).toBe(2)
  const { killed, ms } = await rig.coordinator.emergencyStop(order.cause)
  expect(killed).toBe(2)
  expect(ms).toBeLessThan(60_000)
  await rig.see('api', 'stopped', ({ state }) => state === 'stopped')
  expect(prefix().size).toBe(0)
  expect((await rig.events()).filter(({ kind }) => kind === 'service.hook-failed')).toEqual([])
})

test('a callback that an ended console left behind is ended by the next, and not taken for the service', async () => {
  const files = { 'api.mjs': chatty, 'hang.mjs': scripts.idle }
  const services = [serviceOf('api', { hooks: hooksOf({ 'before-start': ['hang.mjs'] }) })]
  const first = await serviceRig({ files, services })
  void first.coordinator.start('all', order)
  await first.logged('api', 'up')
  const left = [...first.processes.findByRunPrefix('run-').keys()].filter((run) => run.includes('-api.hook-'))
  expect(left.length).toBeGreaterThan(0)
  await first.coordinator.release()
  await using second = await serviceRig({ directory: first.directory, services })
  expect(await second.coordinator.takeUp(order.cause)).toEqual({ adopted: [], stopped: ['api.hook'], gone: [] })
  expect((await second.events()).at(-1)?.message).toBe(
    'A callback of api was still running from before the console was started, and was stopped.',
  )
  await first.leave()
})
