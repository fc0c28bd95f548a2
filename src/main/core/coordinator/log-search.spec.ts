import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { silentLogger, systemClock } from '#core/platform/index.ts'
import { type LogSearch, logSearchSchema } from '#shared/contract/log-search.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { rotateAtStart, rotateWhileRunning } from './log-rotation.ts'
import { scanLog } from './log-scan.ts'
import { LogSearches } from './log-searches.ts'
import { logTail } from './log-tail.ts'

const clock = systemClock()

function logs() {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const files = { out: join(folder.path, 'api.out.log'), err: join(folder.path, 'api.err.log') }
  const searches = new LogSearches(testRuntime())
  onTestFinished(() => searches[Symbol.asyncDispose]())
  const search = (text: string, given: Partial<LogSearch> = {}) =>
    searches.search(files, logSearchSchema.parse({ service: 'api', text, ...given }))
  const texts = async (text: string, given: Partial<LogSearch> = {}) =>
    (await search(text, given)).lines.map((line) => line.text)
  return { files, search, texts, searches }
}

/** A scan of the stream out, in this thread. */
function scan(path: string, text: string, given: Partial<Parameters<typeof scanLog>[0]> = {}) {
  const bounds = { after: null, pattern: false, from: null, to: null, limit: 1_000, goOn: () => true }
  return scanLog({ path, stream: 'out', text, ...bounds, ...given })
}

const at = (minute: number) => new Date(Date.UTC(2026, 0, 5, 8, minute)).toISOString()

test('lines are found in both streams, newest first, in capitals or not; a log that does not exist is empty', async () => {
  const { files, texts, search } = logs()
  expect(await search('x')).toMatchObject({ lines: [], next: null, bytes: 0, sentence: null })
  writeFileSync(files.out, `${at(1)} Camera lost\n${at(2)} served\n${at(4)} camera is back`)
  writeFileSync(files.err, `${at(3)} CAMERA: cannot open /dev/video0\n`)
  expect(await texts('camera')).toEqual([
    `${at(4)} camera is back`,
    `${at(3)} CAMERA: cannot open /dev/video0`,
    `${at(1)} Camera lost`,
  ])
  expect(await texts('camera', { stream: 'err' })).toEqual([`${at(3)} CAMERA: cannot open /dev/video0`])
  expect(await texts('c(amera|at) .*(back|lost)', { pattern: true })).toHaveLength(2)
  expect(await texts('a.*a')).toEqual([])
})

test('what bears the name of a log and is a pipe is none: nobody waits for it', async () => {
  const { files, texts } = logs()
  writeFileSync(files.out, `${at(1)} served\n`)
  execFileSync('mkfifo', [`${files.out}.1`, files.err])
  expect(await texts('served')).toEqual([`${at(1)} served`])
  expect((await logTail(files, 10)).map(({ text }) => text)).toEqual([`${at(1)} served`])
})

test('a window of time takes lines by their own time or that of the line above; what has none is left out', async () => {
  const { files, texts } = logs()
  writeFileSync(files.out, `fault without a time\n${at(1)} fault\n${at(5)} fault\n  at fault.mjs:3\n${at(9)} fault\n`)
  const window = { from: Date.parse(at(2)), to: Date.parse(at(8)) }
  expect(await texts('fault', window)).toEqual(['  at fault.mjs:3', `${at(5)} fault`])
  expect(await texts('fault', { to: Date.parse(at(1)) })).toEqual([`${at(1)} fault`])
})

test('pages go on where the one before ended, through both streams and all files, without a line twice or left out', async () => {
  const { files, search } = logs()
  const written: string[] = []
  for (let n = 0; n < 6_000; n++) {
    const line = `${new Date(Date.UTC(2026, 0, 5) + n * 1_000).toISOString()} line ${n} ${n % 7 === 0 ? 'seventh' : ''}`
    appendFileSync(n % 3 === 0 ? files.err : files.out, `${line}\n`)
    if (n % 7 === 0) written.push(line)
    if (n % 1_500 === 1_499) await rotateAtStart(files, silentLogger, 4_096)
  }
  const found: string[] = []
  let after: string | undefined
  let pages = 0
  do {
    const page = await search('seventh', { limit: 100, ...(after !== undefined && { after }) })
    found.push(...page.lines.map((line) => line.text))
    after = page.next ?? undefined
    pages++
  } while (after !== undefined && pages < 50)
  expect(found).toEqual(written.toReversed())
  expect(pages).toBeLessThan(15)
})

