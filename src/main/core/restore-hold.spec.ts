import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../test/support/folders.ts'
import { openTestConsole } from '../../../test/support/test-console.ts'
import { makeTinySite } from '../../../test/support/tiny-site.ts'
import { until } from '../../../test/support/until.ts'

const cause = { type: 'operator', via: 'browser' } as const

test('no service can be started while a restore has the services stopped; the restore brings them back itself', async () => {
  using folder = temporaryFolder()
  const { directory } = await makeTinySite(join(folder.path, 'site'))
  const console = await openTestConsole(folder.path)
  try {
    const site = await console.openSite(directory, cause)
    await site.trust(console.state.slice('site').get('site')?.trust?.fingerprint ?? '', cause)
    const services = () => Object.values(console.state.slice('services').all())
    await until('all to run', () => services().every(({ state }) => state === 'running'))
    await site.jobs.finished((await site.backups.create({ kind: 'full', note: '', cause })).job)
    writeFileSync(join(directory, 'data', 'note.txt'), 'damaged')

    const { job } = await site.backups.restore({ snapshot: null, fingerprint: null, cause })
    const step = (id: string) => site.jobs.get(job)?.steps.find((each) => each.id === id)?.state
    await until('the restore to stop the services', () => step('stop') !== 'pending')
    const starting = site.services.start(['web'], cause)

    await expect(starting).rejects.toMatchObject({ problem: { code: 'restore-runs' } })
    await expect(site.services.restart('web', cause)).rejects.toMatchObject({ problem: { code: 'restore-runs' } })
    expect(await site.jobs.finished(job)).toMatchObject({ state: 'completed' })
    await until('all to run again', () => services().every(({ state }) => state === 'running'))
    const again = await site.services.start(['web'], cause)
    expect(await site.jobs.finished(again.job)).toMatchObject({ state: 'completed' })
  } finally {
    await console.close({ services: 'stop' })
  }
})

test('a folder that holds no site is refused without closing the site that is open', async () => {
  using folder = temporaryFolder()
  const { directory } = await makeTinySite(join(folder.path, 'site'))
  const console = await openTestConsole(folder.path)
  try {
    const site = await console.openSite(directory, cause)
    const mistyped = console.openSite(join(folder.path, 'siet'), cause)
    await expect(mistyped).rejects.toMatchObject({ problem: { code: 'site-missing' } })
    expect(console.site).toBe(site)
    expect(console.state.slice('console').get('console')?.phase).toBe('open')
  } finally {
    await console.close({ services: 'stop' })
  }
})

test('an emergency stop during a restore is the last word: the restore starts nothing afterwards', async () => {
  using folder = temporaryFolder()
  const { directory } = await makeTinySite(join(folder.path, 'site'))
  const console = await openTestConsole(folder.path)
  try {
    const site = await console.openSite(directory, cause)
    await site.trust(console.state.slice('site').get('site')?.trust?.fingerprint ?? '', cause)
    const services = () => Object.values(console.state.slice('services').all())
    await until('all to run', () => services().every(({ state }) => state === 'running'))
    await site.jobs.finished((await site.backups.create({ kind: 'full', note: '', cause })).job)
    writeFileSync(join(directory, 'data', 'note.txt'), 'damaged')

    const { job } = await site.backups.restore({ snapshot: null, fingerprint: null, cause })
    const step = (id: string) => site.jobs.get(job)?.steps.find((each) => each.id === id)?.state
    await until('the services to be stopped', () => step('stop') === 'done')
    await site.coordinator.emergencyStop(cause)

    expect(await site.jobs.finished(job)).toMatchObject({ state: 'completed' })
    expect(services().map(({ state }) => state)).toEqual(['stopped', 'stopped', 'stopped'])
  } finally {
    await console.close({ services: 'stop' })
  }
})
