import { expect, test } from 'vitest'
import type { ServiceDefinition } from '#core/config/index.ts'
import type { Builtin } from '#core/platform/index.ts'
import type { ServiceView } from '#shared/contract/state.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { freePorts } from '../support/ports.ts'
import { order, scripts, serviceRig } from '../support/service-rig.ts'
import { probeOf, serviceOf } from '../support/site-definition.ts'
import { until } from '../support/until.ts'

// What supervisors are blamed for by those who run them, each as a scenario with real small processes on a clock that is moved by
// hand. The threads are named beside each.

const minute = 60_000
const hour = 60 * minute
const restart = (given: Partial<ServiceDefinition['restart']>) => ({ restart: { ...serviceOf('x').restart, ...given } })
const shell = (id: string, script: string, given: Partial<ServiceDefinition> = {}) =>
  serviceOf(id, { kind: 'process', run: ['sh', '-c', script], ...given })

/** A rig on a clock of its own; `db` is a builtin that ends when it is told to. */
async function onManualClock(services: readonly ServiceDefinition[], files: Record<string, string> = {}) {
  const clock = new ManualClock()
  let end: (reason: string) => void = () => {}
  const broker: Builtin = {
    start: async () => ({
      health: () => ({ health: 'healthy', sentence: 'Fine.' }),
      ended: new Promise<string>((resolve) => {
        end = resolve
      }),
      stop: async () => {},
    }),
  }
  const rig = await serviceRig({ clock, builtins: { broker }, services, files })
  /** Lets the clock go on, so much at a look, until the service looks like this. */
  const see = (service: string, what: string, look: (view: ServiceView) => boolean, stepMs = 20) =>
    until(`${service} ${what}`, async () => {
      await clock.advance(stepMs)
      const view = rig.view(service)
      return look(view) && view
    })
  const state = (service: string, wanted: ServiceView['state']) => see(service, wanted, (view) => view.state === wanted)
  /** An order, with the clock going on meanwhile. */
  const done = async <T>(ordered: Promise<T>): Promise<T> => {
    let over = false
    void ordered.finally(() => {
      over = true
    })
    await until('the order to be carried out', async () => {
      await clock.advance(20)
      return over
    })
    return ordered
  }
  const starts = async (service: string) =>
    (await rig.events()).filter(({ kind, subject }) => kind === 'service.starting' && subject === `service:${service}`)
      .length
  // What still runs is ended as the clock goes on.
  const owner = { [Symbol.asyncDispose]: () => done(Promise.resolve(rig[Symbol.asyncDispose]())) }
  return { owner, clock, rig, see, state, done, starts, endDb: () => end('its thread ended') }
}

const db = (given: Partial<ServiceDefinition> = {}) => serviceOf('db', { kind: 'builtin', use: 'broker', ...given })

test('a crash loop ends with its budget, not after forty thousand restarts (pm2#2584)', async () => {
  const { owner, clock, rig, state, starts } = await onManualClock([
    shell('api', 'echo cannot open the database >&2; exit 3', restart({ budget: { starts: 5, perMs: 10 * minute } })),
  ])
  await using _owner = owner
  void rig.coordinator.start('all', order)
  const { reason } = await state('api', 'failed')
  expect(reason).toContain('Given up after it was started 5 times')
  await clock.advance(24 * hour)
  expect(await starts('api')).toBe(5)
  expect(rig.cards.get('service-failed:api')?.why).toContain('cannot open the database')
})

test('a stop while it waits for its need leaves nothing that starts later, and a start then makes one (process-compose#530)', async () => {
  const [port = 0] = await freePorts(1)
  const never = probeOf({ type: 'tcp', address: `127.0.0.1:${port}` }, { withinMs: 10 * hour })
  const { owner, clock, rig, state, done } = await onManualClock([
    shell('db', 'exec sleep 1000', { probes: { startup: never, readiness: null, liveness: null } }),
    shell('api', 'exec sleep 1000', { needs: { db: 'ready' } }),
  ])
  await using _owner = owner
  const starting = rig.coordinator.start('all', order)
  await state('api', 'waiting')
  await done(rig.coordinator.stop(['api'], order))
  await done(rig.coordinator.stop(['db'], order))
  await starting
  await clock.advance(hour)
  expect(rig.view('api')).toMatchObject({ state: 'stopped', wanted: false })
  expect(rig.processes.findByRuns(rig.runs()).size).toBe(0)
})

