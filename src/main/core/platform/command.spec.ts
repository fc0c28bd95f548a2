import { spawn, spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { builtPrograms, testRuntime } from '../../../../test/support/runtime.ts'
import { until } from '../../../../test/support/until.ts'
import { systemClock } from './clock.ts'
import { runCommand } from './command.ts'
import { newId } from './ids.ts'
import { silentLogger } from './logger.ts'
import { systemProcesses } from './system-processes.ts'

const clock = systemClock()
const command = (source: string, env: Record<string, string> = {}) => ({
  file: process.execPath,
  args: ['-e', source],
  cwd: tmpdir(),
  env,
  timeoutMs: 20_000,
})

test('a command answers with its code and what it wrote', async () => {
  const result = await runCommand(command('console.log("half full"); process.exitCode = 3'), clock)
  expect(result).toMatchObject({ code: 3, timedOut: false, output: 'half full\n', error: null })
})

test('a command past its time-out is killed with everything that it started', async () => {
  const run = newId('run')
  const processes = systemProcesses({ clock, logger: silentLogger, runtime: null })
  const source = `require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
    setInterval(() => {}, 1000)`
  const result = await runCommand({ ...command(source, { WHEELHOUSE_RUN: run }), timeoutMs: 700 }, clock)
  expect(result).toMatchObject({ code: null, signal: 'SIGKILL', timedOut: true })
  await until('nothing left of the command', () => processes.findByRun(run).length === 0)
})

test('a command that does not exist is an answer, not a throw', async () => {
  const result = await runCommand({ ...command(''), file: '/no/such/check' }, clock)
  expect(result.code).toBeNull()
  expect(result.error).toContain('ENOENT')
})

test('nor is one that the system does not take: too long, or with what no argument can hold', async () => {
  const long = await runCommand({ ...command(''), args: ['x'.repeat(3_000_000)] }, clock)
  expect(long).toMatchObject({ code: null, error: expect.stringContaining('longer than the system takes') })
  const strange = await runCommand({ ...command(''), args: ['a\0b'] }, clock)
  expect(strange).toMatchObject({ code: null, error: expect.stringContaining('null bytes') })
})

test('nor is a console that has no file descriptor left: it answers why and goes on', () => {
  const source = `
    import { closeSync, openSync } from 'node:fs'
    const { runCommand, systemClock } = await import(${JSON.stringify(join(import.meta.dirname, 'index.ts'))})
    const open = []
    try { for (;;) open.push(openSync('/dev/null', 'r')) } catch {}
    const { error } = await runCommand({ file: 'true', args: [], cwd: '/', env: {}, timeoutMs: 5000 }, systemClock())
    for (const one of open) closeSync(one)
    console.log(error)`
  const limited = ['-c', 'ulimit -n 128; exec "$0" --input-type=module -e "$1"', process.execPath, source]
  const { stdout, stderr } = spawnSync('sh', limited, { encoding: 'utf8', cwd: import.meta.dirname })
  expect(stderr).toBe('')
  expect(stdout).toContain('as many files open as the system allows')
})

test('a command that is tied to this process answers as any other', async () => {
  const tied = testRuntime()
  const answered = await runCommand({ ...command('console.log("here"); process.exit(3)'), tied }, clock)
  expect(answered).toMatchObject({ code: 3, output: 'here\n', error: null })
  const late = await runCommand({ ...command('setInterval(() => {}, 1000)'), timeoutMs: 700, tied }, clock)
  expect(late).toMatchObject({ code: null, signal: 'SIGKILL', timedOut: true })
  const none = await runCommand({ ...command(''), file: '/no/such/program', tied }, clock)
  expect(none).toMatchObject({ code: 127, output: expect.stringContaining('ENOENT') })
})

test('and ends with it, with what it started, when this process is killed', async () => {
  const run = newId('run')
  const processes = systemProcesses({ clock, logger: silentLogger, runtime: null })
  const program = `require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
    setInterval(() => {}, 1000)`
  const source = `
    import { builtRuntime, runCommand, systemClock } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))}
    const [file, program, run, built] = process.argv.slice(1)
    const command = { file, args: ['-e', program], cwd: '/', env: { WHEELHOUSE_RUN: run }, timeoutMs: 600_000 }
    await runCommand({ ...command, tied: builtRuntime(built, file) }, systemClock({ keepAlive: true }))`
  const args = ['--input-type=module', '-e', source, '--', process.execPath, program, run, builtPrograms]
  const console = spawn(process.execPath, args, { stdio: 'ignore' })
  await until('helper, program and what it started', () => processes.findByRun(run).length === 3)
  console.kill('SIGKILL')
  await until('nothing left of them', () => processes.findByRun(run).length === 0)
})
