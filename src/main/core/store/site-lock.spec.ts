import { spawn } from 'node:child_process'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { smallDisk } from '../../../../test/support/small-disk.ts'
import { until } from '../../../../test/support/until.ts'
import { readOwner, type SiteOwner, takeSiteLock } from './index.ts'

const owner: SiteOwner = {
  host: 'headless',
  hostname: 'lab-pc',
  pid: process.pid,
  since: Date.UTC(2026, 0, 5, 8, 30),
  address: 'http://127.0.0.1:4100/',
  socket: null,
}

/** Another process that takes the lock and keeps it until it is killed. */
async function otherConsole(directory: string, as: SiteOwner = owner) {
  const script = `
    const { takeSiteLock } = await import(process.argv[1])
    await takeSiteLock(process.argv[2], { ...JSON.parse(process.argv[3]), pid: process.pid })
    process.stdout.write('held'); setInterval(() => {}, 1000)`
  const module = new URL('./index.ts', import.meta.url).href
  const args = ['--input-type=module', '-e', script, module, directory, JSON.stringify(as)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await new Promise((resolve) => child.stdout.once('data', resolve))
  return child
}

test('a site that another process has open is refused, saying who holds it, since when, and what to do', async () => {
  using folder = temporaryFolder()
  const directory = join(folder.path, '.wheelhouse')
  const child = await otherConsole(directory)
  const refused = takeSiteLock(directory, owner)
  await expect(refused).rejects.toMatchObject({
    problem: { code: 'site-locked', params: { owner: { pid: child.pid } } },
  })
  await expect(refused).rejects.toThrow(`lab-pc (process ${child.pid}) has had it open since 2026-01-05 08:30:00 UTC`)
  await expect(refused).rejects.toMatchObject({
    problem: { remedy: expect.stringContaining('http://127.0.0.1:4100/') },
  })
  expect(await readOwner(directory)).toMatchObject({ pid: child.pid })
})

test('a site that is being closed is refused with that, and with waiting as the remedy', async () => {
  using folder = temporaryFolder()
  const directory = join(folder.path, '.wheelhouse')
  const child = await otherConsole(directory, { ...owner, closing: true })
  await expect(takeSiteLock(directory, owner)).rejects.toMatchObject({
    problem: {
      code: 'site-closing',
      message: expect.stringContaining(`the console without a window (process ${child.pid}) is stopping its services`),
      remedy: 'Try again in a moment, once it has ended.',
      retryable: true,
    },
  })
})

test('kill -9 of the holder frees the site, and its left-over file is not believed', async () => {
  using folder = temporaryFolder()
  const directory = join(folder.path, '.wheelhouse')
  const child = await otherConsole(directory)
  child.kill('SIGKILL')
  await until('the holder is gone', () => child.signalCode !== null)
  expect(existsSync(join(directory, 'owner.json'))).toBe(true)
  expect(await readOwner(directory)).toBeUndefined()
  await using _lock = await takeSiteLock(directory, owner)
  expect(await readOwner(directory)).toEqual(owner)
})

test('a command that has the site open for its own moment is waited for, a console is not', async () => {
  using folder = temporaryFolder()
  const clock = new ManualClock()
  const command = await otherConsole(folder.path, { ...owner, host: 'command line' })
  const waiting = takeSiteLock(folder.path, owner, { clock, ms: 5_000 })
  await until('the first try was in vain', () => clock.waiting === 1)
  command.kill('SIGKILL')
  await until('the command has ended', () => command.signalCode !== null)
  await clock.advance(100)
  await (await waiting)[Symbol.asyncDispose]()
  await otherConsole(folder.path)
  await expect(takeSiteLock(folder.path, owner, { clock, ms: 5_000 })).rejects.toMatchObject({
    problem: { code: 'site-locked' },
  })
  expect(clock.waiting).toBe(0)
})

test('a command that keeps the site is not waited for for ever', async () => {
  using folder = temporaryFolder()
  const clock = new ManualClock()
  await otherConsole(folder.path, { ...owner, host: 'command line' })
  const refused = takeSiteLock(folder.path, owner, { clock, ms: 150 }).catch((error: unknown) => error)
  for (let time = 0; time < 2; time++) {
    await until('a try was in vain', () => clock.waiting === 1)
    await clock.advance(100)
  }
  expect(await refused).toMatchObject({ problem: { code: 'site-locked', params: { owner: { host: 'command line' } } } })
})

test('one process opens and closes a site many times, and never twice at once', async () => {
  using folder = temporaryFolder()
  for (let time = 0; time < 20; time++) {
    await using _lock = await takeSiteLock(folder.path, owner)
    if (time % 10 === 0) {
      await expect(takeSiteLock(folder.path, owner)).rejects.toMatchObject({ problem: { code: 'site-locked' } })
    }
  }
  expect(await readOwner(folder.path)).toBeUndefined()
  expect(existsSync(join(folder.path, 'owner.json'))).toBe(false)
})

test('one process holds two sites at once, and giving one back does not free the other', async () => {
  using one = temporaryFolder()
  using two = temporaryFolder()
  const first = await takeSiteLock(one.path, owner)
  await using _second = await takeSiteLock(two.path, owner)
  await first[Symbol.asyncDispose]()
  expect(await readOwner(one.path)).toBeUndefined()
  expect(await readOwner(two.path)).toEqual(owner)
})

test('asking who holds a site does not loosen the lock', async () => {
  using folder = temporaryFolder()
  await using _lock = await takeSiteLock(folder.path, owner)
  for (let time = 0; time < 5; time++) await readOwner(folder.path)
  const script = `const { takeSiteLock } = await import(process.argv[1])
    await takeSiteLock(process.argv[2], JSON.parse(process.argv[3])).catch((error) => process.exit(error.problem.code === 'site-locked' ? 7 : 8))`
  const module = new URL('./index.ts', import.meta.url).href
  const child = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    script,
    module,
    folder.path,
    JSON.stringify(owner),
  ])
  expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(7)
})

