import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { ManualClock } from '../../../../../test/support/manual-clock.ts'
import { testRuntime } from '../../../../../test/support/runtime.ts'
import { until } from '../../../../../test/support/until.ts'
import { type Clock, systemClock } from '../clock.ts'
import { newId } from '../ids.ts'
import { silentLogger } from '../logger.ts'
import type { SpawnOptions } from '../processes.ts'
import type { Runtime } from '../programs.ts'
import { systemProcesses } from '../system-processes.ts'
import { isGone, procTable } from './proc-table.ts'

const staysUp = 'console.log("up"); setInterval(() => {}, 1000)'

/** Processes that are started through a helper, and a script to start; what is left of it is killed afterwards. */
function rig({ clock = systemClock(), runtime = testRuntime() }: { clock?: Clock; runtime?: Runtime } = {}) {
  const folder = temporaryFolder()
  const processes = systemProcesses({ clock, logger: silentLogger, runtime })
  const run = newId('run')
  onTestFinished(async () => {
    for (const identity of processes.findByRun(run)) processes.signal(identity, 'SIGKILL')
    await until('everything of the run gone', () => processes.findByRun(run).length === 0)
    processes[Symbol.dispose]()
    folder[Symbol.dispose]()
  })
  const options = (source: string): SpawnOptions => {
    const path = join(folder.path, `${newId('script')}.mjs`)
    writeFileSync(path, source)
    return {
      file: process.execPath,
      args: [path],
      cwd: folder.path,
      env: { WHEELHOUSE_RUN: run },
      stdout: join(folder.path, 'out.log'),
      stderr: join(folder.path, 'err.log'),
    }
  }
  const isUp = () => until('up', () => readFileSync(join(folder.path, 'out.log'), 'utf8').includes('up'))
  return { folder: folder.path, processes, run, options, isUp }
}

/** The helpers of a process. */
function helpersOf(pid: number): readonly number[] {
  return procTable()
    .filter((entry) => entry.parent === pid && !isGone(entry))
    .map((entry) => entry.pid)
    .filter((each) => readFileSync(`/proc/${each}/cmdline`, 'latin1').includes('starter'))
}

async function helper(): Promise<number> {
  return until('one helper', () => helpersOf(process.pid)[0])
}

test('a program is the child of the helper, and its code and the signal that ended it are told', async () => {
  const { processes, options, isUp } = rig()
  const failing = await processes.spawn(options('process.exit(7)'))
  expect(await failing.exited).toEqual({ code: 7, signal: null })
  const staying = await processes.spawn(options(staysUp))
  await isUp()
  const parent = procTable().find(({ pid }) => pid === staying.identity.pid)?.parent
  expect(parent).toBe(await helper())
  staying.signalGroup('SIGTERM')
  expect(await staying.exited).toEqual({ code: null, signal: 'SIGTERM' })
})

test('a signal to every process of the console does not end the helper before the programs are stopped', async () => {
  const { processes, options, isUp } = rig()
  const child = await processes.spawn(options(`process.on('SIGTERM', () => process.exit(3)); ${staysUp}`))
  await isUp()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.kill(await helper(), signal)
  child.signalGroup('SIGTERM')
  expect(await child.exited).toEqual({ code: 3, signal: null })
})

test('a helper that is killed takes nothing along: programs are watched on, and others can be started', async () => {
  const { processes, options, isUp, run } = rig()
  const before = await processes.spawn(options(staysUp))
  await isUp()
  process.kill(await helper(), 'SIGKILL')
  await until('no helper', () => helpersOf(process.pid).length === 0)
  expect(processes.isAlive(before.identity)).toBe(true)
  const after = await processes.spawn({ ...options('process.exit(5)'), env: { WHEELHOUSE_RUN: newId('run') } })
  expect(await after.exited).toEqual({ code: 5, signal: null })
  before.signalGroup('SIGKILL')
  expect(await before.exited).toEqual({ code: null, signal: null }) // its parent was the one to be told
  expect(processes.findByRun(run)).toEqual([])
})

