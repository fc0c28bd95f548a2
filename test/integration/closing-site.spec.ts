import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { openTestConsole } from '../support/test-console.ts'
import { until } from '../support/until.ts'

test('whoever comes while a site is being closed is told so and to wait, and can open it afterwards', async () => {
  using folder = temporaryFolder()
  const directory = join(folder.path, 'site')
  mkdirSync(directory)
  const stubborn = `process.on('SIGTERM', () => console.log('not yet')); setInterval(() => {}, 1000); console.log('up')`
  writeFileSync(join(directory, 'slow.mjs'), stubborn)
  const slow = 'slow: { kind: node, run: slow.mjs, stop: { within: 5m } }'
  writeFileSync(join(directory, 'site.yaml'), `wheelhouse: 1\nsite: lab\nservices: { ${slow} }\n`)
  const first = await openTestConsole(folder.path)
  await first.openInitial({ site: directory, otherwise: 'none', start: false })
  const { site, state } = first
  if (!site) throw new Error('no site is open')
  const asked = state.slice('site').get('site')?.trust
  if (asked) await site.trust(asked.fingerprint, { type: 'operator', via: 'window' })
  await until('it is up', async () => (await site.logTail('slow', 5)).some(({ text }) => text === 'up'))

  const closed = first.close({ services: 'stop' })
  await until('it is asked to end', async () => state.slice('services').get('slow')?.state === 'stopping')
  const told = join(directory, '.wheelhouse', 'owner.json')
  await until('it is told', () => readFileSync(told, 'utf8').includes('closing'))
  const second = await openTestConsole(join(folder.path, 'other'))
  const cause = { type: 'operator', via: 'window' } as const
  await expect(second.openSite(directory, cause)).rejects.toMatchObject({
    problem: {
      code: 'site-closing',
      message: expect.stringContaining('is being closed: the console without a window'),
    },
  })
  await site.coordinator.emergencyStop({ type: 'operator', via: 'window' })
  await closed
  await second.openSite(directory, cause)
  expect(second.site?.directory).toBe(directory)
  await second.close({ services: 'stop' })
})
