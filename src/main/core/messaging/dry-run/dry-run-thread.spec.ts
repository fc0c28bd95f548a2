import { describe, expect, test } from 'vitest'
import type { RouteDefinition } from '#core/config/index.ts'
import type { StoredMessage } from '#shared/contract/index.ts'
import { ManualClock } from '../../../../../test/support/manual-clock.ts'
import { testRuntime } from '../../../../../test/support/runtime.ts'
import { DryRuns } from './dry-run-thread.ts'

const route: RouteDefinition = {
  id: 'slow',
  title: 'slow',
  on: true,
  from: 'lab/#',
  where: 'payload.text.matches("a*a*a*$")',
  validate: null,
  limit: null,
  enrich: null,
  tag: null,
  batch: null,
  map: null,
  priority: 'normal',
  expiresMs: null,
  to: [{ kind: 'channel', channel: 'x' }],
}
function message(text: string): StoredMessage {
  return { at: 1, topic: 'lab/1', payload: JSON.stringify({ text }), encoding: 'utf8', qos: 0, retain: false }
}
/** Takes an expression minutes. */
const endless = message(`${'a'.repeat(60_000)}b`)

describe('dry runs', () => {
  test('answer from a thread of their own', async () => {
    await using runs = new DryRuns({ runtime: testRuntime(), clock: new ManualClock() })
    const answer = await runs.ask({
      type: 'dry run',
      before: null,
      after: route,
      messages: [message('aaa')],
      tables: {},
      brokers: [],
    })
    expect(answer).toMatchObject({ type: 'dry run', report: { changed: 1, after: { passed: 1 } } })
  })

  test('are ended when they take too long, and refused while two go on', async () => {
    const clock = new ManualClock()
    await using runs = new DryRuns({ runtime: testRuntime(), clock })
    const request = {
      type: 'dry run',
      before: null,
      after: route,
      messages: [endless],
      tables: {},
      brokers: [],
    } as const
    const ends = [runs.ask(request), runs.ask(request)].map((run) => run.catch((error: unknown) => error))
    await expect(runs.ask(request)).rejects.toMatchObject({ problem: { code: 'dry-run-busy' } })
    await clock.advance(15_000)
    expect(await Promise.all(ends)).toMatchObject([
      { problem: { code: 'dry-run-slow' } },
      { problem: { code: 'dry-run-slow' } },
    ])
    const again = await runs.ask({ ...request, messages: [message('aaa')] })
    expect(again).toMatchObject({ report: { messages: 1 } })
  })

  test('tell why a route cannot be tried', async () => {
    await using runs = new DryRuns({ runtime: testRuntime(), clock: new ManualClock() })
    const broken = { ...route, where: 'payload.' }
    const failing = runs.ask({
      type: 'dry run',
      before: null,
      after: broken,
      messages: [message('a')],
      tables: {},
      brokers: [],
    })
    await expect(failing).rejects.toMatchObject({ problem: { code: 'dry-run-failed' } })
  })
})
