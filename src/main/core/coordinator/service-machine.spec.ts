import { expect, test } from 'vitest'
import type { ServiceDefinition } from '#core/config/index.ts'
import { httpProbe, serviceOf } from '../../../../test/support/site-definition.ts'
import { type Effect, type Input, type Machine, newMachine } from './machine.ts'
import { step } from './service-machine.ts'

/** A machine with the effects of its last step, moved by inputs at times of one's choosing. */
function driven(given: Partial<ServiceDefinition> = {}) {
  const service = serviceOf('api', given)
  let machine = newMachine(service)
  let effects: readonly Effect[] = []
  let now = 0
  return {
    get machine(): Machine {
      return machine
    },
    get does() {
      return effects.filter((effect) => effect.do !== 'emit' && effect.do !== 'forgive')
    },
    get tells() {
      return effects.flatMap((effect) => (effect.do === 'emit' ? [effect.kind] : []))
    },
    get causes() {
      return effects.flatMap((effect) => (effect.do === 'emit' ? [effect.cause] : []))
    },
    wait(ms: number) {
      now += ms
    },
    feed(...inputs: Input[]) {
      for (const input of inputs) ({ machine, effects } = step(machine, service, input, { now, chance: 0 }))
      return this
    },
    /** Started and running. */
    up() {
      this.feed({ type: 'start', named: true })
      return this.feed({ type: 'launched', generation: machine.generation, pid: 1 })
    },
    exit(ok = false) {
      const { generation } = machine
      return this.feed({ type: 'exited', generation, sentence: 'exited with code 1', ok, log: ['boom'] })
    },
    /** The pause is over and the child is launched again. */
    again() {
      this.feed({ type: 'pause-over', generation: machine.generation })
      return this.feed({ type: 'launched', generation: machine.generation, pid: 2 })
    },
  }
}

const restart = (given: Partial<ServiceDefinition['restart']>) => ({ restart: { ...serviceOf('x').restart, ...given } })

test('an exit nobody asked for is told as exited, unhealthy, restarting, and followed by a growing pause', () => {
  const api = driven().up().exit()
  expect(api.tells).toEqual(['service.exited', 'service.unhealthy', 'service.restarting'])
  expect(api.causes).toEqual([{ observed: 'exited with code 1' }, 'previous', 'previous'])
  expect(api.machine).toMatchObject({ state: 'backing-off', health: 'unhealthy', attempt: 1, restarts: 0 })
  expect(api.does).toContainEqual({ do: 'pause', generation: 1, ms: 50 })
  api.again()
  expect(api.machine).toMatchObject({ state: 'running', restarts: 1, generation: 2 })
  api.exit()
  expect(api.does).toContainEqual({ do: 'pause', generation: 2, ms: 100 })
})

test('what began the restart is the cause of healthy', () => {
  const api = driven().up().exit()
  api.feed({ type: 'pause-over', generation: 1 })
  expect({ tells: api.tells, causes: api.causes }).toEqual({ tells: ['service.starting'], causes: ['cycle'] })
  api.feed({ type: 'launched', generation: 2, pid: 2 })
  expect(api.tells).toEqual(['service.started', 'service.healthy'])
  expect(api.causes).toEqual(['cycle', 'cycle'])
})

test('the budget is a sliding window: too many starts in it are failed, old ones do not count', () => {
  const quick = driven(restart({ budget: { starts: 2, perMs: 1_000 } }))
    .up()
    .exit()
    .again()
    .exit()
  expect(quick.machine).toMatchObject({ state: 'failed', wanted: true })
  expect(quick.machine.reason).toBe(
    'Given up after it was started 2 times within 1 s; the last time it exited with code 1.',
  )
  expect(quick.does).toContainEqual({
    do: 'raise',
    title: 'api has failed',
    why: `${quick.machine.reason} Its last lines: boom`,
  })

  const slow = driven(restart({ budget: { starts: 2, perMs: 1_000 } })).up()
  for (let round = 0; round < 10; round++) {
    slow.wait(600)
    slow.exit().again()
  }
  expect(slow.machine).toMatchObject({ state: 'running', restarts: 10 })
})

test('a long healthy time forgives: back-off and budget begin anew, the lifetime count stays', () => {
  const api = driven(restart({ forgiveMs: 600_000 }))
    .up()
    .exit()
    .again()
  api.feed({ type: 'forgiven', generation: 2 })
  expect(api.machine).toMatchObject({ attempt: 0, starts: [], restarts: 1 })
})

test("an operator's start skips the pause and forgets the failures", () => {
  const api = driven().up().exit()
  api.feed({ type: 'start', named: true })
  expect(api.machine).toMatchObject({ state: 'starting', attempt: 0, generation: 2 })
  expect(api.machine.starts).toHaveLength(1)
  api.feed({ type: 'pause-over', generation: 1 })
  expect(api.machine.generation).toBe(2)
})

