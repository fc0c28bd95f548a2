import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { order, serviceRig } from '../../../../test/support/service-rig.ts'
import { probeOf, serviceOf } from '../../../../test/support/site-definition.ts'

/** Pushes what is in the file `says.json` beside it, again and again. */
const pusher = `
  import { readFileSync } from 'node:fs'
  const { WHEELHOUSE_PUSH_URL: url, WHEELHOUSE_PUSH_TOKEN: token } = process.env
  const push = async () => {
    const body = readFileSync(new URL('says.json', import.meta.url))
    await fetch(url, { method: 'POST', body, headers: { authorization: 'Bearer ' + token } })
  }
  setInterval(() => void push().catch(() => {}), 50)`

test('a service is as it says, and as its figures say: degraded, ready, and what is older than its start counts for nothing', async () => {
  const says = (text: unknown) => JSON.stringify(text)
  await using rig = await serviceRig({
    files: {
      'vision.mjs': pusher,
      'says.json': says({ health: 'degraded', sentence: 'One of two cameras.', figures: { fps: 25 } }),
    },
    services: [
      serviceOf('vision', {
        push: 'http',
        probes: {
          startup: probeOf({ type: 'pushed', newerMs: 10_000 }),
          readiness: probeOf({ type: 'metric', condition: 'fps > 20', newerMs: 10_000 }),
          liveness: null,
        },
      }),
    ],
  })
  const say = (text: unknown) => writeFileSync(join(rig.directory, 'says.json'), says(text))
  expect((await rig.coordinator.start('all', order)).failed).toEqual([])
  const degraded = await rig.see('vision', 'degraded by its own word', ({ health }) => health === 'degraded')
  expect(degraded.reason).toBe('It says: One of two cameras.')
  say({ health: 'healthy', figures: { fps: 25 } })
  await rig.see('vision', 'healthy', ({ health }) => health === 'healthy')
  say({ figures: { fps: 12 } })
  const slow = await rig.see('vision', 'not ready', ({ health }) => health === 'degraded')
  expect(slow.reason).toBe('Not ready: fps is 12, wanted fps > 20.')
  expect(slow.restarts).toBe(0)
  await rig.coordinator.stop('all', order)
  say({ health: 'unhealthy' })
  void rig.coordinator.start('all', order)
  const starting = await rig.see('vision', 'starting', ({ state }) => state === 'starting')
  expect(starting.probes.find(({ name }) => name === 'startup')?.passing).not.toBe(true)
  await rig.see('vision', 'its first push', ({ probes }) => probes.some(({ answer }) => /unhealthy/.test(answer)))
})