test('the exit of an earlier child never touches the new one (rancher-desktop’s background process)', async () => {
  const { owner, rig, state, see, done } = await onManualClock([shell('api', 'exec sleep 1000')])
  await using _owner = owner
  await done(rig.coordinator.start('all', order))
  const { pid } = await state('api', 'running')
  const orders = [rig.coordinator.restart('api', order), rig.coordinator.restart('api', order)]
  await done(Promise.all(orders))
  await see('api', 'running anew', (view) => view.state === 'running' && view.pid !== pid)
  expect(rig.processes.findByRuns(rig.runs()).size).toBe(1)
  expect(rig.view('api')).toMatchObject({ restarts: 0, attempt: 0 })
})

test('a readiness probe that fails for a day degrades and never kills (process-compose#403)', async () => {
  const [port = 0] = await freePorts(1)
  const readiness = probeOf({ type: 'tcp', address: `127.0.0.1:${port}` }, { everyMs: 10 * minute })
  const { owner, clock, rig, see, done } = await onManualClock([
    shell('api', 'exec sleep 1000', { probes: { startup: null, readiness, liveness: null } }),
  ])
  await using _owner = owner
  await done(rig.coordinator.start('all', order))
  const { pid } = await see('api', 'degraded', ({ health }) => health === 'degraded')
  for (let tries = 0; tries < 6; tries++) await clock.advance(10 * minute)
  expect(rig.view('api')).toMatchObject({ state: 'running', health: 'degraded', pid, restarts: 0 })
})

test('what does not pass its startup probe in its time is tried again, not killed for good (process-compose#217)', async () => {
  const [port = 0] = await freePorts(1)
  const startup = probeOf({ type: 'tcp', address: `127.0.0.1:${port}` }, { everyMs: 1_000, withinMs: 5_000 })
  const { owner, rig, see, starts } = await onManualClock([
    shell('api', 'exec sleep 1000', { probes: { startup, readiness: null, liveness: null } }),
  ])
  await using _owner = owner
  void rig.coordinator.start('all', order)
  await see('api', 'started a third time', ({ restarts }) => restarts === 2, 200)
  expect(await starts('api')).toBe(3)
})

test('the back-off grows to its cap (moby#41856) and begins anew after healthy time (moby#22283)', async () => {
  const { owner, clock, rig, state, endDb } = await onManualClock([
    db(
      restart({
        backoff: { firstMs: 1_000, factor: 2, capMs: 8_000 },
        budget: { starts: 100, perMs: hour },
        forgiveMs: 10 * minute,
      }),
    ),
  ])
  await using _owner = owner
  void rig.coordinator.start('all', order)
  const pauses: number[] = []
  const fail = async () => {
    await state('db', 'running')
    endDb()
    const { nextStartAt } = await until('db backing off', async () => {
      await clock.advance(0)
      return rig.view('db').state === 'backing-off' && rig.view('db')
    })
    pauses.push((nextStartAt ?? 0) - clock.wall())
  }
  for (let times = 0; times < 6; times++) await fail()
  await state('db', 'running')
  await clock.advance(11 * minute)
  await fail()
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000, 1_000])
})

test('an outage of what it needs spends none of its budget (home-assistant/addons#3439)', async () => {
  const many = { starts: 100, perMs: hour }
  const { owner, rig, state, endDb, done } = await onManualClock([
    db(restart({ budget: many, backoff: { firstMs: 5_000, factor: 1, capMs: 5_000 } })),
    shell('api', 'exec sleep 1000', { needs: { db: 'healthy' }, ...restart({ budget: { starts: 3, perMs: hour } }) }),
  ])
  await using _owner = owner
  await done(rig.coordinator.start('all', order))
  for (let outage = 0; outage < 4; outage++) {
    const { pid } = await state('api', 'running')
    endDb()
    await until('db down', () => rig.view('db').state !== 'running' || undefined)
    process.kill(pid ?? 0, 'SIGKILL')
    const waiting = await state('api', 'waiting')
    expect(waiting.reason).toMatch(/^Waits for db to be healthy/)
    await state('db', 'running')
  }
  const { pid } = await state('api', 'running')
  process.kill(pid ?? 0, 'SIGKILL')
  expect((await state('api', 'backing-off')).attempt).toBe(1)
})

