import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Aedes } from 'aedes'
import { connectAsync } from 'mqtt'
import { expect, onTestFinished, test } from 'vitest'
import { DisposableStore, silentLogger, systemClock } from '#core/platform/index.ts'
import { openStateHub } from '#core/state/index.ts'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { ManualClock } from '../../../../../test/support/manual-clock.ts'
import { testRuntime } from '../../../../../test/support/runtime.ts'
import { until } from '../../../../../test/support/until.ts'
import { openPushes } from './open-pushes.ts'

const secret = 'what tokens are made from'

async function rig(folder: string) {
  const owned = new DisposableStore()
  const [clock, logger, runtime] = [systemClock(), silentLogger, testRuntime()]
  const hub = owned.add(openStateHub({ clock, logger }))
  const state = hub.slice('pushed')
  const pushes = owned.add(openPushes({ folder, secret, state, runtime, clock, logger }))
  return {
    pushes,
    state,
    /** Pushes as the service would. */
    async push(service: string, body: unknown, given: { readonly token?: string; readonly method?: string } = {}) {
      const { WHEELHOUSE_PUSH_URL: url = '', WHEELHOUSE_PUSH_TOKEN: own } = pushes.environmentOf(service)
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      const headers = { authorization: `Bearer ${given.token ?? own}` }
      const answer = await fetch(url, { method: given.method ?? 'POST', body: text, headers })
      return { status: answer.status, text: await answer.text() }
    },
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  }
}

const http = (id: string) => ({ id, http: true, mqtt: false })

test('what a service pushes is its last word, with a short history of each figure, until it is started anew', async () => {
  using folder = temporaryFolder()
  await using site = await rig(folder.path)
  await site.pushes.configure([http('vision')], null)
  const health: string[] = []
  using _listening = site.pushes.onHealth((service, level, sentence) => health.push(`${service} ${level} ${sentence}`))
  expect(
    await site.push('vision', { health: 'degraded', sentence: 'One camera.', figures: { fps: 12 } }),
  ).toMatchObject({
    status: 204,
  })
  await until('the push', () => site.pushes.figures.latest('vision', 'fps')?.value === 12)
  await site.push('vision', { figures: { fps: 24.5, heat: 61 } })
  await until('the next one', () => site.pushes.figures.latest('vision', 'fps')?.value === 24.5)
  expect(site.state.get('vision')).toMatchObject({
    health: 'degraded',
    sentence: 'One camera.',
    pushes: 2,
    figures: [
      { name: 'fps', value: 24.5, history: [12, 24.5] },
      { name: 'heat', value: 61, history: [61] },
    ],
  })
  expect(health).toEqual(['vision degraded It says: One camera.', 'vision degraded It says: One camera.'])
  site.pushes.forget('vision')
  expect(site.state.get('vision')).toBeUndefined()
  expect(site.pushes.factsOf('vision').latest()).toBeNull()
})

test('what was still on its way when a service is started anew counts for nothing', async () => {
  using folder = temporaryFolder()
  await using site = await rig(folder.path)
  await site.pushes.configure([http('vision')], null)
  expect(await site.push('vision', { figures: { fps: 12 } })).toMatchObject({ status: 204 })
  // It is with the thread now, which hands it on a moment later.
  site.pushes.forget('vision')
  expect(await site.push('vision', { figures: { heat: 61 } })).toMatchObject({ status: 204 })
  await until('the push of the new start', () => site.pushes.figures.latest('vision', 'heat') !== null)
  expect(site.pushes.figures.latest('vision', 'fps')).toBeNull()
})

test('nobody pushes without the token of that very service, nor a service that may not', async () => {
  using folder = temporaryFolder()
  await using site = await rig(folder.path)
  await site.pushes.configure([http('vision'), http('api'), { id: 'desk', http: false, mqtt: true }], null)
  const other = site.pushes.environmentOf('api').WHEELHOUSE_PUSH_TOKEN ?? ''
  for (const token of ['', 'wrong', other]) {
    expect((await site.push('vision', { health: 'healthy' }, { token })).status).toBe(401)
  }
  expect(site.pushes.environmentOf('desk')).toEqual({ WHEELHOUSE_PUSH_TOPIC: 'wheelhouse/services/desk/push' })
  expect(site.pushes.environmentOf('kiosk')).toEqual({})
  await site.pushes.configure([http('api')], null)
  expect(site.pushes.environmentOf('vision')).toEqual({})
  expect(site.state.get('vision')).toBeUndefined()
})

test('a push that is not one is refused with the reason, and nothing of it is taken', async () => {
  using folder = temporaryFolder()
  await using site = await rig(folder.path)
  await site.pushes.configure([http('vision')], null)
  const many = Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`f${n}`, n]))
  const bad: readonly [unknown, number, RegExp][] = [
    ['no json', 400, /not JSON/],
    [{}, 400, /at least one of/],
    [{ health: 'fine' }, 400, /health/],
    [{ figures: { 'f p s': 1 } }, 400, /figures/],
    ['{"figures": {"fps": 1e999}}', 400, /figures/],
    [{ figures: many }, 400, /more than 50/],
    [{ colour: 'green' }, 400, /colour/],
    [{ sentence: 'x'.repeat(20_000) }, 413, /16384/],
  ]
  for (const [body, status, why] of bad) {
    const answer = await site.push('vision', body)
    expect([answer.status, answer.text]).toEqual([status, expect.stringMatching(why)])
  }
  expect((await site.push('vision', { health: 'healthy' }, { method: 'PUT' })).status).toBe(405)
  expect(site.pushes.factsOf('vision').latest()).toBeNull()
})

