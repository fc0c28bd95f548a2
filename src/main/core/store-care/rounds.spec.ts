import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type CopyReason, copiesKept, type DatabaseName } from '#core/store/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { type StoreCareRig, storeCareRig } from '../../../../test/support/store-care-rig.ts'
import { addNote, filesIn } from '../../../../test/support/store-rig.ts'
import { until } from '../../../../test/support/until.ts'
import { copyEveryMs } from './timetable.ts'

const operator: Cause = { type: 'operator', via: 'window' }
const hour = 3_600_000

const copiesOf = async ({ store }: StoreCareRig, database: DatabaseName, reason: CopyReason = 'scheduled') =>
  (await store.upkeep.copies.list(database)).filter((copy) => copy.reason === reason)

const cardOf = ({ state }: StoreCareRig, database: DatabaseName) =>
  state.slice('attention').get(`store-copy-failed:${database}`)

/** Lets rounds come until something is so. */
function afterRounds(rig: StoreCareRig, what: string, look: () => unknown | Promise<unknown>): Promise<unknown> {
  return until(what, async () => {
    await rig.clock.advance(60_000)
    return Boolean(await look())
  })
}

async function note({ store, clock }: StoreCareRig, text: string): Promise<void> {
  await store.messages.write(addNote(clock.wall(), text), 'journal')
}

test('copies are taken by timetable when something was written, each checked, the oldest given up, and their number shown', async () => {
  const rig = await storeCareRig()
  await note(rig, 'first')
  await afterRounds(rig, 'the first copies', async () => (await copiesOf(rig, 'messages')).length === 1)
  expect(await copiesOf(rig, 'control')).toHaveLength(1)

  await rig.events.record({ kind: 'test.told', subject: 'site', severity: 'info', message: 'It was.', cause: operator })
  rig.clock.jumpWall(copyEveryMs.messages)
  await afterRounds(rig, 'a copy of what changed', async () => (await copiesOf(rig, 'control')).length === 2)
  expect(await copiesOf(rig, 'messages'), 'nothing was written since its copy').toHaveLength(1)

  const first = (await copiesOf(rig, 'messages'))[0]?.file
  for (let day = 2; day <= copiesKept.scheduled + 1; day++) {
    await note(rig, `day ${day}`)
    rig.clock.jumpWall(copyEveryMs.messages)
    await afterRounds(rig, `the copy of day ${day}`, async () => {
      const [newest] = await copiesOf(rig, 'messages')
      return newest && rig.clock.wall() - newest.at < hour
    })
  }
  const givenUp = async () => (await copiesOf(rig, 'messages')).length === copiesKept.scheduled
  await until('the oldest to be given up', givenUp)
  const kept = await copiesOf(rig, 'messages')
  expect(kept.map(({ file }) => file)).not.toContain(first)
  await afterRounds(rig, 'the figures', () => {
    const view = rig.state.slice('store').get('store')
    return view?.databases.find(({ name }) => name === 'messages')?.copies.count === copiesKept.scheduled
  })
})

test('a copy that fails is told in a sentence on a card, tried again after an hour, and the card goes with the next good copy of any reason', async () => {
  const rig = await storeCareRig()
  const folder = join(rig.directory, 'copies')
  writeFileSync(folder, 'a file where the folder of the copies belongs')
  await afterRounds(rig, 'the cards', () => cardOf(rig, 'control') && cardOf(rig, 'messages'))
  expect(cardOf(rig, 'messages')).toMatchObject({ severity: 'warning', why: expect.stringContaining('cannot be used') })
  await rig.events.settled()
  const { events } = await rig.events.page({ kind: 'store.copy-failed', limit: 10 })
  expect(events.map(({ subject }) => subject).sort()).toEqual(['store:control', 'store:messages'])
  await expect(rig.store.upkeep.copies.take('control', 'scheduled')).rejects.toMatchObject({
    problem: { code: 'store-copy-failed', remedy: expect.stringContaining('may write to it') },
  })

  rmSync(folder)
  const { job } = await rig.care.copy({ database: 'messages', cause: operator })
  expect(await rig.jobs.finished(job)).toMatchObject({ state: 'completed' })
  expect(cardOf(rig, 'messages')).toBeUndefined()
  expect(await copiesOf(rig, 'control'), 'the hour is not over').toHaveLength(0)
  expect(cardOf(rig, 'control')).toBeDefined()
  rig.clock.jumpWall(hour)
  await rig.clock.advance(hour)
  await afterRounds(rig, 'the scheduled copy', async () => (await copiesOf(rig, 'control')).length === 1)
  await afterRounds(rig, 'no card', () => cardOf(rig, 'control') === undefined)
})

test('before something risky both databases are copied, two copies of each kept, and a failure is a sentence and a card', async () => {
  const rig = await storeCareRig()
  for (let time = 1; time <= copiesKept['before-risk'] + 1; time++) {
    await note(rig, `risk ${time}`)
    expect(await rig.care.copyBeforeRisk()).toBeNull()
    rig.clock.jumpWall(1_000)
  }
  expect(await copiesOf(rig, 'control', 'before-risk')).toHaveLength(copiesKept['before-risk'])
  expect(await copiesOf(rig, 'messages', 'before-risk')).toHaveLength(copiesKept['before-risk'])

  rmSync(join(rig.directory, 'copies'), { recursive: true })
  writeFileSync(join(rig.directory, 'copies'), '')
  expect(await rig.care.copyBeforeRisk()).toMatch(/No copy of the console's control database was taken/)
  expect(cardOf(rig, 'control')).toBeDefined()
  rmSync(join(rig.directory, 'copies'))
  expect(await rig.care.copyBeforeRisk()).toBeNull()
  expect(cardOf(rig, 'control')).toBeUndefined()
})

test('a copy that turns out to be damaged does not count: the database is checked at once and replaced, and all of it is told', async () => {
  const rig = await storeCareRig({ notes: 300 })
  await rig.store.upkeep.copies.take('messages', 'by-operator')
  await note(rig, 'after the copy')
  // Rows in the middle, which nobody reads. By another process: closing the file here would drop the locks that this one holds on it.
  const damage = `const file = require('fs').openSync(process.argv[1], 'r+')
    require('fs').writeSync(file, Buffer.alloc(4096 * 5, 0xa5), 0, 4096 * 5, 4096 * 12)`
  execFileSync(process.execPath, ['-e', damage, join(rig.directory, 'messages.db')])
  // No more than the one round: while time is moved on, the time for the recovery would run out.
  await rig.clock.advance(60_000)
  await until('the replacement', () => rig.store.opened.messages.how === 'replaced')
  expect(rig.store.opened.messages).toMatchObject({ source: 'copy' })
  expect(await copiesOf(rig, 'messages'), 'no copy of the damage').toHaveLength(0)
  expect(filesIn(join(rig.directory, 'copies')).filter((file) => file.includes('.part'))).toEqual([])
  await until('the card', () => rig.state.slice('attention').get('store-replaced:messages'))
  const kinds = async () => (await rig.events.page({ subject: 'store:messages', limit: 20 })).events.map((e) => e.kind)
  await until('the events', async () => (await kinds()).includes('store.recovered'))
  expect(await kinds()).toEqual(expect.arrayContaining(['store.copy-failed', 'store.checked', 'store.recovered']))
})
