import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Clock, systemClock } from '#core/platform/index.ts'
import type { ServiceView } from '#shared/contract/index.ts'
import { type CameraSite, cameraSite } from '../support/camera-site.ts'
import { order } from '../support/service-rig.ts'
import { type UnitRigOptions, unitRig } from '../support/unit-rig.ts'
import { until } from '../support/until.ts'

// No systemd runs where specs do: a program that really starts and stops processes stands in for systemctl (support/systemd-stand-in.ts).

const operator = { type: 'operator', via: 'command line' } as const

/** A console on the site, as far as its systemd and its service are seen. */
async function opened(camera: CameraSite, given: Omit<UnitRigOptions, 'directory' | 'state'> = {}) {
  const rig = await unitRig({ directory: camera.directory, state: camera.state, ...given })
  const { units, jobs, coordinator } = rig
  const ended = async (begun: Promise<{ readonly job: string }>) => await jobs.finished((await begun).job)
  const close = async () => {
    if (rig.state.slice('services').get('camera')) await coordinator.stop('all', order)
    await rig[Symbol.asyncDispose]()
  }
  return {
    ...{ units, jobs, coordinator, close },
    view: () => rig.view('camera'),
    see: (what: string, look: (now: ServiceView) => boolean) =>
      until(what, () => {
        const now = rig.state.slice('services').get('camera') // not there for a moment while it changes places
        return now && look(now) && now
      }),
    adopt: () => ended(units.adopt('camera', operator)),
    release: () => ended(units.release('camera', operator)),
    card: (id: string) => rig.cards.get(`${id}:camera`),
    events: async (kind: string) => (await rig.events()).filter((event) => event.kind === kind),
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  }
}

test('what a unit runs is seen with its pid and memory, and nothing that the console does starts a copy of it', async () => {
  using camera = cameraSite()
  await using lab = await opened(camera)
  const { coordinator, units, see, view } = lab
  const pid = camera.running()
  await see('healthy', ({ health }) => health === 'healthy')
  expect(view()).toMatchObject({
    kind: 'external',
    state: 'external',
    pid,
    memory: 5_242_880,
    unit: { name: 'camera.service', holder: 'systemd', active: 'active', startedAtBoot: 'enabled', can: 'adopt' },
  })
  await coordinator.start(['camera'], order)
  await coordinator.restart('camera', order)
  await coordinator.start('all', order)
  expect(camera.started()).toEqual(['systemd'])
  expect(camera.running()).toBe(pid)
  camera.systemd.by('stop', 'camera.service')
  await units.look('camera')
  expect(camera.started(), 'a unit that stands still does not call for a copy either').toEqual(['systemd'])
})

test('the plan names the unit, the service, what is touched and the way back; nothing is changed by it', async () => {
  using camera = cameraSite()
  camera.systemd.tell('camera.service', {
    User: 'camera',
    TriggeredBy: 'camera.timer',
    Environment: 'TOKEN=very-secret',
  })
  await using lab = await opened(camera)
  const { units } = lab
  const { adopt, release, sentence } = await units.look('camera')
  expect(sentence).toContain('camera.service is active (running), pid')
  expect(release).toBeNull()
  expect(adopt).toMatchObject({
    sentence: 'camera.service is stopped, and the console runs camera in its place.',
    commandLine: 'wheelhouse adopt camera',
    refusal: null,
  })
  expect(adopt?.steps.join('\n')).toMatch(
    /Disable camera\.service[\s\S]*Stop camera\.service[\s\S]*Start camera[\s\S]*at most 10 s/,
  )
  expect(adopt?.undo).toContain('wheelhouse release camera')
  expect(adopt?.notes.join('\n')).toContain('It runs as camera now; under the console it will run as')
  expect(adopt?.notes.join('\n')).toContain('camera.timer can start camera.service again')
  expect(JSON.stringify(adopt)).not.toContain('very-secret')
  expect(camera.systemd.changes()).toEqual([])
})

