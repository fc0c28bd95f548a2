import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { routeFunction } from '../../../../../test/support/function-rig.ts'
import { ManualClock } from '../../../../../test/support/manual-clock.ts'
import { testRuntime } from '../../../../../test/support/runtime.ts'
import { until } from '../../../../../test/support/until.ts'
import { CallLedger } from './call-ledger.ts'
import { functionGround } from './function-ground.ts'
import { Functions } from './functions.ts'

describe('The functions of a site', () => {
  it('make senders wait while one of them is full and gets on, not while none does', async () => {
    using site = temporaryFolder()
    writeFileSync(
      join(site.path, 'f.mjs'),
      `import { existsSync } from 'node:fs'
       import { setTimeout as later } from 'node:timers/promises'
       export default async () => { while (!existsSync(import.meta.dirname + '/go')) await later(5); return 1 }`,
    )
    const clock = new ManualClock()
    let told = 0
    await using functions = new Functions({ clock, log: () => {}, onProgress: () => told++ })
    functions.use(await functionGround(site.path, testRuntime()))
    const runner = functions.open('r', routeFunction({ timeoutMs: 60_000 }), new CallLedger(() => {}))
    let settled = 0
    const push = (count: number) => {
      for (let n = 0; n < count; n++) {
        const payload = Buffer.from('1')
        const head = ['a', 0, false, 1, null, payload.length, ''] as const
        runner.push({ head, payload, bytes: 300, settle: () => settled++ })
      }
    }
    push(7_499)
    expect([functions.refuses, runner.refusal]).toEqual([false, null])
    push(1)
    expect(functions.refuses).toBe(true)
    push(2_500)
    expect(runner.refusal).toBe('10000 messages wait for the function already')
    await clock.advance(1_999)
    expect([functions.refuses, told]).toEqual([true, 0])
    await clock.advance(1)
    expect([functions.refuses, told]).toEqual([false, 1])

    writeFileSync(join(site.path, 'go'), '')
    await until('all of them to be through', () => settled === 10_000)
    push(7_500)
    expect([functions.refuses, runner.refusal]).toEqual([true, null])
  })
})
