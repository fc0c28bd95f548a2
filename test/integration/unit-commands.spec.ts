import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { JobView } from '#shared/contract/index.ts'
import { type CameraSite, cameraSite } from '../support/camera-site.ts'
import { UserHere } from '../support/command-line.ts'

test('a service is taken over from its unit and given back from the command line, each after its plan', async () => {
  using camera = cameraSite()
  const user = new UserHere(camera.home)
  writeCameraSite(camera)
  const site = camera.directory
  onTestFinished(() => user.killHosts())
  const host = await user.startHost('--site', site)
  expect(await user.run('trust', '--yes')).toMatchObject({ code: 0 })
  for (const [args, sentence] of [
    [['adopt', 'camra'], 'There is no service camra'],
    [['adopt', 'plain'], 'plain has no `unit` in site.yaml'],
    [['adopt', 'camera'], 'Nobody is there to say yes'],
    [['release', 'camera', '--yes'], 'There is nothing to give back'],
  ] as const) {
    const { code, err } = await user.run(...args)
    expect({ args, code }).toEqual({ args, code: 2 })
    expect(err).toContain(sentence)
  }
  expect(camera.systemd.changes()).toEqual([])

  const { job } = await user.document<{ job: JobView }>('adopt', 'camera', '--yes')
  expect(job).toMatchObject({ state: 'completed', commandLine: 'wheelhouse adopt camera' })
  expect(camera.systemd.state('camera.service')).toBe('inactive disabled')
  expect(await user.run('adopt', 'camera', '--yes')).toMatchObject({ code: 2 })
  const back = await user.document<{ plan: { sentence: string } }>('release', 'camera', '--plan')
  expect(back.plan.sentence).toContain('camera.service')
  expect(await user.run('release', 'camera', '--yes')).toMatchObject({
    code: 0,
    out: expect.stringContaining('camera.service runs camera again.'),
  })
  expect(camera.systemd.state('camera.service')).toBe('active enabled')
  expect(camera.twoCopies()).toBe('')
  expect(await host.stop('SIGTERM')).toBe(0)
  expect(camera.systemd.state('camera.service')).toBe('active enabled')
  // Only a look is possible without a console.
  const planned = await user.run('adopt', 'camera', '--plan', '--site', site)
  expect(planned).toMatchObject({ code: 0, out: expect.stringContaining('Stop camera.service') })
  expect(camera.systemd.state('camera.service')).toBe('active enabled')
})

/** The service of the camera, which its unit runs, and one that no unit runs. */
function writeCameraSite({ directory, state }: CameraSite): void {
  mkdirSync(directory, { recursive: true })
  const probe = `{ command: "test -e ${state}/ready", every: 100ms, within: 2m }`
  writeFileSync(
    join(directory, 'site.yaml'),
    `wheelhouse: 1
site: lab
services:
  camera:
    kind: process
    run: "sh ${state}/camera.sh ${state} console"
    unit: camera.service
    startup: ${probe}
  plain: { kind: external }
`,
  )
}