test('adopted, the unit is stopped and disabled and the console runs it; released, the unit is as it was before', async () => {
  using camera = cameraSite()
  await using lab = await opened(camera)
  const { view, adopt, release, coordinator, events, close } = lab
  expect(await adopt()).toMatchObject({
    state: 'completed',
    message: expect.stringContaining('The console runs camera now'),
  })
  expect(camera.systemd.state('camera.service')).toBe('inactive disabled')
  expect(camera.systemd.changes()).toEqual(['disable camera.service', 'stop camera.service'])
  expect(view()).toMatchObject({ kind: 'process', state: 'running', unit: { holder: 'console', can: 'release' } })
  expect(await events('unit.adopted')).toMatchObject([{ subject: 'service:camera', severity: 'notice' }])
  await expect(adopt()).rejects.toMatchObject({ problem: { code: 'unit-adopted' } })

  await coordinator.restart('camera', order)
  expect(camera.started()).toEqual(['systemd', 'console', 'console'])

  expect(await release()).toMatchObject({ state: 'completed', message: 'camera.service runs camera again.' })
  expect(camera.systemd.state('camera.service')).toBe('active enabled')
  expect(view()).toMatchObject({ state: 'external', unit: { holder: 'systemd', can: 'adopt' } })
  await expect(release()).rejects.toMatchObject({ problem: { code: 'unit-not-adopted' } })
  expect(camera.started().at(-1)).toBe('systemd')
  expect(camera.twoCopies()).toBe('')
  await close()
  expect(camera.systemd.state('camera.service'), 'closing the console stops nothing of systemd').toBe('active enabled')
})

test('what was adopted is started by the next console as its own', async () => {
  using camera = cameraSite()
  await using first = await opened(camera)
  await first.adopt()
  await first.close()
  expect(camera.running()).toBeNull()
  await using second = await opened(camera)
  expect(second.view()).toMatchObject({ state: 'running', unit: { holder: 'console' } })
  expect(await second.release()).toMatchObject({ state: 'completed' })
  expect(camera.systemd.state('camera.service')).toBe('active enabled')
})

test('a second click while the first is under way is refused, and the unit is handed over once', async () => {
  using camera = cameraSite()
  await using lab = await opened(camera)
  const { units, jobs } = lab
  const orders = await Promise.allSettled([units.adopt('camera', operator), units.adopt('camera', operator)])
  expect(orders.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(orders.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { problem: { code: 'job-busy' } },
  })
  for (const { id } of jobs.running()) await jobs.finished(id)
  expect(camera.systemd.changes()).toEqual(['disable camera.service', 'stop camera.service'])
  expect(camera.started()).toEqual(['systemd', 'console'])
})

for (const [what, why] of [
  ['never-ready', 'It was not ready within 2 s.'],
  ['falls', 'exited with code 3'],
] as const) {
  test(`a service that is ${what} under the console goes back to its unit by itself, as event and card`, async () => {
    using camera = cameraSite()
    camera.become(what)
    await using lab = await opened(camera, what === 'never-ready' ? { withinMs: 2_000 } : {})
    const { adopt, card, events, view, see } = lab
    const job = await adopt()
    expect(job.message).toContain(why)
    expect(job.message).toContain('It was given back. camera.service runs camera again.')
    expect(camera.systemd.state('camera.service')).toBe('active enabled')
    expect(await events('unit.given-back')).toMatchObject([
      { severity: 'error', message: expect.stringContaining(why) },
    ])
    expect(card('unit-handover')).toMatchObject({ why: expect.stringContaining('given back') })
    await see('healthy again', ({ health }) => health === 'healthy')
    expect(view().unit).toMatchObject({ holder: 'systemd', can: 'adopt' })
    expect(camera.twoCopies()).toBe('')
  })
}

test('a refusal of polkit is told with what to do, touches nothing, and never leads to sudo', async () => {
  using camera = cameraSite()
  camera.systemd.refuse('disable', 'Failed to disable unit: Access denied\nSee system logs for details.')
  await using lab = await opened(camera)
  const { adopt, view } = lab
  const job = await adopt()
  expect(job.message).toContain('systemd does not let')
  expect(job.message).toContain('Access denied')
  expect(job.remedy).toContain('`sudo systemctl disable camera.service`')
  expect(job.remedy).toContain('never uses sudo by itself')
  expect(camera.systemd.changes()).toEqual([])
  expect(camera.started()).toEqual(['systemd'])
  expect(view().unit).toMatchObject({ holder: 'systemd' })

  // By hand, as the remedy says; then it is taken over as it was found.
  camera.systemd.refuse('disable', null)
  camera.systemd.by('disable', 'camera.service')
  expect(await adopt()).toMatchObject({ state: 'completed' })
})