test('an update is told to whoever asks, and none is written after the lock was given back', async () => {
  using folder = temporaryFolder()
  const lock = await takeSiteLock(folder.path, { ...owner, address: null })
  await lock.update(owner)
  expect(await readOwner(folder.path)).toMatchObject({ address: 'http://127.0.0.1:4100/' })
  await lock[Symbol.asyncDispose]()
  await lock.update(owner)
  expect(existsSync(join(folder.path, 'owner.json'))).toBe(false)
})

test('an unreadable owner file still refuses, and what the console makes is for its user alone', async () => {
  using folder = temporaryFolder()
  const directory = join(folder.path, '.wheelhouse')
  await using _lock = await takeSiteLock(directory, owner)
  expect(statSync(directory).mode & 0o777).toBe(0o700)
  expect(statSync(join(directory, 'owner.json')).mode & 0o777).toBe(0o600)
  expect(statSync(join(directory, 'lock.db')).mode & 0o777).toBe(0o600)
  writeFileSync(join(directory, 'owner.json'), '{ half')
  expect(await readOwner(directory)).toBe('somebody')
  await expect(takeSiteLock(directory, owner)).rejects.toThrow('open in another console')
})

test('a folder that cannot be made is refused with its reason', async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'file'), '')
  await expect(takeSiteLock(join(folder.path, 'file', '.wheelhouse'), owner)).rejects.toMatchObject({
    problem: { code: 'site-not-writable' },
  })
})

test('a disk without one free block does not keep the operator out', async (context) => {
  using folder = temporaryFolder()
  using disk = smallDisk((reason) => context.skip(reason), folder.path)
  const directory = join(disk.path, '.wheelhouse')
  disk.fill(0)
  await using _lock = await takeSiteLock(directory, owner)
  expect(await readOwner(directory)).toBe('somebody')
})