test('long lines are cut around what was found, binary garbage is no line end, and half characters do no harm', async () => {
  const { files, texts } = logs()
  const garbage = Buffer.from(Array.from({ length: 5_000 }, (_, n) => (n * 7919) % 256)).filter((byte) => byte !== 10)
  writeFileSync(files.out, Buffer.concat([Buffer.from('first needle\n'), garbage, Buffer.from(' needle °\xff\n')]))
  appendFileSync(files.out, `${'x'.repeat(30_000)} needle ${'y'.repeat(3_000_000)}\nlast needle`)
  const found = await texts('needle')
  expect(found).toHaveLength(4)
  expect(found[0]).toBe('last needle')
  expect(found[1]).toContain(' needle y')
  expect(found[1]?.length).toBeLessThanOrEqual(8_192)
  expect(found[3]).toBe('first needle')
})

test('a log that is put aside between and during the parts of a scan is looked through once, whole', async () => {
  const { files } = logs()
  const lines = 120_000
  writeFileSync(files.out, Array.from({ length: lines }, (_, n) => `line ${n} of the service needle\n`).join(''))
  let turns = 0
  const rotation: Promise<void>[] = []
  const found = new Set<string>()
  let after: Parameters<typeof scanLog>[0]['after'] = null
  let told = 0
  for (;;) {
    const { matches, next } = await scan(files.out, 'needle', {
      after,
      limit: 50_000,
      goOn: () => {
        // While the scan stands in the middle of the file, what lies before it is put aside.
        if (turns++ % 2 === 0) rotation.push(rotateWhileRunning(files, { clock, logger: silentLogger, limit: 1_000 }))
        return true
      },
    })
    told += matches.length
    for (const match of matches) found.add(match.line.text)
    await Promise.all(rotation.splice(0))
    if (!next) break
    after = next
  }
  expect(statSync(`${files.out}.1`).size).toBeGreaterThan(0)
  expect(told).toBe(lines)
  expect(found.size).toBe(lines)
})

test('a place whose file is no longer kept is said, not begun anew in silence', async () => {
  const { files, search } = logs()
  writeFileSync(files.out, 'needle\n'.repeat(500))
  const page = await search('needle', { limit: 10 })
  mkdirSync(join(files.out, '..', 'elsewhere'))
  renameSync(files.out, join(files.out, '..', 'elsewhere', 'gone'))
  writeFileSync(files.out, 'needle\n')
  await expect(search('needle', { after: page.next ?? '' })).rejects.toMatchObject({
    problem: { code: 'log-place-gone' },
  })
  await expect(search('needle', { after: 'nonsense' })).rejects.toMatchObject({ problem: { code: 'log-place-gone' } })
})

test('an expression that is none is said, and one that tries endlessly many ways is ended without holding up the console', async () => {
  const { files, search } = logs()
  await expect(search('(', { pattern: true })).rejects.toMatchObject({ problem: { code: 'log-pattern-bad' } })
  writeFileSync(files.out, `${'a'.repeat(60)}!\n`)
  let turns = 0
  const counting = setInterval(() => turns++, 10)
  onTestFinished(() => clearInterval(counting))
  await expect(search('^(a+)+$', { pattern: true })).rejects.toMatchObject({ problem: { code: 'log-pattern-slow' } })
  expect(turns).toBeGreaterThan(50)
})

test('a scan that has used up its bytes tells where it stopped, and the next goes on from there', async () => {
  const { files } = logs()
  writeFileSync(files.out, `needle at the beginning\n${'nothing here\n'.repeat(400_000)}`)
  const first = await scan(files.out, 'needle', { goOn: (bytes) => bytes < 2_000_000 })
  expect(first.matches).toEqual([])
  expect(first.next).not.toBeNull()
  const second = await scan(files.out, 'needle', { after: first.next })
  expect(second.matches.map(({ line }) => line.text)).toEqual(['needle at the beginning'])
  expect(second.next).toBeNull()
})
