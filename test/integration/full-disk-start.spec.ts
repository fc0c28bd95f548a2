import { join } from 'node:path'
import { expect, onTestFinished, type TestContext, test } from 'vitest'
import type { Site } from '#core/site.ts'
import { temporaryFolder } from '../support/folders.ts'
import { smallDisk } from '../support/small-disk.ts'
import { openTestConsole } from '../support/test-console.ts'
import { makeTinySite } from '../support/tiny-site.ts'
import { until } from '../support/until.ts'

const operator = { type: 'operator', via: 'command line' } as const
const within = 60_000

test('a site whose disk is full when the console starts it says that its services were not started, and starts them once there is room', async (context) => {
  const { console, site, disk, card, wanted } = await startedOnFullDisk(context)
  expect(card()).toMatchObject({ severity: 'critical', title: 'The services were not started' })
  expect(card()?.why).toContain('Make room on the disk')
  expect(wanted()).toEqual([])
  disk.empty()
  await until('all to run', () => running(console).length === 3, within)
  expect(card()).toBeUndefined()
  await site.events.settled()
  const [held] = (await site.events.page({ kind: 'site.start-held', limit: 5 })).events
  const starts = await startJobs(site)
  expect(starts).toHaveLength(1)
  // The start says why it came so late.
  expect(site.events.causes(starts[0]?.id ?? '').map(({ id }) => id)).toContain(held?.id)
})

test('a stop meanwhile is the last word, also one that the full disk refuses', async (context) => {
  const { console, site, disk, card, wanted } = await startedOnFullDisk(context)
  await expect(site.services.stop('all', operator)).rejects.toMatchObject({ problem: { code: 'store-read-only' } })
  expect(card()).toBeUndefined()
  disk.empty()
  await until('the store to go on', () => site.store.statistics().state === 'open', within)
  const { job } = await site.services.start(['broker'], operator)
  await site.jobs.finished(job)
  expect(running(console)).toEqual(['broker'])
  expect(wanted()).toEqual(['broker'])
  expect(await startJobs(site)).toHaveLength(1)
})

test('a full disk that the list of recent sites lies on as well does not keep the site from being opened', async ({
  skip,
}) => {
  const folder = temporaryFolder()
  const disk = smallDisk((reason) => skip(reason), folder.path)
  onTestFinished(() => {
    disk[Symbol.dispose]()
    folder[Symbol.dispose]()
  })
  const { directory } = await makeTinySite(join(disk.path, 'site'))
  const before = await openTestConsole(disk.path)
  await before.openSite(directory, operator)
  await before.close({ services: 'stop' })
  disk.fill(0)
  const console = await openTestConsole(disk.path)
  onTestFinished(() => console.close({ services: 'stop' }))
  await console.openInitial({ site: directory, otherwise: 'none', start: false })
  expect(console.state.slice('console').get('console')).toMatchObject({ phase: 'open', problem: null })
  expect(console.site?.store.statistics().state).not.toBe('open')
})

async function startedOnFullDisk({ skip }: TestContext) {
  const folder = temporaryFolder()
  const disk = smallDisk((reason) => skip(reason), folder.path)
  const { directory } = await makeTinySite(join(disk.path, 'site'))
  const before = await openTestConsole(folder.path)
  const { fingerprint } = (await before.openSite(directory, operator)) && (shown(before) ?? { fingerprint: '' })
  await before.site?.trust(fingerprint, operator)
  await until('all to run', () => running(before).length === 3, within)
  await before.close({ services: 'stop' })

  const console = await openTestConsole(folder.path)
  onTestFinished(async () => {
    disk.empty()
    await console.close({ services: 'stop' })
    disk[Symbol.dispose]()
    folder[Symbol.dispose]()
  })
  await console.openInitial({ site: directory, otherwise: 'none', start: false })
  const { site } = console
  if (!site) throw new Error('no site is open')
  await site.store.settled()
  disk.fill(0)
  await site.startByItself({ type: 'console', why: 'the console started' })
  const card = () => console.state.slice('attention').get('site-start-held')
  const wanted = () =>
    Object.values(console.state.slice('services').all())
      .filter((service) => service.wanted)
      .map(({ id }) => id)
  return { console, site, disk, card, wanted }
}

type TestConsole = Awaited<ReturnType<typeof openTestConsole>>

function shown(console: TestConsole) {
  return console.state.slice('site').get('site')?.trust
}

function running(console: TestConsole): readonly string[] {
  return Object.values(console.state.slice('services').all())
    .filter((service) => service.state === 'running')
    .map(({ id }) => id)
}

async function startJobs(site: Site) {
  const { events } = await site.events.page({ kind: 'job.started', limit: 50, order: 'newest' })
  const opened = (await site.events.page({ kind: 'site.opened', limit: 1 })).events[0]
  return events.filter(({ seq, data }) => seq > (opened?.seq ?? 0) && JSON.stringify(data).includes('services.start'))
}