test('nothing that comes from an earlier child counts', () => {
  const api = driven().up().exit().again()
  const before = api.machine
  api.feed(
    { type: 'exited', generation: 1, sentence: 'stale', ok: false, log: [] },
    { type: 'probed', generation: 1, probe: 'liveness', verdict: 'failing', sentence: 'stale' },
    { type: 'startup-late', generation: 1 },
    { type: 'launched', generation: 1, pid: 9 },
  )
  expect(api.machine).toBe(before)
})

test('stopping while the child is only being started ends it as soon as it exists', () => {
  const api = driven()
  api.feed({ type: 'start', named: true }, { type: 'stop' })
  expect(api.machine).toMatchObject({ state: 'stopping', child: 'launching' })
  expect(api.does).not.toContainEqual(expect.objectContaining({ do: 'end' }))
  api.feed({ type: 'launched', generation: 1, pid: 1 })
  expect(api.does).toEqual([{ do: 'end', generation: 1, force: false }])
  api.exit(true)
  expect(api.machine.state).toBe('stopped')
  expect(api.tells).toEqual(['service.stopped'])
})

test('a start while it is stopping waits for the end and then starts', () => {
  const api = driven().up()
  api.feed({ type: 'stop' }, { type: 'start', named: true })
  expect(api.machine).toMatchObject({ state: 'stopping', after: 'start' })
  api.exit(true)
  expect(api.machine).toMatchObject({ state: 'starting', generation: 2 })
})

test('an exit that was asked for is no failure, whatever its code', () => {
  const api = driven().up()
  api.feed({ type: 'stop' })
  api.exit(false)
  expect(api.machine).toMatchObject({ state: 'stopped', attempt: 0 })
})

test('a one-shot and a service restarted only on failure are completed by code 0', () => {
  expect(driven({ oneShot: true }).up().exit(true).machine.state).toBe('completed')
  expect(
    driven(restart({ policy: 'on-failure' }))
      .up()
      .exit(true).machine.state,
  ).toBe('completed')
  expect(driven().up().exit(true).machine.state).toBe('backing-off')
  expect(
    driven(restart({ policy: 'never' }))
      .up()
      .exit().machine.state,
  ).toBe('failed')
})

const probed = { probes: { startup: httpProbe(), readiness: httpProbe(), liveness: httpProbe() } }
const answer = (generation: number, probe: 'startup' | 'readiness' | 'liveness', ok: boolean): Input => ({
  type: 'probed',
  generation,
  probe,
  verdict: ok ? 'passing' : 'failing',
  sentence: ok ? '200 in 1 ms' : '503 in 1 ms',
})

test('the startup probe gates the others; readiness makes it ready and healthy', () => {
  const api = driven(probed).up()
  expect(api.machine.state).toBe('starting')
  expect(api.does).toContainEqual({ do: 'watch', generation: 1, probes: ['startup'] })
  api.feed(answer(1, 'startup', false))
  expect(api.machine).toMatchObject({ state: 'starting', reason: 'Started; not there yet: 503 in 1 ms.' })
  api.feed(answer(1, 'startup', true))
  expect(api.machine).toMatchObject({ state: 'running', health: 'unknown' })
  expect(api.does).toContainEqual({ do: 'watch', generation: 1, probes: ['readiness', 'liveness'] })
  api.feed(answer(1, 'readiness', true), answer(1, 'liveness', true))
  expect(api.machine.health).toBe('healthy')
})

test('a failing readiness probe degrades and never restarts; a failing liveness probe restarts', () => {
  const api = driven(probed).up()
  api.feed(answer(1, 'startup', true), answer(1, 'readiness', true), answer(1, 'liveness', true))
  api.feed(answer(1, 'readiness', false))
  expect(api.machine).toMatchObject({ state: 'running', health: 'degraded' })
  expect(api.tells).toEqual(['service.degraded'])
  api.feed(answer(1, 'liveness', false))
  expect(api.tells).toEqual(['service.unhealthy', 'service.restarting'])
  expect(api.machine).toMatchObject({ state: 'stopping', after: 'restart' })
  expect(api.does).toContainEqual({ do: 'end', generation: 1, force: false })
  api.exit()
  expect(api.machine).toMatchObject({ state: 'backing-off', attempt: 1 })
})

test('a service that does not get there in its time is ended and started again', () => {
  const api = driven(probed).up()
  api.feed(answer(1, 'startup', false), { type: 'startup-late', generation: 1 })
  expect(api.machine).toMatchObject({ state: 'stopping', after: 'restart' })
  expect(api.machine.reason).toBe('Being restarted: it did not get there within 20 s: 503 in 1 ms.')
})