test('what a helper started before it died without saying so is taken up and not started again', async () => {
  const { folder } = rig()
  const dying = join(folder, 'starter.mjs')
  writeFileSync(
    dying,
    `import { spawn } from 'node:child_process'
     import { createInterface } from 'node:readline'
     createInterface({ input: process.stdin }).once('line', (line) => {
       const { options } = JSON.parse(line)
       spawn(options.file, options.args, { ...options, detached: true, stdio: 'ignore' }).once('spawn', () => process.exit())
     })`,
  )
  const { processes, options, run } = rig({ runtime: { node: process.execPath, program: () => dying } })
  const child = await processes.spawn(options(staysUp))
  expect(processes.findByRun(run)).toEqual([child.identity])
  child.signalGroup('SIGKILL')
  await child.exited
})

test('a helper that cannot run is done without', async () => {
  const { processes, options } = rig({ runtime: { node: '/nowhere/node', program: () => 'starter' } })
  const child = await processes.spawn(options('process.exit(4)'))
  expect(await child.exited).toEqual({ code: 4, signal: null })
})

test('a start that the system does not get done is given up, is not done later, and holds up no other', async () => {
  const clock = new ManualClock()
  const { processes, options, run } = rig({ clock })
  await (await processes.spawn(options(''))).exited
  const stuck = await helper()
  process.kill(stuck, 'SIGSTOP') // as one that waits for a network folder
  const start = processes.spawn(options(staysUp))
  const refused = expect(start).rejects.toMatchObject({ problem: { code: 'program-not-started', retryable: true } })
  await clock.advance(29_000)
  expect(helpersOf(process.pid)).toEqual([stuck])
  await clock.advance(2_000)
  await refused
  await until('the stuck one gone', () => !helpersOf(process.pid).includes(stuck))
  expect(processes.findByRun(run)).toEqual([])
  expect(await (await processes.spawn(options('process.exit(6)'))).exited).toEqual({ code: 6, signal: null })
})

test('given back, the helper ends and what it started goes on', async () => {
  const { processes, options, isUp } = rig()
  const { identity } = await processes.spawn(options(staysUp))
  await isUp()
  processes[Symbol.dispose]()
  await until('no helper', () => helpersOf(process.pid).length === 0)
  expect(processes.isAlive(identity)).toBe(true)
})

test('nothing is started for a console that was killed meanwhile', async () => {
  const { folder, processes, options, run } = rig()
  const core = join(import.meta.dirname, '..')
  const source = `
    import { silentLogger } from ${JSON.stringify(join(core, 'logger.ts'))}
    import { systemClock } from ${JSON.stringify(join(core, 'clock.ts'))}
    import { systemProcesses } from ${JSON.stringify(join(core, 'system-processes.ts'))}
    const runtime = { node: process.execPath, program: () => ${JSON.stringify(testRuntime().program('starter'))} }
    const processes = systemProcesses({ clock: systemClock(), logger: silentLogger, runtime })
    setInterval(() => {}, 1000)
    await (await processes.spawn(${JSON.stringify({ ...options(''), env: {} })})).exited
    process.send('ready')
    process.once('message', () => {
      void processes.spawn(${JSON.stringify(options(staysUp))})
      process.send('asked')
    })`
  const path = join(folder, 'console.ts')
  writeFileSync(path, source)
  const console = spawn(process.execPath, [path], { cwd: core, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  await once(console, 'message')
  const [stopped = 0] = helpersOf(console.pid ?? 0)
  process.kill(stopped, 'SIGSTOP')
  console.send('ask')
  await once(console, 'message')
  console.kill('SIGKILL')
  await once(console, 'exit')
  process.kill(stopped, 'SIGCONT')
  await until('the helper gone', () => procTable().every((entry) => entry.pid !== stopped || isGone(entry)))
  expect(processes.findByRun(run)).toEqual([])
})