test('a unit that does not stop in time is given back', async () => {
  using camera = cameraSite()
  camera.systemd.hang('stop')
  const clock = systemClock()
  const quick: Clock = { ...clock, after: (ms, act) => clock.after(ms === 120_000 ? 300 : ms, act) }
  await using lab = await opened(camera, { clock: quick })
  const { adopt } = lab
  expect((await adopt()).message).toContain('systemd did not stop camera.service within 120 s.')
  expect(camera.systemd.state('camera.service')).toBe('active enabled')
  expect(camera.started()).toEqual(['systemd'])
})

test('a stop that is ordered while a start or restart asks systemd whether its unit runs is not undone by it', async () => {
  using camera = cameraSite()
  await using lab = await opened(camera)
  const { adopt, coordinator, view } = lab
  await adopt()
  await coordinator.stop(['camera'], order)
  const copies = camera.started().length
  const starting = coordinator.start(['camera'], order)
  await coordinator.stop(['camera'], order)
  expect((await starting).failed).toEqual([{ service: 'camera', reason: 'It was stopped meanwhile.' }])
  expect(camera.started()).toHaveLength(copies)

  await coordinator.start(['camera'], order)
  const restarting = coordinator.restart('camera', order)
  await coordinator.stop(['camera'], order)
  expect((await restarting).failed).toEqual([{ service: 'camera', reason: 'It was stopped meanwhile.' }])
  expect(view().state).toBe('stopped')
  expect(camera.started()).toHaveLength(copies + 1)
})

test('where the unit cannot be started again, a release leaves the service with the console', async () => {
  using camera = cameraSite()
  await using lab = await opened(camera)
  const { adopt, release, view } = lab
  await adopt()
  camera.systemd.refuse('start', 'Failed to start camera.service: Interactive authentication required.')
  expect(await release()).toMatchObject({
    state: 'failed',
    message: expect.stringContaining('The console runs it on.'),
  })
  expect(view()).toMatchObject({ state: 'running', unit: { holder: 'console' } })
  expect(camera.systemd.state('camera.service')).toBe('inactive disabled')
  expect(camera.twoCopies()).toBe('')
})

test('when neither way works, a card that stays says so and what to do by hand; later the release finishes', async () => {
  using camera = cameraSite()
  camera.become('never-ready')
  camera.systemd.refuse('start', 'Failed to start camera.service: Interactive authentication required.')
  await using lab = await opened(camera, { withinMs: 1_000 })
  const { adopt, card, release } = lab
  expect(await adopt()).toMatchObject({
    state: 'failed',
    remedy: expect.stringContaining('systemctl start camera.service'),
  })
  expect(card('unit-handover')).toMatchObject({ severity: 'critical', dismissible: false })
  camera.systemd.refuse('start', null)
  expect(await release()).toMatchObject({ state: 'completed' })
  expect(camera.systemd.state('camera.service')).toBe('active enabled')
  expect(card('unit-handover')).toBeUndefined()
})

test('a unit that somebody starts beside the console is told, keeps the console from starting its own, and holds it up no longer than it runs', async () => {
  using camera = cameraSite()
  await using lab = await opened(camera)
  const { adopt, card, coordinator, see, view } = lab
  await adopt()
  await coordinator.stop(['camera'], order)
  camera.systemd.by('start', 'camera.service')
  const start = coordinator.start(['camera'], order)
  await see('waiting', ({ state }) => state === 'waiting')
  expect(view().reason).toContain('camera.service is active (running)')
  expect(card('unit-beside')).toMatchObject({ severity: 'error', title: 'systemd runs camera as well' })
  expect(camera.started().filter((who) => who === 'console')).toHaveLength(1)
  camera.systemd.by('stop', 'camera.service')
  await until('its own copy', async () => {
    await coordinator.restart('camera', order).catch(() => {})
    return view().state === 'running'
  })
  await start
  expect(card('unit-beside')).toBeUndefined()
  expect(camera.twoCopies()).toBe('')
})