test('a need in trouble makes it unknown and quiet, holds back restarts, and is asked anew afterwards', () => {
  const api = driven(probed).up()
  api.feed(answer(1, 'startup', true), answer(1, 'readiness', true), answer(1, 'liveness', true))
  api.feed({ type: 'needs', unmet: 'Waits for database.', trouble: 'database is down.' })
  expect(api.machine).toMatchObject({ state: 'running', health: 'unknown', reason: 'database is down.' })
  api.feed(answer(1, 'readiness', false), answer(1, 'liveness', false))
  expect(api.tells).toEqual([])
  expect(api.machine.state).toBe('running')
  api.feed({ type: 'needs', unmet: null, trouble: null })
  expect(api.does).toContainEqual({ do: 'watch', generation: 1, probes: ['readiness', 'liveness'] })
  api.feed(answer(1, 'readiness', true), answer(1, 'liveness', true))
  expect(api.machine.health).toBe('healthy')
  expect(api.tells).toEqual([])
})

test('it waits while a need is not met, spends no budget on that, and starts when it is', () => {
  const api = driven()
  api.feed({ type: 'needs', unmet: 'Waits for database.', trouble: null }, { type: 'start', named: true })
  expect(api.machine).toMatchObject({ state: 'waiting', reason: 'Waits for database.' })
  api.feed({ type: 'needs', unmet: null, trouble: null })
  expect(api.machine.state).toBe('starting')
  api.feed({ type: 'launched', generation: 1, pid: 1 }, { type: 'needs', unmet: 'Gone.', trouble: 'database is down.' })
  api.exit()
  expect(api.machine).toMatchObject({ state: 'waiting', attempt: 0 })
  expect(api.tells).toEqual(['service.exited', 'service.waiting'])
})

test('a stop while it waits, pauses or has failed is immediate and clears its card', () => {
  for (const before of [
    driven().feed({ type: 'needs', unmet: 'Waits.', trouble: null }, { type: 'start', named: true }),
    driven().up().exit(),
    driven(restart({ policy: 'never' }))
      .up()
      .exit(),
  ]) {
    before.feed({ type: 'stop' })
    expect(before.machine).toMatchObject({ state: 'stopped', wanted: false })
    expect(before.does).toContainEqual({ do: 'clear' })
  }
})

const hookNames = ['before-start', 'after-start', 'before-stop', 'after-stop'] as const
const oneHook = { run: ['tool'], timeoutMs: 1_000 }
const allHooks = { 'before-start': oneHook, 'after-start': oneHook, 'before-stop': oneHook, 'after-stop': oneHook }
const hookEnd = (ok: boolean) => ({ ok, sentence: ok ? 'exited with code 0' : 'exited with code 1', log: [], ms: 5 })

/** Lets every callback that runs come to its end. */
function settleHooks(api: ReturnType<typeof driven>): void {
  for (let turn = 0; turn < 4 && api.machine.hook; turn++) {
    api.feed({ type: 'hook-ended', generation: api.machine.generation, hook: api.machine.hook, ...hookEnd(true) })
  }
}

test('a need that was replaced while the child was only being launched is followed as soon as it runs', () => {
  const api = driven({ follows: ['database'] })
  const needs = (generation: number): Input => ({
    type: 'needs',
    unmet: null,
    trouble: null,
    generations: { database: generation },
  })
  api.feed(needs(1), { type: 'start', named: true }, needs(2))
  expect(api.machine).toMatchObject({ state: 'starting', child: 'launching' })
  api.feed({ type: 'launched', generation: 1, pid: 1 })
  expect(api.machine).toMatchObject({ state: 'stopping', after: 'follow' })
  api.exit(true)
  api.feed({ type: 'launched', generation: 2, pid: 2 }, needs(2))
  expect(api.machine).toMatchObject({ state: 'running', startedAfter: { database: 2 }, restarts: 0 })
  expect(api.machine.starts).toHaveLength(1)
})

test('a need whose health alone changed, or that an adopted child already knew, restarts nothing', () => {
  const api = driven({ follows: ['database'] })
  api.feed({ type: 'adopted', pid: 1 })
  api.feed({ type: 'needs', unmet: null, trouble: null, generations: { database: 4 } })
  expect(api.machine).toMatchObject({ state: 'running', startedAfter: { database: 4 } })
  api.feed({ type: 'needs', unmet: 'Waits.', trouble: 'database is unhealthy.', generations: { database: 4 } })
  api.feed({ type: 'needs', unmet: null, trouble: null, generations: { database: 4 } })
  expect(api.machine).toMatchObject({ state: 'running', generation: 1 })
})

