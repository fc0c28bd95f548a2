import { expect, test } from 'vitest'
import { order, scripts, serviceRig } from '../../../../test/support/service-rig.ts'
import { serviceOf } from '../../../../test/support/site-definition.ts'

/** db ← api ← kiosk, each restarted after the one before; watcher only needs db. */
const chain = () => [
  serviceOf('db', { run: ['idle.mjs'] }),
  serviceOf('api', { run: ['idle.mjs'], needs: { db: 'healthy' }, follows: ['db'] }),
  serviceOf('kiosk', { run: ['idle.mjs'], needs: { api: 'started', db: 'started' }, follows: ['api', 'db'] }),
  serviceOf('watcher', { run: ['idle.mjs'], needs: { db: 'started' } }),
]

test('a service that follows its need is restarted after it, once and in order; one that only needs it stays up', async () => {
  await using rig = await serviceRig({ files: { 'idle.mjs': scripts.idle }, services: chain() })
  await rig.coordinator.start('all', order)
  const pids = () => ['db', 'api', 'kiosk', 'watcher'].map((id) => rig.view(id).pid)
  const before = pids()
  process.kill(before[0] ?? 0, 'SIGKILL')
  for (const [index, id] of ['db', 'api', 'kiosk'].entries()) {
    await rig.see(id, 'running anew', ({ state, pid }) => state === 'running' && pid !== before[index])
  }
  await rig.see('kiosk', 'healthy', ({ health }) => health === 'healthy')
  expect(rig.view('watcher').pid).toBe(before[3])

  const events = await rig.events()
  const starts = events.filter(({ kind }) => kind === 'service.starting').map(({ subject }) => subject.slice(8))
  expect(starts.slice(4)).toEqual(['db', 'api', 'kiosk'])
  const restarting = events.find(({ kind, subject }) => kind === 'service.restarting' && subject === 'service:api')
  expect(restarting).toMatchObject({
    severity: 'notice',
    message: 'api is stopped and started again, because db was.',
    cause: { type: 'event' },
  })
  expect(rig.view('api')).toMatchObject({ attempt: 0, restarts: 0 })
})

test('an operator’s restart is followed too, and what it takes along is shown before', async () => {
  await using rig = await serviceRig({ files: { 'idle.mjs': scripts.idle }, services: chain() })
  await rig.coordinator.start('all', order)
  const { pid } = rig.view('api')
  expect(rig.coordinator.preview('restart', 'db')).toMatchObject({
    sentence:
      'Restart db and 2 services that are restarted after it (api, kiosk). 1 service that needs it (watcher) stays up and loses it for a moment.',
    services: [
      { id: 'db', what: 'restart', why: 'asked for' },
      { id: 'api', what: 'restart', why: 'it is restarted after db' },
      { id: 'kiosk', what: 'restart', why: 'it is restarted after api' },
    ],
  })
  await rig.coordinator.restart('db', order)
  await rig.see('api', 'running anew', (view) => view.state === 'running' && view.pid !== pid)
})
