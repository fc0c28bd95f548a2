import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { serviceOf } from '../../../../test/support/site-definition.ts'
import { lookAtUnit } from './unit-look.ts'

// There is no systemd as first process where specs run: a small program of this name stands first on PATH. What a real one answers
// beside this (a unit of a user, one whose words hold spaces) is not looked at here.

/** Looks at the unit with a `systemctl` that is this shell script. */
function looking(script: string, root = false) {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  writeFileSync(join(folder.path, 'systemctl'), `#!/bin/sh\ncd ${folder.path}\n${script}\n`)
  chmodSync(join(folder.path, 'systemctl'), 0o700)
  const service = serviceOf('camera', { kind: 'external', run: [], unit: 'camera.service' })
  const user = { name: 'lab', root }
  const look = () => lookAtUnit(service, { clock: systemClock(), path: `${folder.path}:/usr/bin:/bin`, user })
  return { look, folder: folder.path }
}

const running = `
  case "$1" in show) ;; *) touch changed; exit 1 ;; esac
  cat <<'END'
MainPID=4711
ExecStart={ path=/usr/bin/python3 ; argv[]=/usr/bin/python3 /srv/camera/main.py --rate 30 ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }
Environment=TOKEN=very-secret "NAME=front camera"
User=camera
WorkingDirectory=/srv/camera
MemoryCurrent=52428800
LoadState=loaded
ActiveState=active
SubState=running
FragmentPath=/etc/systemd/system/camera.service
UnitFileState=enabled
END`

test('a unit is told as systemd knows it, with a plan of what taking it over takes; nothing is changed and no secret told', async () => {
  const { look, folder } = looking(running)
  const { sentence, state, plan } = await look()
  expect(sentence).toBe('camera.service is active (running), pid 4711; started with the machine: enabled.')
  expect(state).toEqual({
    active: 'active',
    sub: 'running',
    startedAtBoot: 'enabled',
    pid: 4_711,
    memory: 52_428_800,
    user: 'camera',
    file: '/etc/systemd/system/camera.service',
  })
  expect(plan?.steps.map(({ command }) => command)).toEqual([
    'sudo systemctl disable camera.service',
    'sudo systemctl stop camera.service',
    'edit site.yaml',
    'wheelhouse start camera',
  ])
  expect(plan?.change.join('\n')).toBe(
    [
      '   camera:',
      '-    kind: external',
      '-    unit: camera.service',
      '+    kind: process',
      '+    run: ["/usr/bin/python3","/srv/camera/main.py","--rate","30"]',
      '+    cwd: "/srv/camera"',
      '+    env:',
      '+      TOKEN: …',
      '+      NAME: …',
    ].join('\n'),
  )
  expect(plan?.notes).toContain('It runs as camera now; under the console it will run as lab.')
  expect(plan?.back.at(-1)?.command).toBe('sudo systemctl enable --now camera.service')
  expect(JSON.stringify(plan)).not.toContain('very-secret')
  expect(existsSync(join(folder, 'changed'))).toBe(false)
})

test('with the rights for it the commands need no sudo', async () => {
  const { plan } = await looking(running, true).look()
  expect(plan?.steps[0]?.command).toBe('systemctl disable camera.service')
})

test('a unit that is not there, and a machine without systemd, are each one sentence and no plan', async () => {
  const missing = looking('echo LoadState=not-found; echo ActiveState=inactive; echo MainPID=0')
  expect(await missing.look()).toMatchObject({
    sentence: 'systemd knows no unit camera.service.',
    state: null,
    plan: null,
  })
  const without = looking('echo "System has not been booted with systemd as init system (PID 1)." >&2; exit 1')
  expect(await without.look()).toMatchObject({
    sentence: 'systemd cannot be asked: System has not been booted with systemd as init system (PID 1).',
    plan: null,
  })
})

test('a service that names no unit is refused with what to write', async () => {
  const look = { clock: systemClock(), path: '/nowhere', user: { name: 'lab', root: false } }
  await expect(lookAtUnit(serviceOf('api'), look)).rejects.toMatchObject({ problem: { code: 'service-without-unit' } })
  const external = serviceOf('api', { kind: 'external', unit: 'api.service' })
  expect((await lookAtUnit(external, look)).sentence).toMatch(/^systemd cannot be asked: there is no systemctl here/)
})
