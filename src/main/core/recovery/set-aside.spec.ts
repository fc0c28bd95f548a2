import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { noCrashPoints, silentLogger } from '#core/platform/index.ts'
import { eventRig } from '../../../../test/support/event-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { asideKeptMs, asideMost, SetAside } from './set-aside.ts'
import { ownPath } from './site-paths.ts'

const program = join(import.meta.dirname, '../../../../test/support/mortal-set-aside.program.ts')

/** A site with a folder of state and a file, and what sets them aside there; `seen` is time that the console has seen pass. */
async function site(reach: (point: string) => void = () => {}) {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const directory = realpathSync(folder.path)
  mkdirSync(join(directory, 'data', 'state'), { recursive: true })
  const fill = () => {
    writeFileSync(join(directory, 'data', 'state', 'a.json'), '{"a": 1}')
    writeFileSync(join(directory, 'data', 'note.json'), '{')
  }
  fill()
  const { log: events } = await eventRig()
  const clock = new ManualClock()
  const seen = { ms: 0 }
  const crashPoints = { ...noCrashPoints, reach }
  const seenMs = () => seen.ms
  const aside = new SetAside({ site: directory, events, seenMs, clock, crashPoints, logger: silentLogger })
  const own = join(directory, '.wheelhouse', 'set-aside')
  return {
    directory,
    aside,
    seen,
    fill,
    own,
    folders: () => (existsSync(own) ? readdirSync(own).sort() : []),
    at: (path: string) => join(directory, path),
    why: (name: string) => JSON.parse(readFileSync(join(own, name, 'why.json'), 'utf8')),
    take: async () => {
      const found = await Promise.all(['data/state', 'data/note.json'].map((path) => ownPath(directory, path)))
      const paths = found.flatMap((path) => path ?? [])
      return await aside.take(paths, { name: 'revive', reason: 'api has failed' })
    },
    told: async (kind: string) => {
      await events.settled()
      return (await events.page({ kind, limit: 100 })).events.map(({ message }) => message)
    },
  }
}

test('state is moved aside whole, with a note why; its folder is there again, empty, and nothing is lost', async () => {
  const { take, fill, at, why } = await site()
  const one = await take()
  fill()
  const two = await take()
  expect(two).not.toBe(one)
  expect(one).toBe('.wheelhouse/set-aside/20260105T080000Z-revive')
  expect(readFileSync(at(`${one}/data/state/a.json`), 'utf8')).toBe('{"a": 1}')
  expect(why('20260105T080000Z-revive')).toMatchObject({ why: 'api has failed', state: 'done' })
  expect(readdirSync(at('data/state'))).toEqual([])
  expect(existsSync(at('data/note.json'))).toBe(false)
})

test('when one cannot be moved, all is where it was and nothing is left over', async () => {
  const rig = await site((point) => {
    if (point !== 'recovery.set-aside.moved') return
    const [name = ''] = readdirSync(rig.own)
    mkdirSync(join(rig.own, name, 'data', 'note.json', 'in-the-way'), { recursive: true })
  })
  await expect(rig.take()).rejects.toMatchObject({ problem: { code: 'not-moved' } })
  expect(readFileSync(rig.at('data/state/a.json'), 'utf8')).toBe('{"a": 1}')
  expect(existsSync(rig.at('data/note.json'))).toBe(true)
  expect(rig.folders()).toEqual([])
})

test('what can be neither moved nor moved back is on record with the place where it lies, and is never removed by itself', async () => {
  const rig = await site((point) => {
    if (point !== 'recovery.set-aside.moved') return
    const [name = ''] = readdirSync(rig.own)
    mkdirSync(join(rig.own, name, 'data', 'note.json', 'in-the-way'), { recursive: true })
    mkdirSync(rig.at('data/state'))
    writeFileSync(rig.at('data/state/new'), 'written meanwhile')
  })
  const place = expect.stringMatching(/data\/state lies in .*set-aside\/20260105T080000Z-revive\/data\/state/)
  await expect(rig.take()).rejects.toMatchObject({ problem: { code: 'half-moved', message: place } })
  const [name = ''] = rig.folders()
  expect(rig.why(name)).toMatchObject({ state: 'half', note: place })
  rig.seen.ms = 2 * asideKeptMs
  await rig.aside.sweep()
  expect(readFileSync(join(rig.own, name, 'data', 'state', 'a.json'), 'utf8')).toBe('{"a": 1}')
})

for (const moment of ['noted', 'moved', 'moved:2', 'all-moved'] as const) {
  test(`a console killed at ${moment} is followed by one that finishes it and says so`, async () => {
    const { directory, aside, folders, own, at, why, told } = await site()
    const env = { ...process.env, WHEELHOUSE_CRASH_AT: `recovery.set-aside.${moment}` }
    const { signal } = spawnSync(process.execPath, [program, directory], { env, stdio: 'inherit' })
    expect(signal).toBe('SIGKILL')
    await aside.settle()
    const [name = ''] = folders()
    expect(readFileSync(join(own, name, 'data', 'state', 'a.json'), 'utf8')).toBe('{"a": 1}')
    expect(existsSync(join(own, name, 'data', 'note.json'))).toBe(true)
    expect(readdirSync(at('data'))).toEqual(['state'])
    expect(readdirSync(at('data/state'))).toEqual([])
    expect(why(name)).toMatchObject({ state: 'done' })
    expect(await told('recovery.interrupted')).toEqual([
      `Setting aside data/state, data/note.json was interrupted; it was finished when the site was opened. It lies in .wheelhouse/set-aside/${name}.`,
    ])
    await aside.settle()
    expect(await told('recovery.interrupted')).toHaveLength(1)
  })
}

test('what was set aside is kept for 14 days that the console has seen pass, and the newest of it; what goes is told', async () => {
  const { aside, seen, take, fill, folders, own, told } = await site()
  await take()
  seen.ms = asideKeptMs - 1
  await aside.sweep()
  expect(folders()).toHaveLength(1)
  fill()
  await take()
  seen.ms = asideKeptMs
  await aside.sweep()
  expect(folders()).toEqual(['20260105T080000Z-revive-2'])
  expect(await told('recovery.swept')).toEqual([
    'What recovery had set aside in .wheelhouse/set-aside/20260105T080000Z-revive was removed: it was kept for 14 days.',
  ])
  // Of an earlier version, or a crash before the note was written: their time begins when they are first seen.
  for (let n = 0; n < asideMost + 5; n++) mkdirSync(join(own, `2025010${n % 10}T0000${10 + n}Z-old`))
  await aside.sweep()
  expect(folders()).toHaveLength(asideMost)
  expect(folders()).toContain('20260105T080000Z-revive-2')
  seen.ms = 2 * asideKeptMs
  await aside.sweep()
  expect(folders()).toEqual([])
})