test('an exit of the service while its unit runs does not lead to a copy of it', async () => {
  using camera = cameraSite()
  await using lab = await opened(camera)
  const { adopt, see, view } = lab
  await adopt()
  const { pid } = view()
  if (pid === null) throw new Error('it does not run')
  process.kill(pid, 'SIGSTOP') // so that it notices nothing of the unit beside it
  camera.systemd.by('start', 'camera.service')
  process.kill(pid, 'SIGKILL')
  await see('waiting', ({ state }) => state === 'waiting')
  expect(camera.started()).toEqual(['systemd', 'console', 'systemd'])
  expect(view().restarts, 'it costs no more than the one try').toBeLessThanOrEqual(1)
})

test('an emergency stop in the middle of an adoption leaves everything stopped', async () => {
  using camera = cameraSite()
  camera.become('never-ready')
  await using lab = await opened(camera)
  const { units, jobs, coordinator, see } = lab
  const { job } = await units.adopt('camera', operator)
  await see('being started', ({ state }) => state === 'starting')
  await coordinator.emergencyStop(operator)
  expect(await jobs.finished(job)).toMatchObject({
    state: 'failed',
    message: expect.stringContaining('stopped by somebody'),
  })
  expect(camera.systemd.state('camera.service')).toBe('inactive disabled')
  await until('nothing left', () => camera.running() === null || camera.started().length === 2)
})

test('a unit that is missing, masked, transient or another name, and a machine without systemd, are each a sentence', async () => {
  using camera = cameraSite()
  await using lab = await opened(camera)
  const { units } = lab
  const refusal = async () => (await units.look('camera')).adopt?.refusal?.message
  const refused = [
    [
      { LoadState: 'masked', UnitFileState: 'masked' },
      'camera.service is masked: somebody has forbidden systemd to run it.',
    ],
    [
      { UnitFileState: 'transient' },
      'camera.service is transient: it is gone once it stops, so there would be no way back.',
    ],
    [{ Id: 'front.service' }, 'camera.service is only another name of front.service.'],
    [{ LoadState: 'bad-setting' }, 'systemd could not read camera.service (bad-setting).'],
    [{ LoadState: 'not-found', ActiveState: 'inactive' }, 'systemd knows no unit camera.service.'],
  ] as const
  for (const [told, sentence] of refused) {
    camera.systemd.tell('camera.service', told)
    expect(await refusal()).toBe(sentence)
    await expect(units.adopt('camera', operator)).rejects.toThrow(sentence)
  }
  camera.systemd.refuse('show', "System has not been booted with systemd as init system (PID 1). Can't operate.")
  expect(await refusal()).toContain('systemd cannot be asked: System has not been booted with systemd')
  expect(camera.systemd.changes()).toEqual([])
})

for (const [act, moment] of [
  ['adopt', 'after-intent'],
  ['adopt', 'after-disable'],
  ['adopt', 'after-stop'],
  ['adopt', 'after-switch'],
  ['adopt', 'after-ready'],
  ['release', 'release-after-intent'],
  ['release', 'release-after-stop'],
  ['release', 'release-after-start'],
] as const) {
  test(`a console killed in the middle of ${act}, ${moment}: the next one gives the unit what it had, and nothing runs twice`, async () => {
    using camera = cameraSite()
    if (act === 'release') {
      await using before = await opened(camera)
      await before.adopt()
      await before.close()
    }
    const program = join(import.meta.dirname, '../support/mortal-units.program.ts')
    const child = spawn(process.execPath, [program, camera.directory, camera.state, act], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, WHEELHOUSE_CRASH_AT: `units.${moment}` },
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    expect(await once(child, 'close')).toEqual([null, 'SIGKILL'])

    await using lab = await opened(camera)
    const { view, events, card, see } = lab
    expect(camera.systemd.state('camera.service')).toBe('active enabled')
    await see('watched again', ({ state, health }) => state === 'external' && health === 'healthy')
    expect(view().unit).toMatchObject({ holder: 'systemd', can: 'adopt' })
    expect(await events('unit.given-back')).toHaveLength(1)
    expect(card('unit-handover')).toMatchObject({ severity: 'warning' })
    expect(camera.twoCopies()).toBe('')
  })
}
