import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { temporaryFolder } from '../../../test/support/folders.ts'
import { logFile } from './log-file.ts'

test('a log that cannot be written is no reason to fill the terminal: the lines themselves go on to whoever watches', () => {
  using folder = temporaryFolder()
  const file = join(folder.path, 'console.log')
  mkdirSync(file)
  const shown: unknown[] = []
  for (const name of ['error', 'warn', 'info', 'log'] as const) {
    const spy = vi.spyOn(console, name).mockImplementation((...words) => void shown.push(words))
    onTestFinished(() => spy.mockRestore())
  }
  const told: string[] = []
  logFile(file, (_, line) => told.push(line)).warn('The disk is full.')
  expect(told).toEqual(['console: The disk is full.'])
  expect(shown).toEqual([])
})
