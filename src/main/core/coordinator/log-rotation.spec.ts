import { spawn } from 'node:child_process'
import { existsSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { silentLogger, systemClock } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { until } from '../../../../test/support/until.ts'
import { followLog } from './log-follower.ts'
import { rotateAtStart, rotateWhileRunning } from './log-rotation.ts'
import { logTail } from './log-tail.ts'

const clock = systemClock()

function logs() {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  return { out: join(folder.path, 'api.out.log'), err: join(folder.path, 'api.err.log') }
}

test('a large log is put aside at the start of its service, and only so many are kept', async () => {
  const files = logs()
  for (let start = 1; start <= 7; start++) {
    writeFileSync(files.out, `run ${start}\n`.repeat(2_000))
    await rotateAtStart(files, silentLogger, 4_096)
    expect(existsSync(files.out)).toBe(false)
  }
  expect(readFileSync(`${files.out}.1`, 'utf8')).toContain('run 7')
  expect(readFileSync(`${files.out}.5`, 'utf8')).toContain('run 3')
  expect(existsSync(`${files.out}.6`)).toBe(false)
  expect(existsSync(`${files.err}.1`)).toBe(false)
})

test('a log is put aside while its service writes: no line is lost or doubled, and the disk space is given back', async () => {
  const files = logs()
  const out = openSync(files.out, 'a', 0o600)
  const lines = 60_000
  const source = `const fs = require('fs'); let n = 0
    const more = () => { for (let i = 0; i < 500; i++) fs.writeSync(1, 'line ' + n++ + ' of the service\\n'); if (n < ${lines}) setTimeout(more, 4) }
    more()`
  const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', out, 'inherit'] })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const seen: string[] = []
  const follower = await followLog(files, { lines: 0, clock, onLines: (more) => seen.push(...more.map((l) => l.text)) })
  onTestFinished(() => follower[Symbol.dispose]())
  let over = false
  void ended.then(() => {
    over = true
  })
  await until('rotated while it wrote, and ended', async () => {
    if (!existsSync(`${files.out}.4`)) await rotateWhileRunning(files, { clock, logger: silentLogger, limit: 200_000 })
    return over
  })
  expect(existsSync(`${files.out}.1`)).toBe(true)
  const parts = [5, 4, 3, 2, 1].map((number) => `${files.out}.${number}`).filter((path) => existsSync(path))
  const text = [...parts, files.out].map((path) => readFileSync(path, 'latin1').replaceAll('\0', '')).join('')
  expect(text.split('\n').slice(0, -1)).toEqual(Array.from({ length: lines }, (_, n) => `line ${n} of the service`))
  const { size, blocks } = statSync(files.out)
  expect(blocks * 512).toBeLessThan(size)

  await until('all lines followed', () => seen.at(-1) === `line ${lines - 1} of the service`)
  expect(seen.filter((line) => !line.startsWith('…') && !/^line \d+ of the service$/.test(line))).toEqual([])
})

test('the zeros before what was put aside are not shown', async () => {
  const files = logs()
  writeFileSync(files.out, `${'\0'.repeat(100_000)}first\nsecond\n`)
  expect((await logTail(files, 10)).map(({ text }) => text)).toEqual(['first', 'second'])
})
