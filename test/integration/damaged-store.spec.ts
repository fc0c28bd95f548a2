import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Console } from '../../src/main/console/index.ts'
import { temporaryFolder } from '../support/folders.ts'
import { openTestConsole } from '../support/test-console.ts'
import { makeTinySite } from '../support/tiny-site.ts'
import { until } from '../support/until.ts'

const operator = { type: 'operator', via: 'command line' } as const

/** Every way to damage a file, by what the operator would say happened. */
const faults = {
  'flipped bytes in its header': (path: string) => flip(path, 0, 60),
  'flipped bytes in its root page': (path: string) => flip(path, 100, 900),
  'text in its place': (path: string) => writeFileSync(path, 'coffee was spilled here '.repeat(1000)),
  'no bytes': (path: string) => truncateSync(path, 0),
  'half of it cut off': (path: string) => truncateSync(path, Math.floor(statSync(path).size / 8192) * 4096),
} as const

for (const [database, fault] of [
  ['control', 'flipped bytes in its header'],
  ['control', 'half of it cut off'],
  ['messages', 'flipped bytes in its root page'],
  ['messages', 'text in its place'],
  ['control', 'no bytes'],
] as const) {
  it(`a ${database} database with ${fault} ends in a running console and a true report`, async () => {
    using folder = temporaryFolder()
    const { directory } = await makeTinySite(join(folder.path, 'site'))
    const first = await opened(folder.path, directory)
    const { fingerprint = '' } = first.state.slice('site').get('site')?.trust ?? {}
    await first.site?.trust(fingerprint, operator)
    const copied = await first.site?.storeCare.copy({ database, cause: operator })
    expect(await first.site?.jobs.finished(copied?.job ?? '')).toMatchObject({ state: 'completed' })
    await first.close({ services: 'stop' })

    faults[fault](join(directory, '.wheelhouse', `${database}.db`))
    const console = await opened(folder.path, directory)
    const { site } = console
    if (!site) throw new Error(console.state.slice('console').get('console')?.problem?.message ?? 'no site is open')
    expect(site.store.opened[database]).toMatchObject({ how: 'replaced', source: 'copy' })
    const [event] = (await site.events.page({ kind: 'store.recovered', limit: 5 })).events
    expect(event).toMatchObject({ severity: 'error', subject: `store:${database}`, data: { database, source: 'copy' } })
    expect(event?.message).toContain('is missing; it is in the quarantined file only')
    const card = console.state.slice('attention').get(`store-replaced:${database}`)
    expect(card).toMatchObject({ severity: 'error', why: event?.message })
    const view = console.state.slice('store').get('store')
    expect(view).toMatchObject({ state: 'open', quarantine: [{ database, why: event?.message }] })
    expect(view?.databases.find(({ name }) => name === database)?.copies.count).toBe(1)

    const started = await site.services.start(['ticker'], operator)
    expect(await site.jobs.finished(started.job)).toMatchObject({ state: 'completed' })
    await site.events.record({
      kind: 'test.recorded',
      subject: 'site',
      severity: 'info',
      message: 'It goes on.',
      cause: operator,
    })
    await console.close({ services: 'stop' })
  })
}

it('damage that a check finds while the console runs is mended beneath it, and the job says how', async () => {
  using folder = temporaryFolder()
  const { directory } = await makeTinySite(join(folder.path, 'site'))
  // Closed once, so that the tables stand in the file and not in its log.
  await (await opened(folder.path, directory)).close({ services: 'stop' })
  const console = await opened(folder.path, directory)
  const { site } = console
  if (!site) throw new Error('no site is open')
  // By another process: closing the file here would drop the locks that this one holds on it.
  const damage = `const file = require('fs').openSync(process.argv[1], 'r+')
    require('fs').writeSync(file, Buffer.alloc(4096 * 3, 0xa5), 0, 4096 * 3, 4096 * 2)`
  execFileSync(process.execPath, ['-e', damage, join(directory, '.wheelhouse', 'messages.db')])
  const { job } = await site.storeCare.check({ database: 'messages', kind: 'full', cause: operator })
  const done = await site.jobs.finished(job)
  expect(done.message).toContain('The messages database was damaged')
  expect(done).toMatchObject({ state: 'completed', data: { ok: false } })
  await until('the card', () => console.state.slice('attention').get('store-replaced:messages'))
  const whole = await site.storeCare.recover({ database: 'control', cause: operator })
  expect(await site.jobs.finished(whole.job)).toMatchObject({ state: 'completed', data: { ok: true } })
  expect(site.store.upkeep.untold()).toEqual([])
  await console.close({ services: 'stop' })
})

it('a database that is missing at every opening is replaced three times, then a stand-in runs until it is ordered', async () => {
  using folder = temporaryFolder()
  const { directory } = await makeTinySite(join(folder.path, 'site'), {
    extra: 'contact: { name: Lab office, phone: "local 204" }\n',
  })
  const path = join(directory, '.wheelhouse', 'control.db')
  await (await opened(folder.path, directory)).close({ services: 'stop' })
  for (let time = 0; time < 3; time++) {
    rmSync(path)
    await (await opened(folder.path, directory)).close({ services: 'stop' })
  }
  writeFileSync(path, 'the evidence')
  const console = await opened(folder.path, directory)
  const { site, state } = console
  if (!site) throw new Error('no site is open')
  expect(site.store.opened.control).toMatchObject({ how: 'stand-in' })
  expect(readFileSync(path, 'utf8')).toBe('the evidence')
  const card = state.slice('attention').get('store-stand-in:control')
  expect(card).toMatchObject({ severity: 'critical', dismissible: false })
  expect(card?.why).toContain('Call Lab office (local 204).')
  expect(card?.fixes[0]?.action).toEqual({ type: 'recover-store', database: 'control' })
  const { job } = await site.storeCare.recover({ database: 'control', cause: operator })
  const done = await site.jobs.finished(job)
  expect(done).toMatchObject({ state: 'completed' })
  expect(done.message).toContain('the stand-in is kept in the same folder')
  await until('the card to go', () => state.slice('attention').get('store-stand-in:control') === undefined)
  await console.close({ services: 'stop' })
})

async function opened(home: string, directory: string): Promise<Console> {
  const console = await openTestConsole(home)
  await console.openInitial({ site: directory, otherwise: 'none', start: false })
  return console
}

function flip(path: string, from: number, to: number): void {
  writeFileSync(path, readFileSync(path).fill(0xa5, from, to))
}