test('a service that survives the console pushes on: address and token are the same next time, kept for this user only', async () => {
  using folder = temporaryFolder()
  let told: Readonly<Record<string, string>>
  {
    await using site = await rig(folder.path)
    await site.pushes.configure([http('vision')], null)
    told = site.pushes.environmentOf('vision')
    expect(told.WHEELHOUSE_PUSH_URL).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/services\/vision$/)
    expect(told.WHEELHOUSE_PUSH_TOKEN).not.toContain(secret)
    // A folder goes from hand to hand: nothing in it lets anybody push.
    expect(Object.keys(JSON.parse(readFileSync(join(folder.path, 'push.json'), 'utf8')))).toEqual(['port'])
  }
  await expect(fetch(told.WHEELHOUSE_PUSH_URL ?? '')).rejects.toThrow()
  const port = Number(new URL(told.WHEELHOUSE_PUSH_URL ?? '').port)
  {
    await using site = await rig(folder.path)
    await site.pushes.configure([http('vision')], null)
    expect(site.pushes.environmentOf('vision')).toEqual(told)
    // No service may push any more: nothing listens.
    await site.pushes.configure([], null)
    await expect(fetch(told.WHEELHOUSE_PUSH_URL ?? '')).rejects.toThrow()
  }
  const thief = createServer()
  await new Promise<void>((resolve) => thief.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => void thief.close())
  await using site = await rig(folder.path)
  await site.pushes.configure([http('vision')], null)
  expect(site.pushes.environmentOf('vision').WHEELHOUSE_PUSH_URL).not.toBe(told.WHEELHOUSE_PUSH_URL)
  expect((await site.push('vision', { health: 'healthy' })).status).toBe(204)
})

test('a thread that ended and is already there again, because site.yaml was read meanwhile, is not started a second time', async () => {
  using folder = temporaryFolder()
  const program = join(folder.path, 'intake.mjs')
  writeFileSync(
    program,
    `import { parentPort } from 'node:worker_threads'
    parentPort.on('message', ({ type, services = [] }) => {
      if (type === 'stop') parentPort.close()
      if (services.some(({ id }) => id === 'fatal')) process.exit(1)
    })
    parentPort.postMessage({ type: 'listening', port: 4 })`,
  )
  let starts = 0
  const runtime = {
    ...testRuntime(),
    program: () => {
      starts++
      return program
    },
  }
  const clock = new ManualClock()
  const logger = silentLogger
  await using hub = openStateHub({ clock, logger })
  await using pushes = openPushes({ folder: folder.path, secret, state: hub.slice('pushed'), runtime, clock, logger })
  await pushes.configure([http('vision')], null)
  const before = clock.waiting
  await pushes.configure([http('vision'), http('fatal')], null)
  await until('the thread to be gone', () => clock.waiting > before)
  await pushes.configure([http('vision')], null)
  expect(starts).toBe(2)
  await clock.advance(60_000)
  expect(starts).toBe(2)
})

test('whoever sends pushes of services that there are not fills no log', async () => {
  using folder = temporaryFolder()
  const program = join(folder.path, 'intake.mjs')
  writeFileSync(
    program,
    `import { parentPort } from 'node:worker_threads'
    parentPort.on('message', ({ type }) => type === 'stop' && parentPort.close())
    parentPort.postMessage({ type: 'listening', port: 4 })
    const refused = (from) => Array.from({ length: 20 }, (_, n) => ({ service: 's' + (from + n), why: 'No.', count: 2 }))
    for (let from = 0; from < 200; from += 20) parentPort.postMessage({ type: 'pushed', pushes: [], refused: refused(from) })
    parentPort.postMessage({ type: 'pushed', pushes: [{ service: 'vision', push: { health: 'healthy', sentence: null, figures: {} }, starts: 0 }], refused: [] })`,
  )
  const warned: unknown[] = []
  const logger = { ...silentLogger, warn: (_: string, fields: unknown) => void warned.push(fields) }
  const clock = new ManualClock()
  await using hub = openStateHub({ clock, logger })
  const runtime = { ...testRuntime(), program: () => program }
  await using pushes = openPushes({ folder: folder.path, secret, state: hub.slice('pushed'), runtime, clock, logger })
  await pushes.configure([http('vision')], null)
  await until('all of them', () => pushes.factsOf('vision').latest() !== null)
  expect(warned).toHaveLength(20)
})

test('over MQTT a service pushes on its own topic, and what the broker kept from earlier is not taken for new', async () => {
  using folder = temporaryFolder()
  await using site = await rig(folder.path)
  const aedes = await Aedes.createBroker()
  onTestFinished(() => void aedes.close())
  const server = createServer(aedes.handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  const url = `mqtt://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  const device = await connectAsync(url)
  onTestFinished(() => void device.end(true))
  const topic = 'wheelhouse/services/desk/push'
  await device.publishAsync(topic, JSON.stringify({ figures: { old: 1 } }), { retain: true })
  const subscribed = new Promise((resolve) => aedes.once('subscribe', resolve))
  await site.pushes.configure([{ id: 'desk', http: false, mqtt: true }, http('vision')], url)
  await subscribed
  await device.publishAsync('wheelhouse/services/vision/push', JSON.stringify({ figures: { fps: 1 } }))
  for (let fps = 1; fps <= 500; fps++) device.publish(topic, JSON.stringify({ figures: { fps } }))
  await until('the last of the flood', () => site.pushes.figures.latest('desk', 'fps')?.value === 500)
  expect(site.pushes.figures.latest('desk', 'old')).toBeNull()
  expect(site.pushes.figures.latest('vision', 'fps')).toBeNull()
  // However much comes, it is handed on four times a second.
  expect(site.state.get('desk')?.pushes).toBeLessThan(20)
})
