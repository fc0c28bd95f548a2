import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentLogger } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { ProxyThread } from './proxy-thread.ts'

test('an order to a proxy that has ended and is not there again yet is refused at once', async () => {
  using folder = temporaryFolder()
  const program = join(folder.path, 'proxy.mjs')
  writeFileSync(program, '')
  const clock = new ManualClock()
  const ended = Promise.withResolvers<string>()
  await using thread = new ProxyThread({
    runtime: { ...testRuntime(), program: () => program },
    clock,
    logger: silentLogger,
    plan: () => ({ targets: [], unusable: {}, grants: [], records: {} }),
    port: () => 0,
    onListening: () => {},
    onReport: () => {},
    onEnded: ended.resolve,
  })
  await ended.promise
  const silent = { problem: { code: 'dependency-proxy-silent' } }
  expect(() => thread.order({ type: 'isolate', id: 'model' })).toThrow(/does not answer/)
  await expect(thread.check('model')).rejects.toMatchObject(silent)
})
