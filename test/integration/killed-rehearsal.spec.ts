import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { makeWebSite, openRehearsalRig, operator, sandboxFolders, sandboxProcesses } from '../support/rehearsal-rig.ts'
import { until } from '../support/until.ts'

const program = join(import.meta.dirname, '../support/mortal-rehearsal.program.ts')

for (const [moment, both] of [
  ['rehearsal.before-restore', false],
  ['extract.after-written', false],
  ['rehearsal.after-start', false],
  // The sandbox is killed with the console, so that nobody is left who ends its services.
  ['rehearsal.after-start', true],
] as const) {
  it(`a console killed at ${moment}${both ? ' together with its sandbox' : ''} leaves what the next one ends and removes, and the live services go on`, async () => {
    using folder = temporaryFolder()
    const directory = join(folder.path, 'site')
    await makeWebSite(directory)
    const child = spawn(process.execPath, [program, folder.path, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, WHEELHOUSE_CRASH_AT: moment },
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const told = text(child.stdout)
    expect(await once(child, 'close')).toEqual([null, 'SIGKILL'])
    if (both) for (const pid of mains(directory)) process.kill(pid, 'SIGKILL')
    const { web } = JSON.parse(await told)
    expect(sandboxFolders(directory)).toHaveLength(1)
    if (both) expect(sandboxProcesses(directory).length).toBeGreaterThan(0)

    await using rig = await openRehearsalRig(folder.path, directory)

    expect(rig.inSandboxes()).toEqual([])
    await until('its folder is removed', () => sandboxFolders(directory).length === 0)
    await rig.start()
    // It was never touched: the process is the one that the killed console had started.
    expect(rig.state.slice('services').get('web')).toMatchObject({ pid: web, adopted: true, restarts: 0 })
    expect(rig.site.rehearsals.history()[0]).toMatchObject({ state: 'interrupted', verdict: null })
    const job = Object.values(rig.state.slice('jobs').all()).find(({ kind }) => kind === 'backup.rehearse')
    expect(job).toMatchObject({ state: 'failed', message: expect.stringContaining('Its sandbox was ended') })
    const { events } = await rig.site.events.page({ kind: 'rehearsal.swept', limit: 5 })
    expect(events).toHaveLength(1)
    expect((await rig.rehearse()).run).toMatchObject({ verdict: 'proven' })
  })
}

it('a sandbox that is killed ends the rehearsal, which says nothing of the snapshot, and none of its services is left', async () => {
  using folder = temporaryFolder()
  const directory = join(folder.path, 'site')
  await makeWebSite(directory)
  await using rig = await openRehearsalRig(folder.path, directory)
  await rig.backUp()
  const { job } = await rig.site.rehearsals.run({ snapshot: null, keep: false, cause: operator })
  await until('services run there', () =>
    rig.site.jobs.get(job)?.steps.some(({ id, state }) => id === 'check' && state === 'running'),
  )
  expect(rig.inSandboxes().length).toBeGreaterThan(1)
  for (const pid of mains(directory)) process.kill(pid, 'SIGKILL')
  expect(await rig.site.jobs.finished(job)).toMatchObject({ state: 'failed' })
  expect(rig.site.rehearsals.history()[0]).toMatchObject({
    state: 'not made',
    verdict: null,
    sentence: expect.stringContaining('The sandbox ended before it was done'),
  })
  expect(rig.inSandboxes()).toEqual([])
  expect(sandboxFolders(directory)).toEqual([])
})

it('an emergency stop ends a rehearsal as well', async () => {
  using folder = temporaryFolder()
  const directory = join(folder.path, 'site')
  await makeWebSite(directory)
  await using rig = await openRehearsalRig(folder.path, directory)
  await rig.backUp()
  const { job } = await rig.site.rehearsals.run({ snapshot: null, keep: false, cause: operator })
  await until('it is starting', () =>
    rig.site.jobs.get(job)?.steps.some(({ id, state }) => id === 'start' && state === 'running'),
  )
  await rig.site.coordinator.emergencyStop(operator)
  expect(await rig.site.jobs.finished(job)).toMatchObject({
    state: 'failed',
    message: expect.stringContaining('ended by the emergency stop'),
  })
  expect(rig.inSandboxes()).toEqual([])
})

/** The processes that have sandboxes of the site open. */
function mains(directory: string): readonly number[] {
  return sandboxProcesses(directory, 'main')
}
