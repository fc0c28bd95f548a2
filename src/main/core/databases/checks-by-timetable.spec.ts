import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { type DatabasesRigOptions, databasesRig } from '../../../../test/support/databases-rig.ts'
import { makeDatabase } from '../../../../test/support/odd-site.ts'

// Each reads and copies in processes of its own, several times: on a machine with much to do that takes long.
vi.setConfig({ testTimeout: 240_000 })

const minute = 60_000
const day = 24 * 60 * minute

/** A SQLite database of some hundred pages, on a clock moved by hand. */
async function checksRig(options: DatabasesRigOptions = {}) {
  const rig = await databasesRig((directory) => {
    makeDatabase(fileIn(directory), 1_000)
    return { engine: 'sqlite', file: fileIn(directory) }
  }, options)
  const checks = () => rig.events('database.checked')
  return { ...rig, checks, checked: (count: number) => async () => (await checks()).length >= count }
}

const fileIn = (directory: string) => join(directory, 'app.db')

/** Pages in the middle, which no look at the database's health reads. */
function spoil(directory: string): void {
  const file = openSync(fileIn(directory), 'r+')
  writeSync(file, Buffer.alloc(4096 * 4, 0xa5), 0, 4096 * 4, 4096 * 20)
  closeSync(file)
}

test('a SQLite database is read through and through every week: an event, the result on screen, and the next a week later', async () => {
  const { clock, view, checks, checked, afterLooks, daily } = await checksRig()
  await clock.advance(minute)
  expect(await checks(), 'not while services are being started').toEqual([])
  await afterLooks('the first check', checked(1))
  const [first] = await checks()
  expect(first).toMatchObject({
    subject: 'service:db',
    severity: 'info',
    message: expect.stringContaining('Every page of app.db was read: no damage.'),
  })
  expect(view()?.lastCheck).toMatchObject({ ok: true, note: first?.message })
  clock.jumpWall(6 * day)
  await afterLooks('a look that copies', () => daily().length === 2)
  expect(await checks(), 'not before a week is over').toHaveLength(1)
  clock.jumpWall(day)
  await afterLooks('the check of the next week', checked(2))
  expect((view()?.lastCheck?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(7 * day)
})

test('a clock that is set back puts no check off', async () => {
  const { clock, view, checked, afterLooks } = await checksRig()
  await afterLooks('the first check', checked(1))
  clock.jumpWall(-30 * day)
  await afterLooks('another', checked(2))
  await afterLooks('what is shown', () => (view()?.lastCheck?.at ?? Number.MAX_SAFE_INTEGER) <= clock.wall())
})

test('what fell due while the console was off is made up for after the next start, once', async () => {
  const { clock, checks, checked, afterLooks, reopen, daily } = await checksRig()
  await afterLooks('the first check', checked(1))
  await reopen(30 * day, false)
  await clock.advance(minute)
  expect(await checks(), 'not while services are being started').toHaveLength(1)
  await afterLooks('what is made up for', checked(2))
  clock.jumpWall(day)
  await afterLooks('a look that copies', () => daily().length === 3)
  expect(await checks()).toHaveLength(2)
})

test('after an unclean exit of the console the structure is read soon, and the weekly check keeps its time', async () => {
  const { clock, view, checks, checked, afterLooks, reopen, daily } = await checksRig()
  await afterLooks('the first check', checked(1))
  await reopen(day, true)
  await afterLooks('the quick one', checked(2))
  const quick = (await checks()).at(-1)
  expect(quick?.message).toBe('The structure of app.db was read: no damage.')
  expect(view()?.lastCheck?.note).toBe(quick?.message)
  await afterLooks('a look that copies', () => daily().length === 2)
  expect(await checks(), 'once').toHaveLength(2)
  clock.jumpWall(6 * day)
  await afterLooks('the weekly one', checked(3))
  expect((await checks()).at(-1)?.message).toContain('Every page')
})

for (const [found, unclean] of [
  ['by the weekly check', false],
  ['after an unclean exit', true],
] as const) {
  test(`damage that is found ${found} is an error in the timeline and a card that offers to recover`, async () => {
    const { directory, clock, card, view, checks, checked, daily, afterLooks, reopen } = await checksRig()
    await afterLooks('the first check', checked(1))
    expect(card()).toBeUndefined()
    if (!unclean) {
      // A copy that is due meets the damage before the check does.
      clock.jumpWall(6.8 * day)
      await afterLooks('a copy shortly before the check', () => daily().length === 2)
    }
    spoil(directory)
    await reopen(unclean ? minute : 0.5 * day, unclean)
    await afterLooks('the damage', () => view()?.lastCheck?.ok === false)
    expect((await checks()).at(-1)).toMatchObject({
      severity: 'error',
      message: expect.stringContaining('app.db is damaged'),
    })
    await afterLooks('its card', () => card())
    expect(card()).toMatchObject({ severity: 'error', title: expect.stringContaining('is damaged or missing') })
    expect(card()?.fixes.map(({ action }) => action.type)).toContain('recover-database')
  })
}

test('with `check: off` nothing is read by itself, not even after an unclean exit', async () => {
  const { checks, daily, afterLooks, reopen } = await checksRig({ check: 'off' })
  await reopen(8 * day, true)
  await afterLooks('a look that copies', () => daily().length === 1)
  expect(await checks()).toEqual([])
})
