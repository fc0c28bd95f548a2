import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { randomFrom } from '../faults/random.ts'
import { temporaryFolder } from '../support/folders.ts'
import { order, serviceRig } from '../support/service-rig.ts'
import { serviceOf } from '../support/site-definition.ts'

const program = join(import.meta.dirname, '../support/doomed-console.program.ts')
const lives = 5
const longestMs = 2_500

test('a console that is killed at random moments of its start leaves every service once: adopted, or started by the next', async () => {
  using folder = temporaryFolder()
  const shell = { kind: 'process', run: ['sh', '-c', 'sleep 100000 & exec sleep 100000'] } as const
  const services = [
    serviceOf('db', shell),
    serviceOf('api', { ...shell, needs: { db: 'started' }, follows: ['db'] }),
    serviceOf('kiosk', { ...shell, needs: { api: 'healthy' } }),
    serviceOf('stops', { ...shell, onCrash: 'stop' }),
  ]
  writeFileSync(join(folder.path, 'services.json'), JSON.stringify(services))
  const seed = Date.now() % 1_000_000
  const random = randomFrom(seed)
  for (let life = 0; life < lives; life++) {
    const console = spawn(process.execPath, [program, folder.path], { stdio: 'ignore' })
    await setTimeout(random() * longestMs)
    const ended = once(console, 'exit')
    console.kill('SIGKILL')
    await ended
  }
  await using rig = await serviceRig({ directory: folder.path, services })
  await rig.coordinator.takeUp(order.cause)
  expect((await rig.coordinator.start('all', order)).failed, `seed ${seed}`).toEqual([])
  const alive = rig.processes.findByRuns(rig.runs())
  const leaders = services.map(({ id }) => rig.view(id).pid)
  expect(alive.size, `seed ${seed}`).toBe(services.length)
  for (const run of alive.values()) expect(run.filter(({ pid }) => leaders.includes(pid))).toHaveLength(1)
})