test('a restart after a need is held back with all others, and made up for when the hold ends', () => {
  const api = driven({ follows: ['database'] })
  const needs = (generation: number): Input => ({
    type: 'needs',
    unmet: null,
    trouble: null,
    generations: { database: generation },
  })
  api.feed(needs(1)).up()
  api.feed({ type: 'hold', why: 'maintenance' }, needs(2))
  expect(api.machine).toMatchObject({ state: 'running', generation: 1 })
  api.feed({ type: 'hold', why: null })
  expect(api.machine).toMatchObject({ state: 'stopping', after: 'follow' })
})

test('a late answer of a callback of an earlier run starts nothing', () => {
  const api = driven({ hooks: allHooks })
  api.feed({ type: 'start', named: true })
  expect(api.machine).toMatchObject({ state: 'starting', hook: 'before-start', child: 'none' })
  api.feed({ type: 'stop' })
  expect(api.does).toContainEqual({ do: 'end-hook', generation: 1, force: false })
  api.feed({ type: 'start', named: true })
  api.feed({ type: 'hook-ended', generation: 1, hook: 'before-start', ...hookEnd(false) })
  expect(api.machine).toMatchObject({ state: 'starting', generation: 2, hook: 'before-start' })
  const before = api.machine
  api.feed({ type: 'hook-ended', generation: 1, hook: 'before-start', ...hookEnd(true) })
  expect(api.machine).toBe(before)
  api.feed({ type: 'hook-ended', generation: 2, hook: 'before-start', ...hookEnd(true) })
  expect(api.does).toContainEqual({ do: 'launch', generation: 2 })
})

test('a start that waited for a callback looks at its needs again', () => {
  const unmet: Input = { type: 'needs', unmet: 'Waits for database.', trouble: null }
  const late = driven({ hooks: { ...allHooks, 'before-start': null, 'after-start': null } })
    .up()
    .exit()
  late.feed({ type: 'pause-over', generation: 1 })
  expect(late.machine).toMatchObject({ state: 'starting', hook: 'after-stop', generation: 1 })
  late.feed(unmet, { type: 'hook-ended', generation: 1, hook: 'after-stop', ...hookEnd(true) })
  expect(late.machine).toMatchObject({ state: 'waiting', reason: 'Waits for database.' })

  const early = driven({ hooks: allHooks }).feed({ type: 'start', named: true }, unmet)
  early.feed({ type: 'hook-ended', generation: 1, hook: 'before-start', ...hookEnd(true) })
  expect(early.machine).toMatchObject({ state: 'waiting', starts: [] })
})

test('whatever comes in whatever order, there is never a second child, and what is unwanted comes to rest', () => {
  let seed = 42
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((seed / 2_147_483_648) * below)
  }
  for (let round = 0; round < 300; round++) {
    const hooked = round % 3 === 0 ? { hooks: allHooks, follows: ['database'] } : {}
    const api = driven({ ...(round % 2 ? probed : {}), ...hooked })
    let children = 0
    for (let turn = 0; turn < 60; turn++) {
      const generation = Math.max(0, api.machine.generation - random(2))
      const inputs: Input[] = [
        { type: 'start', named: random(2) === 0 },
        { type: 'stop' },
        { type: 'restart' },
        { type: 'kill' },
        {
          type: 'needs',
          unmet: random(2) ? 'Waits.' : null,
          trouble: random(2) ? 'Trouble.' : null,
          generations: { database: random(3) },
        },
        { type: 'hook-ended', generation, hook: hookNames[random(4)] ?? 'after-stop', ...hookEnd(random(2) === 0) },
        { type: 'launched', generation, pid: 1 },
        { type: 'not-launched', generation, reason: 'no', retry: random(2) === 0 },
        { type: 'exited', generation, sentence: 'ended', ok: random(2) === 0, log: [] },
        answer(generation, 'startup', random(2) === 0),
        answer(generation, 'readiness', random(2) === 0),
        answer(generation, 'liveness', random(2) === 0),
        { type: 'startup-late', generation },
        { type: 'pause-over', generation },
        { type: 'forgiven', generation },
      ]
      const input = inputs[random(inputs.length)]
      if (!input) continue
      const before = api.machine
      const counts = 'generation' in input && input.generation === before.generation
      if (counts && input.type === 'exited' && before.child === 'alive') children--
      if (counts && input.type === 'not-launched' && before.child === 'launching') children--
      api.feed(input)
      children += api.does.filter((effect) => effect.do === 'launch').length
      expect(children).toBe(api.machine.child === 'none' ? 0 : 1)
      if (api.machine.hook === 'before-start' || api.machine.hook === 'after-stop') expect(children).toBe(0)
      expect(api.machine.generation).toBeGreaterThanOrEqual(before.generation)
    }
    api.feed({ type: 'stop' })
    if (api.machine.child === 'launching') api.feed({ type: 'launched', generation: api.machine.generation, pid: 1 })
    settleHooks(api)
    if (api.machine.child === 'alive') api.exit()
    settleHooks(api)
    expect(api.machine.state).toBe('stopped')
  }
})
