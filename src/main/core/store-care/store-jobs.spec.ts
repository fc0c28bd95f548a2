import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Cause } from '#shared/vocabulary.ts'
import { findProgram } from '../../../../test/support/needs.ts'
import { storeCareRig } from '../../../../test/support/store-care-rig.ts'
import { storeRecoveryPlan } from './recovery-plan.ts'

const operator: Cause = { type: 'operator', via: 'window' }

test.skipIf(findProgram('sqlite3') === null)(
  'a check that finds only the index of words damaged replaces nothing: the index is made anew, and that is said',
  async () => {
    const { directory, store, jobs, care, events } = await storeCareRig()
    const rows = JSON.stringify(Array.from({ length: 500 }, (_, n) => [n + 1, `0_lamp 0_w${n}`]))
    const sql = 'INSERT INTO events_text (rowid, message) SELECT value ->> 0, value ->> 1 FROM json_each(?)'
    await store.control.write([{ sql, values: [rows] }], 'housekeeping')
    const damage = 'UPDATE events_text_data SET block = randomblob(length(block)) WHERE id = 10'
    execFileSync('sqlite3', ['-cmd', '.dbconfig defensive off', join(directory, 'control.db'), damage])
    const { job } = await care.check({ database: 'control', kind: 'full', cause: operator })
    const done = await jobs.finished(job)
    expect(done).toMatchObject({ state: 'completed', data: { ok: true } })
    expect(done.message).toContain('a damaged index of words is made anew')
    expect(store.opened.control.how).toBe('new')
    await events.settled()
    expect((await events.page({ kind: 'events.reindexed', limit: 5 })).events).toHaveLength(1)
    const again = await care.check({ database: 'control', kind: 'full', cause: operator })
    expect((await jobs.finished(again.job)).message).toContain('no problem was found')
  },
)

test('a recovery is planned from the copies as they are: which is good, what would be missing, how long; nothing is touched', async () => {
  const { directory, store, clock, care } = await storeCareRig({ notes: 50 })
  const none = await care.planRecovery('messages')
  expect(none).toMatchObject({ copy: null, lost: null, aboutMs: null, passedOver: 0 })
  expect(none.sentence).toContain('salvage')
  const good = await store.upkeep.copies.take('messages', 'by-operator')
  clock.jumpWall(60_000)
  const bad = 'messages.scheduled.2026-01-05T08-01-00-000Z.db'
  writeFileSync(join(directory, 'copies', bad), 'no database at all')
  const plan = await care.planRecovery('messages')
  // The newest note was given the time 49.
  expect(plan).toMatchObject({ copy: { at: good.at, newest: 49 }, passedOver: 1, lost: { from: 49, to: clock.wall() } })
  expect(plan.sentence).toBe('Set the messages database aside and put the copy of 5 Jan 2026, 08:00 in its place.')
  expect(plan.steps[0]).toContain('found whole, it stays as it is')
  expect(plan.steps.join()).toContain('One newer copy is passed over')
  expect(store.opened.messages.how).toBe('clean')
})

test('of a database that a stand-in takes the place of, what is lost ends with the stand-in, and nothing is checked first', () => {
  const plan = storeRecoveryPlan({
    database: 'control',
    state: 'stand-in',
    bytes: 8_000,
    best: { copy: { at: 1_000, newest: 900, bytes: 4_000, checkMs: 200 }, passedOver: 0, others: 2 },
    nameOf: () => 'the copy of noon',
    standInSince: 5_000,
    triedFirst: false,
    now: 9_000,
  })
  expect(plan).toMatchObject({ lost: { from: 900, to: 5_000 }, aboutMs: 600 })
  expect(plan.steps[0]).toMatch(/^Move its files/)
  expect(plan.steps.join()).toContain('older copies are tried')
  expect(plan.steps.join()).toContain('Keep the stand-in')
})
