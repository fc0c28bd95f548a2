import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { RouteDefinition } from '#core/config/index.ts'
import type { StoredMessage } from '#shared/contract/index.ts'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { routeFunction } from '../../../../../test/support/function-rig.ts'
import { ManualClock } from '../../../../../test/support/manual-clock.ts'
import { testRuntime } from '../../../../../test/support/runtime.ts'
import { functionGround } from '../function/function-ground.ts'
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

describe('dry runs of a route with a function', () => {
  const desk = `export default (m) => {
    if (m.do === 'loop') for (;;) {}
    if (m.do === 'throw') throw new Error('no desk')
    return m.do === 'nothing' ? undefined : { n: m.n }
  }`
  const called: RouteDefinition = { ...route, where: null, map: routeFunction({ timeoutMs: 300 }) }
  const given = (what: object): StoredMessage => ({ ...message(''), payload: JSON.stringify(what) })

  test('call it, and end it at its time', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'f.mjs'), desk)
    const functions = await functionGround(folder.path, testRuntime())
    await using runs = new DryRuns({ runtime: testRuntime(), clock: new ManualClock() })
    const messages = [{ n: 1 }, { do: 'throw' }, { do: 'loop' }, { do: 'nothing' }, { n: 2 }].map(given)
    const both = { messages, tables: {}, brokers: [], functions } as const
    const answer = await runs.ask({ type: 'dry run', before: null, after: called, ...both })
    if (answer.type !== 'dry run') throw new Error('it answers with a report')
    expect(
      answer.report.differences.map(({ after }) => [after.result, after.outputs[0]?.payload ?? after.reason]),
    ).toEqual([
      ['passed', '{"n":1}'],
      ['quarantined', '"map" failed: Error: no desk (f.mjs, line 3)'],
      ['quarantined', '"map" failed: f.mjs did not answer within 300 ms and was ended with this message'],
      ['filtered', null],
      ['passed', '{"n":2}'],
    ])
    const passport = await runs.ask({
      type: 'passport',
      routes: [called],
      message: given({ n: 3 }),
      tables: {},
      brokers: [],
      functions,
    })
    if (passport.type !== 'passport') throw new Error('it answers with a passport')
    expect(passport.routes[0]?.stages).toEqual([
      { stage: 'map', rule: '`default` of f.mjs, within 300 ms', result: 'passed', said: '{"n":3}' },
    ])
  })

  test('gather what it gives as the route would', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'f.mjs'), desk)
    const functions = await functionGround(folder.path, testRuntime())
    await using runs = new DryRuns({ runtime: testRuntime(), clock: new ManualClock() })
    const batch = { windowMs: 1_000, most: 2, bytes: 65_536, per: 'route', as: null } as const
    const messages = [1, 2, 3].map((n) => given({ n }))
    const answer = await runs.ask({
      type: 'dry run',
      before: null,
      after: { ...called, batch },
      messages,
      tables: {},
      brokers: [],
      functions,
    })
    expect(answer).toMatchObject({ report: { after: { passed: 2, merged: 1 } } })
  })
})
