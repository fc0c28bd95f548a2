import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { JobView, StoreView } from '#shared/contract/state.ts'
import type { StoreRecoveryPlan } from '#shared/contract/store.ts'
import { TestUser } from '../support/command-line.ts'
import { temporaryFolder } from '../support/folders.ts'
import { makeTinySite } from '../support/tiny-site.ts'

interface Shown {
  readonly store: StoreView
}

async function newSite() {
  const folder = temporaryFolder()
  const user = new TestUser(folder.path)
  onTestFinished(async () => {
    await user.killHosts()
    folder[Symbol.dispose]()
  })
  const { directory } = await makeTinySite(join(folder.path, 'site'))
  return { user, site: ['--site', directory] as const, own: join(directory, '.wheelhouse') }
}

test('with no console running: the store is looked at, copied, checked, planned for, and a damaged one replaced by the copy', async () => {
  const { user, site, own } = await newSite()
  const { job } = await user.document<{ job: JobView }>('store', 'copy', 'control', ...site)
  expect(job).toMatchObject({ kind: 'store.copy', state: 'completed', commandLine: 'wheelhouse store copy control' })
  const { store } = await user.document<Shown>('store', ...site)
  expect(store.databases).toMatchObject([
    { name: 'control', state: 'open', copies: { count: 1 } },
    { name: 'messages', state: 'open', copies: { count: 0 } },
  ])
  const planned = await user.document<{ plan: StoreRecoveryPlan }>('store', 'recover', 'control', '--plan', ...site)
  expect(planned.plan).toMatchObject({ copy: { at: store.databases[0]?.copies.newestAt }, passedOver: 0 })
  const whole = await user.run('store', 'recover', 'control', '--yes', ...site)
  expect(whole).toMatchObject({ code: 0, out: expect.stringContaining('left as it is') })

  writeFileSync(join(own, 'control.db'), 'coffee was spilled here '.repeat(500))
  const shown = await user.run('store', 'status', ...site)
  expect(shown).toMatchObject({ code: 0, out: expect.stringContaining('The copy of') })
  expect(shown.out).toMatch(/1 damaged file set is kept:\n.*quarantine/)
  expect(shown.out).toMatch(/DATABASE +STATE +SIZE/)
})

test('beside a running console the same commands ask it: a job of both databases, damage recovered, refusals with their codes', async () => {
  const { user, site, own } = await newSite()
  await user.run('store', 'copy', 'messages', ...site)
  await user.startHost(...site)
  const { store } = await user.document<Shown>('store', ...site)
  expect(store).toMatchObject({ state: 'open' })
  const both = await user.run('store', 'check', ...site)
  expect(both).toMatchObject({ code: 0 })
  expect(both.out.match(/was checked for its structure; no problem was found/g)).toHaveLength(2)

  // By another process, as a failing disk would.
  const damage = `const file = require('fs').openSync(process.argv[1], 'r+')
    require('fs').writeSync(file, Buffer.alloc(4096 * 3, 0xa5), 0, 4096 * 3, 4096 * 2)`
  execFileSync(process.execPath, ['-e', damage, join(own, 'messages.db')])
  const mended = await user.run('store', 'check', 'messages', '--full', ...site)
  expect(mended).toMatchObject({ code: 0, out: expect.stringContaining('The copy of') })
  const after = await user.document<Shown>('store', ...site)
  expect(after.store.quarantine).toMatchObject([{ database: 'messages' }])

  expect(await user.run('store', 'check', 'nope', ...site)).toMatchObject({
    code: 2,
    err: expect.stringContaining('the console has control and messages'),
  })
  expect(await user.run('store', 'recover', 'control', ...site)).toMatchObject({ code: 2 })
})