test('one service that loops holds up no order on the others (home-assistant/core#147807)', async () => {
  const { owner, rig, see, done } = await onManualClock([
    shell(
      'loops',
      'exit 1',
      restart({ budget: { starts: 1_000, perMs: hour }, backoff: { firstMs: 10, factor: 1, capMs: 10 } }),
    ),
    shell('api', 'exec sleep 1000'),
  ])
  await using _owner = owner
  void rig.coordinator.start(['loops'], order).catch(() => {})
  await see('loops', 'fails again and again', ({ attempt }) => attempt > 2)
  expect(await done(rig.coordinator.start(['api'], order))).toMatchObject({ done: ['api'], failed: [] })
  expect(await done(rig.coordinator.restart('api', order))).toMatchObject({ done: ['api'] })
  expect(await done(rig.coordinator.stop(['api'], order))).toMatchObject({ done: ['api'] })
  expect(rig.view('loops').state).not.toBe('failed')
})

test('nothing is orphaned: children that forked twice, left the group, ignore SIGTERM or hold the port (Supervisor#1101, #1396)', async () => {
  const [port = 0] = await freePorts(1)
  const { owner, rig, see, done } = await onManualClock(
    [
      shell('forks', "(setsid sh -c 'sleep 1000 & sleep 1000' &) ; exec sleep 1000"),
      shell('ignores', "trap '' TERM; (trap '' TERM; sleep 1000) & while :; do sleep 1; done", {
        stop: { signal: 'SIGTERM', withinMs: 500 },
      }),
      serviceOf('holds', { ports: { http: port } }),
    ],
    {
      'holds.mjs': `
        import { spawn } from 'node:child_process'
        spawn(process.execPath, ['web.mjs'], { detached: true, stdio: 'inherit' }).unref()
        setInterval(() => {}, 1000)`,
      'web.mjs': scripts.web,
    },
  )
  await using _owner = owner
  await done(rig.coordinator.start('all', order))
  await until('all of them there', () => rig.processes.portHolders(port).length > 0 && count() >= 7)
  function count(): number {
    return [...rig.processes.findByRuns(rig.runs()).values()].flat().length
  }
  await done(rig.coordinator.stop('all', order))
  expect(count()).toBe(0)
  expect(rig.processes.portHolders(port)).toEqual([])
  await done(rig.coordinator.start(['holds'], order)) // its port is free again
  await see('holds', 'running', (view) => view.state === 'running')
})

test('a suspended service can die when it is asked to: it is woken for that', async () => {
  const { owner, clock, rig, state, done } = await onManualClock([
    shell('api', 'exec sleep 1000', { stop: { signal: 'SIGTERM', withinMs: hour } }),
  ])
  await using _owner = owner
  await done(rig.coordinator.start('all', order))
  const { pid } = await state('api', 'running')
  process.kill(pid ?? 0, 'SIGSTOP')
  const asked = clock.monotonic()
  await done(rig.coordinator.stop('all', order))
  expect(clock.monotonic() - asked).toBeLessThan(hour) // not killed for want of an answer
  expect(rig.view('api')).toMatchObject({ state: 'stopped', lastExit: { signal: 'SIGTERM' } })
})

test('expected exits are no failures: code 0 where that is the end, and any code after a stop that was asked for', async () => {
  const { owner, rig, state, done } = await onManualClock([
    shell('task', 'exit 0', restart({ policy: 'on-failure' })),
    shell('rude', "trap 'exit 7' TERM; echo trapped; while :; do sleep 0.05; done"),
  ])
  await using _owner = owner
  void rig.coordinator.start('all', order)
  expect(await state('task', 'completed')).toMatchObject({ health: 'healthy', restarts: 0 })
  await state('rude', 'running')
  await rig.logged('rude', 'trapped')
  await done(rig.coordinator.stop(['rude'], order))
  expect(rig.view('rude')).toMatchObject({ state: 'stopped', health: 'unknown', attempt: 0, lastExit: { code: 7 } })
  expect(rig.cards.size).toBe(0)
})

test('an operator’s restart skips the pause and forgets the failures; start and stop stay possible in every state', async () => {
  const { owner, clock, rig, state, done, starts } = await onManualClock([
    shell('api', 'exit 1', restart({ backoff: { firstMs: hour, factor: 1, capMs: hour } })),
  ])
  await using _owner = owner
  void rig.coordinator.start('all', order)
  await state('api', 'backing-off')
  const before = clock.monotonic()
  void rig.coordinator.restart('api', order)
  await until('started at once', async () => {
    await clock.advance(20)
    return (await starts('api')) === 2
  })
  expect(clock.monotonic() - before).toBeLessThan(minute)
  await state('api', 'backing-off')
  expect(rig.view('api').attempt).toBe(1)
  await done(rig.coordinator.stop('all', order))
  expect(rig.view('api').state).toBe('stopped')
})
