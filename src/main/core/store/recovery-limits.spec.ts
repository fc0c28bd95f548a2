import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentLogger } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import {
  addNote,
  allNotes,
  filesIn,
  machineOf,
  storeOptions,
  storeWithNotes,
} from '../../../../test/support/store-rig.ts'
import { openStore } from './index.ts'
import { Quarantine, quarantineKeptMs } from './quarantine.ts'
import { recoveryLimit, recoveryWaitMs, type StoreReport } from './recovery-record.ts'
import { mostWhileOffMs, passedBetween } from './seen-time.ts'

const hour = 3_600_000
const recovered = (seenMs: number, by: StoreReport['by'] = 'damage'): StoreReport => ({
  id: `r${seenMs}`,
  kind: 'recovered',
  at: 0,
  seenMs,
  by,
  message: '',
  data: {},
  told: true,
})

test('time is seen to pass by the uptime while the machine runs, whatever the wall clock does', () => {
  const before = { wall: 0, boot: 'a', uptimeMs: 1_000 }
  expect(passedBetween(before, { wall: 400 * 24 * hour, boot: 'a', uptimeMs: 6_000 })).toBe(5_000)
  expect(passedBetween(before, { wall: -400 * 24 * hour, boot: 'a', uptimeMs: 6_000 })).toBe(5_000)
})

test('across a start of the machine a day at most is believed, and nothing of a clock that went back', () => {
  const before = { wall: 0, boot: 'a', uptimeMs: 1_000 }
  expect(passedBetween(before, { wall: 8 * hour, boot: 'b', uptimeMs: 1 })).toBe(8 * hour)
  expect(passedBetween(before, { wall: 400 * 24 * hour, boot: 'b', uptimeMs: 1 })).toBe(mostWhileOffMs)
  expect(passedBetween(before, { wall: -hour, boot: 'b', uptimeMs: 1 })).toBe(0)
})

test('three recoveries within a day are the most that happen by themselves; those that were ordered do not count', () => {
  const two = [recovered(0), recovered(hour)]
  expect(recoveryWaitMs(two, 2 * hour)).toBe(0)
  expect(recoveryWaitMs([...two, recovered(2 * hour, 'operator')], 2 * hour)).toBe(0)
  expect(recoveryWaitMs([...two, recovered(2 * hour)], 3 * hour)).toBe(recoveryLimit.withinMs - 3 * hour)
  expect(recoveryWaitMs([...two, recovered(2 * hour)], recoveryLimit.withinMs)).toBe(0)
})

test('quarantined files go when fourteen days were seen to pass, and not because the clock was set forward', async () => {
  using folder = temporaryFolder()
  const quarantine = new Quarantine(folder.path, silentLogger)
  const name = quarantine.nameFor('control', Date.UTC(2026, 0, 5))
  await quarantine.describe(name, { database: 'control', at: 0, seenMs: 1_000, why: 'damaged', outcome: null })
  expect(quarantine.nameFor('control', Date.UTC(2026, 0, 5))).not.toBe(name)
  const farAhead = 400 * 24 * hour
  expect(await quarantine.sweep(farAhead, 1_000 + hour)).toEqual([])
  const [listed] = await quarantine.list(farAhead, 1_000 + hour)
  expect(listed).toMatchObject({ database: 'control', why: 'damaged', until: farAhead + quarantineKeptMs - hour })
  expect(await quarantine.sweep(0, 1_000 + quarantineKeptMs)).toEqual([name])
  expect(existsSync(quarantine.pathOf(name))).toBe(false)
})

test('a stand-in ends by itself at an opening once the limit has passed, and what it recorded is kept beside the damaged files', async () => {
  using folder = temporaryFolder()
  const clock = new ManualClock()
  const options = storeOptions(folder.path, { clock, machine: machineOf(clock) })
  await storeWithNotes(options, { notes: 3, copied: true })
  const path = join(folder.path, 'control.db')
  for (let time = 0; time < recoveryLimit.count; time++) {
    writeFileSync(path, 'damaged once more')
    await using store = await openStore(options)
    expect(store.opened.control).toMatchObject({ how: 'replaced' })
  }
  writeFileSync(path, 'the evidence')
  {
    await using store = await openStore(options)
    expect(store.opened.control).toMatchObject({ how: 'stand-in' })
    expect(store.upkeep.recoveriesLeft('control')).toMatchObject({ left: 0 })
    await store.control.write(addNote(1, 'in the stand-in'), 'job')
    // A clock that is set forward does not lift the limit.
    clock.jumpWall(48 * hour)
  }
  {
    await using store = await openStore(options)
    expect(store.opened.control).toMatchObject({ how: 'stand-in' })
    expect(store.control.all(allNotes)).toEqual([{ text: 'in the stand-in' }])
    expect(readFileSync(path, 'utf8')).toBe('the evidence')
  }
  await clock.advance(recoveryLimit.withinMs)
  await using store = await openStore(options)
  const opened = store.opened.control
  if (opened.how !== 'replaced') throw new Error(`opened ${opened.how}`)
  expect(opened).toMatchObject({ source: 'copy', standIns: [opened.quarantined] })
  expect(opened.reason).toContain('the stand-in is kept in the same folder')
  expect(filesIn(opened.quarantined)).toEqual(expect.arrayContaining(['control.db', 'control.stand-in.db']))
  expect(store.control.all(allNotes)).toHaveLength(3)
  expect(store.upkeep.standIn('control')).toBeNull()
  const kinds = store.upkeep.untold().map(({ kind }) => kind)
  expect(kinds).toEqual(['recovered', 'recovered', 'recovered', 'stand-in', 'recovered'])
})
