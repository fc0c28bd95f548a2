import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { ManualClock } from '../../../../../test/support/manual-clock.ts'
import { testRuntime } from '../../../../../test/support/runtime.ts'
import { until } from '../../../../../test/support/until.ts'
import { systemClock } from '../clock.ts'
import { newId } from '../ids.ts'
import { silentLogger } from '../logger.ts'
import type { ProcessIdentity, SpawnOptions } from '../processes.ts'
import { systemProcesses } from '../system-processes.ts'

const clock = systemClock()
const processes = systemProcesses({ clock, logger: silentLogger, runtime: testRuntime() })

/** A folder, and the options to run a script in it under a run of its own; what is left of the run is killed afterwards. */
function script(source: string) {
  const folder = temporaryFolder()
  const run = newId('run')
  const path = join(folder.path, 'script.mjs')
  writeFileSync(path, source)
  onTestFinished(async () => {
    for (const identity of processes.findByRun(run)) processes.signal(identity, 'SIGKILL')
    await until('everything of the run gone', () => processes.findByRun(run).length === 0)
    folder[Symbol.dispose]()
  })
  const options: SpawnOptions = {
    file: process.execPath,
    args: [path],
    cwd: folder.path,
    env: { WHEELHOUSE_RUN: run, PATH: process.env.PATH ?? '' },
    stdout: join(folder.path, 'out.log'),
    stderr: join(folder.path, 'err.log'),
  }
  return { folder: folder.path, run, options, path }
}

const staysUp = 'setInterval(() => {}, 1000); console.log("up")'

test('a program writes to files that only this user reads, and its exit is told with its code', async () => {
  const { options } = script('console.log("to out"); console.error("to err"); process.exit(7)')
  writeFileSync(options.stdout, 'from before\n', { mode: 0o600 })
  const child = await processes.spawn(options)
  expect(await child.exited).toEqual({ code: 7, signal: null })
  expect(readFileSync(options.stdout, 'utf8')).toBe('from before\nto out\n')
  expect(readFileSync(options.stderr, 'utf8')).toBe('to err\n')
  expect(statSync(options.stderr).mode & 0o777).toBe(0o600)
})

test('a program has exactly the environment that it is given, and a session of its own', async () => {
  const { options } = script('console.log(JSON.stringify(process.env))')
  const child = await processes.spawn(options)
  await child.exited
  expect(JSON.parse(readFileSync(options.stdout, 'utf8'))).toEqual(options.env)
})

test('what is missing is said before anything runs', async () => {
  const { options, path, folder } = script('')
  await expect(processes.spawn({ ...options, file: 'no-such-program' })).rejects.toMatchObject({
    problem: { code: 'program-missing', message: 'There is no program no-such-program on this machine.' },
  })
  await expect(processes.spawn({ ...options, file: './gone' })).rejects.toMatchObject({
    problem: { code: 'program-missing', message: `The program ${folder}/gone does not exist.` },
  })
  await expect(processes.spawn({ ...options, cwd: join(folder, 'none') })).rejects.toMatchObject({
    problem: { code: 'folder-missing' },
  })
  chmodSync(path, 0o600)
  await expect(processes.spawn({ ...options, file: path })).rejects.toMatchObject({
    problem: { code: 'program-not-executable' },
  })
})

test('a group signal reaches grandchildren and wakes a suspended process so that it can end', async () => {
  const { options, run } = script(`
    import { spawn } from 'node:child_process'
    spawn(process.execPath, ['-e', ${JSON.stringify(staysUp)}], { stdio: 'inherit' })
    ${staysUp}`)
  const child = await processes.spawn(options)
  await until('both up', () => readFileSync(options.stdout, 'utf8').split('up').length === 3)
  expect(processes.findByRun(run)).toHaveLength(2)
  expect(processes.family(child.identity)).toHaveLength(1)
  child.signalGroup('SIGSTOP')
  child.signalGroup('SIGTERM')
  expect(await child.exited).toEqual({ code: null, signal: 'SIGTERM' })
  await until('grandchild gone', () => processes.findByRun(run).length === 0)
  child.signalGroup('SIGKILL') // the number of the group may be anybody's now: nothing happens
})

