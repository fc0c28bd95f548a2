import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import type { EventRecord } from '#shared/vocabulary.ts'
import { TestUser } from '../support/command-line.ts'
import { temporaryFolder } from '../support/folders.ts'
import { builtPrograms } from '../support/runtime.ts'
import { makeTinySite } from '../support/tiny-site.ts'
import { until } from '../support/until.ts'

const hour = 3_600_000
const begin = Date.UTC(2026, 0, 5, 8)

/** A site whose log holds events of every second, of which every hundredth is a warning; after half of them the clock went back an hour. */
async function siteWithEvents(count: number) {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const user = new TestUser(folder.path)
  onTestFinished(() => user.killHosts())
  const { directory: site } = await makeTinySite(join(folder.path, 'site'))
  // Opens the site once, so that its databases are there.
  expect(await user.run('status', '--site', site)).toMatchObject({ code: 0 })
  const database = new Database(join(site, '.wheelhouse', 'control.db'))
  database
    .prepare(
      `INSERT INTO events (id, at, kind, area, subject, severity, message, cause, cause_event, operation, data)
       SELECT 'ev-' || value, @begin + value * 1000 - (value > @count / 2) * @hour, 'probe.failed', 'probe', 'service:web',
         CASE WHEN value % 100 = 0 THEN 2 ELSE 0 END, 'lamp ' || value, '{"type":"console","why":"test"}', NULL, NULL, '{}'
       FROM (WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < @count) SELECT value FROM n)`,
    )
    .run({ begin, count, hour })
  database.close()
  const exported = (file: string) =>
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line): EventRecord => JSON.parse(line))
  return { folder: folder.path, user, site, exported }
}

test('a span of the log is exported as JSON Lines, oldest first, with no console running, and replaces nothing unasked', async () => {
  const { folder, user, site, exported } = await siteWithEvents(5_000)
  const file = join(folder, 'events.jsonl')
  const of = ['--site', site, '--export', file]
  const first = await user.document<{ file: string; events: number }>('events', ...of, '--kind', 'probe.')
  expect(first).toEqual({ file, events: 5_000 })
  const lines = exported(file)
  expect(lines.map(({ message }) => message)).toEqual(Array.from({ length: 5_000 }, (_, index) => `lamp ${index + 1}`))
  expect(statSync(file).mode & 0o777).toBe(0o600)

  const refused = await user.run('events', ...of)
  expect(refused).toMatchObject({ code: 2 })
  expect(refused.err).toContain('--force')
  expect(exported(file)).toHaveLength(5_000)
})

test('beside a running console events are exported by number, severity and words, and found by time', async () => {
  const { folder, user, site, exported } = await siteWithEvents(5_000)
  const file = join(folder, 'events.jsonl')
  const host = await user.startHost('--site', site, '--no-start')
  const isOpen = async () => (await user.document<{ live: boolean }>('status')).live
  await until('the console to have the site open', isOpen)
  const [last] = (await user.document<{ events: EventRecord[] }>('events', '--text', 'lamp', '--limit', '1')).events
  const first = (last?.seq ?? 0) - 4_999
  const warnings = ['--at-least', 'warning', '--text', 'lamp', '--from-seq', String(first + 999), '--to-seq']
  expect(await user.document('events', '--export', file, ...warnings, String(first + 1_999))).toMatchObject({
    events: 11,
  })
  expect(exported(file).map(({ message }) => message)).toEqual(
    Array.from({ length: 11 }, (_, index) => `lamp ${1_000 + 100 * index}`),
  )
  // Also where the clock went back, and the same times came again.
  const again = [
    '--from',
    new Date(begin + 1_000).toISOString(),
    '--to',
    new Date(begin + 1_400_000).toISOString(),
    '--text',
    'lamp',
  ]
  const found = await user.document<{ events: EventRecord[]; more: boolean }>('events', ...again, '--limit', '1000')
  expect(found.more).toBe(true)
  expect(found.events.at(-1)?.message).toBe('lamp 5000')
  expect(found.events.every(({ at }) => at >= begin + 1_000 && at <= begin + 1_400_000)).toBe(true)
  expect(await user.run('events', '--from', 'yesterday')).toMatchObject({ code: 2 })
  expect(await host.stop('SIGTERM')).toBe(0)
})

test('an export that is interrupted, or cannot be written, leaves nothing behind', async () => {
  const { folder, user, site } = await siteWithEvents(60_000)
  const target = join(folder, 'exported')
  mkdirSync(target)
  const command = join(builtPrograms, 'cli.js')
  const child = spawn(process.execPath, [command, 'events', '--site', site, '--export', join(target, 'events.jsonl')], {
    env: { ...process.env, WHEELHOUSE_HOME: join(folder, 'user'), XDG_RUNTIME_DIR: join(folder, 'run') },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stderr.on('data', (text) => {
    said += text
  })
  await until('the export to have begun', () => readdirSync(target).length > 0)
  child.kill('SIGINT')
  await once(child, 'close')
  expect(child.exitCode).toBe(1)
  expect(said).toContain('Nothing was exported')
  expect(readdirSync(target)).toEqual([])
  expect(await user.run('events', '--site', site, '--export', join(folder, 'nowhere', 'events.jsonl'))).toMatchObject({
    code: 1,
  })
  writeFileSync(join(target, 'there'), 'x')
  expect(await user.run('events', '--site', site, '--export', join(target, 'there'))).toMatchObject({ code: 2 })
  expect(readFileSync(join(target, 'there'), 'utf8')).toBe('x')
  // Whatever is no file stays what it is, also when told to replace it.
  execFileSync('mkfifo', [join(target, 'pipe')])
  symlinkSync('there', join(target, 'link'))
  for (const name of ['pipe', 'link', '.']) {
    const refused = await user.run('events', '--site', site, '--export', join(target, name), '--force')
    expect(refused).toMatchObject({ code: 2 })
    expect(refused.err).toContain('is no file')
  }
  expect(lstatSync(join(target, 'pipe')).isFIFO()).toBe(true)
  expect(readdirSync(target).toSorted()).toEqual(['link', 'pipe', 'there'])
})
