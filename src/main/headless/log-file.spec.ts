import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('a log that its disk does not take is no reason to fill the terminal: the lines themselves go on to whoever watches', () => {
  const source = `
    const { logFile } = await import(${JSON.stringify(join(import.meta.dirname, 'log-file.ts'))})
    const told = []
    logFile('/dev/full', 'info', (_, line) => told.push(line)).warn('The disk is full.')
    process.stdout.write(told.join())`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' })
  expect({ stdout, stderr }).toEqual({ stdout: 'console: The disk is full.', stderr: '' })
})
