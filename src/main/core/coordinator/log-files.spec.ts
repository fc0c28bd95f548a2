import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { LogLine } from '#shared/contract/services.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { until } from '../../../../test/support/until.ts'
import { followLog } from './log-follower.ts'
import { logTail, tailOf } from './log-tail.ts'

function logs() {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  return { out: join(folder.path, 'api.out.log'), err: join(folder.path, 'api.err.log') }
}

/** Follows with a clock moved by hand; `told` waits for real file reads. */
async function following(files: { out: string; err: string }, lines = 0) {
  const clock = new ManualClock()
  const seen: string[] = []
  const follower = await followLog(files, {
    lines,
    clock,
    onLines: (more: readonly LogLine[]) => seen.push(...more.map((l) => l.text)),
  })
  onTestFinished(() => follower[Symbol.dispose]())
  const told = (expected: string[]) =>
    until(`told ${expected.join()} (so far ${seen.join()})`, async () => {
      await clock.advance(250)
      return JSON.stringify(seen) === JSON.stringify(expected)
    })
  return { clock, follower, seen, told }
}

test('a tail gives the last lines only, of files larger than one read, and nothing for files that are not there', async () => {
  const files = logs()
  expect(await logTail(files, 10)).toEqual([])
  writeFileSync(files.out, Array.from({ length: 50_000 }, (_, n) => `line ${n}\n`).join(''))
  writeFileSync(files.err, 'oops\nhalf')
  expect((await logTail(files, 3)).map((line) => `${line.stream} ${line.text}`)).toEqual([
    'out line 49999',
    'err oops',
    'err half',
  ])
  expect(await tailOf(files.out, 'out', 20_000)).toHaveLength(20_000)
})

test('a tail from a place gives only what was written after it', async () => {
  const files = logs()
  writeFileSync(files.err, 'from an earlier run\n')
  appendFileSync(files.err, 'mine\n')
  expect((await tailOf(files.err, 'err', 10, 20)).map((line) => line.text)).toEqual(['mine'])
})

test('a follower tells whole lines as they are completed, also of a file that comes later', async () => {
  const files = logs()
  writeFileSync(files.out, 'old\nlast\n')
  const { told, clock, follower } = await following(files, 1)
  await told(['last'])
  appendFileSync(files.out, 'ha')
  writeFileSync(files.err, 'warned\n')
  await told(['last', 'warned'])
  appendFileSync(files.out, 'lf\n')
  await told(['last', 'warned', 'half'])
  follower[Symbol.dispose]()
  expect(clock.waiting).toBe(0)
})

test('a follower goes on through renaming without losing or repeating a line, and through truncation', async () => {
  const files = logs()
  writeFileSync(files.out, '')
  const { told } = await following(files)
  appendFileSync(files.out, 'one\n')
  await told(['one'])
  appendFileSync(files.out, 'two\n')
  renameSync(files.out, `${files.out}.1`)
  appendFileSync(`${files.out}.1`, 'three\n')
  writeFileSync(files.out, 'four\n')
  await told(['one', 'two', 'three', 'four'])
  truncateSync(files.out)
  await told(['one', 'two', 'three', 'four'])
  appendFileSync(files.out, 'x\n')
  await told(['one', 'two', 'three', 'four', 'x'])
})

test('what is written too fast is skipped and said, not kept in memory', async () => {
  const files = logs()
  writeFileSync(files.out, '')
  const { clock, seen } = await following(files)
  appendFileSync(files.out, 'a line of text\n'.repeat(200_000))
  await until('told', async () => {
    await clock.advance(250)
    return seen.length > 0
  })
  expect(seen[0]).toMatch(/^… \d+ bytes were written too fast/)
  expect(seen.length).toBeLessThan(80_000)
  expect(seen.at(-1)).toBe('a line of text')
})
