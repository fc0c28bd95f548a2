import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
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
  const processes = systemProcesses({ clock, logger: silentLogger })
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
