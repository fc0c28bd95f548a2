import { expect, test } from 'vitest'
import { serviceOf } from '../../../../test/support/site-definition.ts'
import { adoptPlan, adoptRefusal, releasePlan, writePlan } from './hand-over-plan.ts'
import { parseProperties, unitState } from './unit-properties.ts'

const unit = { name: 'camera.service', of: 'system' } as const

const properties = parseProperties(`Id=camera.service
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
TriggeredBy=camera.timer`)

const looked = { unit, properties, sentence: '' }
const service = serviceOf('camera', { kind: 'process', run: ['python3', 'main.py'], unit, ports: { http: 8_101 } })
const context = { service, holding: undefined, looked, user: 'lab', logs: ['logs/camera.out.log'] }

test('a unit is told as systemd knows it', () => {
  expect(unitState(properties)).toEqual({
    active: 'active',
    sub: 'running',
    startedAtBoot: 'enabled',
    pid: 4_711,
    memory: 52_428_800,
    user: 'camera',
    file: '/etc/systemd/system/camera.service',
  })
  expect(unitState({ LoadState: 'not-found', ActiveState: 'inactive' })).toBeNull()
  expect(
    unitState({ LoadState: 'not-found', ActiveState: 'active' }),
    'its file is gone and it still runs',
  ).not.toBeNull()
  expect(unitState({ LoadState: 'loaded', MemoryCurrent: '18446744073709551615' })?.memory).toBeNull()
})

test('an adoption says before it is done what is stopped, what starts in its place, what is touched, and the way back', () => {
  const plan = adoptPlan(context)
  expect(plan.refusal).toBeNull()
  expect(plan.steps).toEqual([
    'Write down how camera.service is now, for the way back.',
    'Disable camera.service, so that it is not started with the machine.',
    'Stop camera.service, because two copies must never run.',
    'Start camera under the console: python3 main.py.',
    'Wait until it is ready, at most 30 s, and a few seconds more; else stop it and give it back to camera.service.',
  ])
  expect(plan.touches.join('\n')).toMatch(
    /pid 4711[\s\S]*camera\.service stays as it is[\s\S]*port 8101 \(http\)[\s\S]*logs\/camera/,
  )
  expect(plan.notes.join('\n')).toContain('It runs as camera now; under the console it will run as lab')
  expect(plan.notes.join('\n')).toContain('camera.timer can start camera.service again')
  expect(plan.undo).toContain('wheelhouse release camera')
})

test('a release says whether the unit runs then, as it did before', () => {
  const holding = { service: 'camera', unit, phase: 'adopted', at: 0 } as const
  const ran = releasePlan({ ...context, holding: { ...holding, before: { active: true, enabled: 'enabled' } } })
  expect(ran.steps).toContain('Start camera.service, as it ran before.')
  const stood = releasePlan({ ...context, holding: { ...holding, before: { active: false, enabled: 'static' } } })
  expect(stood.steps).toEqual(['Stop camera here.', expect.stringContaining('nothing runs camera then')])
})

test('for a service that the console cannot run, what to write is told, and no secret', () => {
  const external = { ...service, kind: 'external' } as const
  expect(adoptRefusal(external, undefined, looked)?.problem.code).toBe('unit-not-runnable')
  expect(writePlan('camera', looked)?.change.join('\n')).toBe(
    [
      '   camera:',
      '-    kind: external',
      '+    kind: process',
      '+    run: ["/usr/bin/python3","/srv/camera/main.py","--rate","30"]',
      '+    cwd: "/srv/camera"',
      '+    env:',
      '+      TOKEN: …',
      '+      NAME: …',
    ].join('\n'),
  )
  expect(JSON.stringify(writePlan('camera', looked))).not.toContain('very-secret')
})
