import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { removeLeftCopies } from '../../src/main/console/throw-away.ts'
import { temporaryFolder } from '../support/folders.ts'
import { openTestConsole } from '../support/test-console.ts'
import { makeTinySite } from '../support/tiny-site.ts'

const extra = `profiles:
  testing: { services: { ticker: { enabled: false } } }
`

test('a testing run works on a copy that is removed, with the profile testing, and never touches the site itself', async () => {
  using folder = temporaryFolder()
  const { directory } = await makeTinySite(join(folder.path, 'tiny'), { extra })
  await mkdir(join(directory, 'logs'))
  await writeFile(join(directory, 'logs', 'old.out.log'), 'long ago\n')
  await symlink('/etc', join(directory, 'data', 'out'))
  await symlink('note.txt', join(directory, 'data', 'in'))
  // Held open with a row that is in its log alone: a copy of the files one by one would miss it.
  const live = new Database(join(directory, 'data', 'records.db'))
  onTestFinished(() => void live.close())
  live.pragma('journal_mode = WAL')
  live.exec('CREATE TABLE notes (text TEXT)')
  live.exec("INSERT INTO notes VALUES ('written just now')")
  const before = await readdir(directory, { recursive: true })

  const console = await openTestConsole(folder.path, { environment: 'testing' })
  onTestFinished(() => console.close({ services: 'stop' }))
  await console.openInitial({
    site: directory,
    otherwise: 'none',
    start: false,
    choice: { only: ['web'], without: [] },
  })
  const site = console.site
  if (!site) throw new Error('The site is not open.')
  expect(site.directory).not.toBe(directory)
  expect(console.state.slice('console').get('console')?.environment).toEqual({ name: 'testing', chosen: true })
  expect(console.state.slice('console').get('console')?.recent[0]?.directory).toBe(directory)
  expect(console.state.slice('site').get('site')).toMatchObject({ leftOut: [{ service: 'ticker' }] })

  const copied = await readdir(join(site.directory, 'data'))
  expect(copied.sort()).toEqual(['in', 'note.txt', 'records.db'])
  expect(await readdir(site.directory)).not.toContain('old.out.log')
  const copy = new Database(join(site.directory, 'data', 'records.db'), { readonly: true })
  expect(copy.prepare('SELECT text FROM notes').pluck().all()).toEqual(['written just now'])
  copy.close()

  // What its operator trusts is what the site itself runs: the next testing run need not ask again.
  const trust = console.state.slice('site').get('site')?.trust
  await site.trust(trust?.fingerprint ?? '', { type: 'operator', via: 'window' })
  expect(site.definition()?.services.ticker?.enabled).toBe(false)
  expect(site.definition()?.services.web?.probes.readiness?.everyMs).toBe(100)
  await writeFile(join(site.directory, 'data', 'note.txt'), 'changed by a test\n')
  await console.closeSite({ type: 'operator', via: 'window' })

  expect(await readFile(join(directory, 'data', 'note.txt'), 'utf8')).toBe('kept\n')
  expect(await readdir(directory, { recursive: true })).toEqual(before)
  expect(await readdir(join(folder.path, 'user', 'testing'))).toEqual([])

  await console.openSite(directory, { type: 'operator', via: 'window' })
  expect(console.state.slice('site').get('site')?.trust).toBeNull()
})

test('a copy that a killed console left is removed by the next start, one in use is not', async () => {
  using folder = temporaryFolder()
  const identity = (pid: number) => ({ pid, startTicks: 1, bootId: 'b' })
  for (const [name, owner] of [
    ['test_dead', identity(1)],
    ['test_alive', identity(2)],
    ['test_no-owner', null],
  ] as const) {
    await mkdir(join(folder.path, 'testing', name, 'site'), { recursive: true })
    if (owner) await writeFile(join(folder.path, 'testing', name, 'owner.json'), JSON.stringify(owner))
  }
  const processes = { identify: () => undefined, isAlive: ({ pid }: { pid: number }) => pid === 2 }
  const removed = await removeLeftCopies({ data: folder.path, processes })
  expect(removed.map((path) => path.slice(folder.path.length))).toEqual([
    '/testing/test_dead',
    '/testing/test_no-owner',
  ])
  expect(await readdir(join(folder.path, 'testing'))).toEqual(['test_alive'])
})
