import { expect, onTestFinished, test } from 'vitest'
import { silentLogger } from '#core/platform/index.ts'
import { openStore } from '#core/store/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { Attempts, type NewAttempt } from './attempts.ts'
import { recoverySchema } from './tables.ts'

const attempt = (n: number, subject: string): NewAttempt => ({
  id: `at-${n}`,
  policy: 'revive',
  subject,
  step: 0,
  action: 'restart',
  why: 'api is unhealthy',
  at: n,
  seen: n,
  manual: false,
})
const end = { ms: 5, result: 'done', sentence: 'api restarted.', event: null } as const

async function attemptsOf(subjects: readonly string[]) {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const store = await openStore({
    directory: folder.path,
    schemas: { control: [recoverySchema], messages: [] },
    runtime: testRuntime(),
    clock: new ManualClock(),
    logger: silentLogger,
  })
  onTestFinished(() => store[Symbol.asyncDispose]())
  const attempts = new Attempts(store.control)
  for (const [n, subject] of subjects.entries()) {
    await attempts.begin(attempt(n, subject))
    await attempts.end(attempt(n, subject), { ...end, seen: n + 1 })
  }
  const forget = () => store.control.write([{ sql: 'DELETE FROM recovery_attempts' }], 'bookkeeping')
  return { attempts, forget }
}

test('what decisions rest on is kept for 500 subjects, and of others read again: it is the same', async () => {
  const subjects = Array.from({ length: 505 }, (_, n) => `service:s${n}`)
  const { attempts, forget } = await attemptsOf(subjects)
  for (const [n, subject] of subjects.entries())
    expect(attempts.past('revive', subject)).toEqual([{ begun: n, ended: n + 1, step: 0, counts: true, over: false }])
  await forget()
  // Those that were looked at last are kept; the first were forgotten for them.
  expect(attempts.past('revive', 'service:s504')).toHaveLength(1)
  expect(attempts.past('revive', 'service:s5')).toHaveLength(1)
  expect(attempts.past('revive', 'service:s4')).toEqual([])
})

test('of one subject the newest 1,200 attempts are looked at', async () => {
  const { attempts } = await attemptsOf(Array.from({ length: 1_210 }, () => 'service:api'))
  const past = attempts.past('revive', 'service:api')
  expect(past).toHaveLength(1_200)
  expect(past[0]).toMatchObject({ begun: 10 })
  await attempts.close('revive', 'service:api')
  expect(attempts.past('revive', 'service:api').every(({ over }) => over)).toBe(true)
})