test('a descendant that left the group and lost its parent is found by its run', async () => {
  const { options, run } = script(`
    import { spawn } from 'node:child_process'
    spawn(process.execPath, ['-e', ${JSON.stringify(staysUp)}], { detached: true, stdio: 'ignore' }).unref()
    setTimeout(() => process.exit(0), 100)`)
  const child = await processes.spawn(options)
  await child.exited
  const left = processes.findByRun(run)
  expect(left).toHaveLength(1)
  expect(processes.findByRuns([run, 'run-other']).get(run)).toEqual(left)
  expect(processes.findByRunPrefix(run.slice(0, -1))).toEqual(new Map([[run, left]]))
  expect(left.map((identity) => processes.signal(identity, 'SIGKILL'))).toEqual([true])
  await until('gone', () => processes.findByRun(run).length === 0)
})

test('an identity with another start time or boot is neither alive, signalled nor adopted', async () => {
  const { options } = script(staysUp)
  const { identity } = await processes.spawn(options)
  expect(processes.isAlive(identity)).toBe(true)
  for (const other of [
    { ...identity, startTicks: identity.startTicks - 1 },
    { ...identity, bootId: 'another boot' },
  ]) {
    expect(processes.isAlive(other)).toBe(false)
    expect(processes.signal(other, 'SIGKILL')).toBe(false)
    expect(processes.adopt(other)).toBeUndefined()
  }
  expect(processes.isAlive(identity)).toBe(true)
})

test('what a process has of the processors is told: much of one that computes, next to nothing of one that waits, nothing of one that is gone', async () => {
  const computes = await processes.spawn(script('for (;;) {}').options)
  const waits = await processes.spawn(script(staysUp).options)
  const ranMs = (identity: ProcessIdentity) => processes.exertion(identity)?.ranMs ?? 0
  await until('it to compute', () => ranMs(computes.identity) > 400)
  const before = { busy: ranMs(computes.identity), calm: ranMs(waits.identity) }
  await until('it to go on', () => ranMs(computes.identity) > before.busy + 300)
  expect(ranMs(waits.identity) - before.calm).toBeLessThan(150)
  processes.signal(computes.identity, 'SIGKILL')
  await computes.exited
  expect(processes.exertion(computes.identity)).toBeNull()
})

test('the console never signals itself', () => {
  const own = processes.identify(process.pid)
  expect(own && processes.signal(own, 'SIGKILL')).toBe(false)
})

test('the exit of an adopted process is seen at the next look, without a code', async () => {
  const manual = new ManualClock()
  const { options } = script(staysUp)
  const started = await processes.spawn(options)
  const adopted = systemProcesses({ clock: manual, logger: silentLogger, runtime: null }).adopt(started.identity)
  let exit: unknown
  void adopted?.exited.then((told) => {
    exit = told
  })
  await manual.advance(1_000)
  expect(exit).toBeUndefined()
  adopted?.signalGroup('SIGKILL')
  await started.exited
  await manual.advance(250)
  expect(exit).toEqual({ code: null, signal: null })
  expect(manual.waiting).toBe(0)
})

test('usage counts the whole tree, its memory, and its share of a core since the time before', async () => {
  const manual = new ManualClock()
  const watching = systemProcesses({ clock: manual, logger: silentLogger, runtime: null })
  const { options } = script(`
    import { spawn } from 'node:child_process'
    spawn(process.execPath, ['-e', 'console.log("up"); for (;;);'], { stdio: 'inherit' })
    ${staysUp}`)
  const { identity } = await processes.spawn(options)
  await until('both up', () => readFileSync(options.stdout, 'utf8').split('up').length === 3)
  const first = watching.usage(identity)
  expect(first).toMatchObject({ cpu: null, processes: 2 })
  expect(first?.memory).toBeGreaterThan(20_000_000)
  await manual.advance(2_000)
  await until('some processor time used', async () => {
    await manual.advance(2_000)
    return (watching.usage(identity)?.cpu ?? 0) > 0
  })
})

test('the holder of a port is named by pid and command', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  expect(processes.portHolders(port)).toEqual([
    { address: '127.0.0.1', port, pid: process.pid, command: expect.stringContaining('node') },
  ])
  server.close()
  await new Promise((resolve) => server.once('close', resolve))
  expect(processes.portHolders(port)).toEqual([])
})

test('another platform is refused with a sentence', () => {
  expect(() => systemProcesses({ clock, logger: silentLogger, runtime: null }, 'win32')).toThrow(
    'This version of Wheelhouse cannot supervise services on win32.',
  )
})
