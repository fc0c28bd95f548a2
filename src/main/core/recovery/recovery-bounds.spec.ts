import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { failed, minute, opened, operator, policy } from '../../../../test/support/recovery-rig.ts'

test('two policies on one subject never act at once, and neither acts beside one that touches everything', async () => {
  using folder = temporaryFolder()
  const gate = Promise.withResolvers<void>()
  const site = await opened(folder.path, [
    policy('first'),
    policy('second', { steps: [{ action: 'restart-with-dependents' }] }),
    policy('whole', { when: { kind: 'site' }, steps: [{ action: 'recover-site' }] }),
  ])
  site.gates.set('restart', gate.promise)
  site.show('api', failed)
  site.show('web', { ...failed })
  await site.pass(40_000)
  expect(site.did.toSorted()).toEqual(['restart service:api', 'restart service:web'])
  expect(site.policy('first')?.state).toBe('acting')
  await expect(site.recovery.run({ policy: 'second', subject: 'service:api' }, operator)).rejects.toMatchObject({
    problem: { code: 'recovery-busy' },
  })
  gate.resolve()
  await site.pass(10_000)
  expect(site.did.length).toBeGreaterThan(2)
})

test('it stops at the number of steps that a day allows, whatever becomes of the clock, and says so once', async () => {
  using folder = temporaryFolder()
  const clock = new ManualClock()
  const short = policy('revive', { perDay: 2, steps: [{ action: 'restart' }], coolDownMs: 10_000 })
  const site = await opened(folder.path, [short], { clock })
  site.show('api', failed)
  await site.pass(60_000)
  expect(site.did).toHaveLength(2)
  clock.jumpWall(400 * 24 * 60 * minute)
  await site.pass(60_000)
  clock.jumpWall(-800 * 24 * 60 * minute)
  await site.pass(60_000)
  expect(site.did).toHaveLength(2)
  expect(site.policy('revive')).toMatchObject({ state: 'used-up', subjects: [{ usedToday: 2 }] })
  expect(
    (await site.kinds()).filter(({ kind, data }) => kind === 'recovery.gave-up' && data.why === 'used-up'),
  ).toHaveLength(1)
  await site.close()

  // The console is started anew the same day, and a day later.
  const soon = await opened(folder.path, [short], { clock, before: 5 * minute })
  soon.show('api', failed)
  await soon.pass(40_000)
  expect(soon.did).toEqual([])
  await soon.close()
  const later = await opened(folder.path, [short], { clock, before: 25 * 60 * minute })
  later.show('api', failed)
  await later.pass(20_000)
  expect(later.did).toHaveLength(1)
})

test('while maintenance or a restore holds it back nothing is done; that is on record once, and counts for nothing', async () => {
  using folder = temporaryFolder()
  const site = await opened(folder.path, [policy('revive')])
  site.hold('maintenance')
  site.show('api', failed)
  await site.pass(2 * minute)
  expect(site.did).toEqual([])
  expect(site.results()).toEqual(['restart service:api held'])
  expect((await site.kinds()).map(({ kind }) => kind)).toEqual(['recovery.held-back'])
  expect(site.policy('revive')).toMatchObject({ state: 'held', subjects: [{ usedToday: 0 }] })
  site.hold(null)
  await site.pass(6_000)
  expect(site.did).toEqual(['restart service:api'])
})

test('an attempt in whose middle the console ended is told as interrupted and counts: the next step follows', async () => {
  using folder = temporaryFolder()
  const clock = new ManualClock()
  const site = await opened(folder.path, [policy('revive')], { clock })
  const row = { policy: 'revive', subject: 'service:api' }
  await site.store.control.write(
    [
      {
        sql: `INSERT INTO recovery_attempts (id, policy, subject, step, action, why, at, begun_seen, manual, over)
              VALUES ('rc-1', ?, ?, 0, 'restart', 'api has failed.', 0, 0, 0, 0)`,
        values: [row.policy, row.subject],
      },
    ],
    'bookkeeping',
  )
  await site.close()
  const again = await opened(folder.path, [policy('revive')], { clock, before: 1_000 })
  expect(again.results()).toEqual(['restart service:api interrupted'])
  expect((await again.kinds()).map(({ kind }) => kind)).toEqual(['recovery.interrupted'])
  again.show('api', failed)
  await again.pass(25_000)
  expect(again.did).toEqual(['restart-with-dependents service:api'])
})

test('while a backup has the files, a step that moves some waits: on record once, shown as held back, and done when it has ended', async () => {
  using folder = temporaryFolder()
  const site = await opened(folder.path, [
    policy('revive', { steps: [{ action: 'reset-state', paths: ['data/api'] }] }),
  ])
  const backup = Promise.withResolvers<{ readonly message: string }>()
  const request = { kind: 'backup.create', subject: 'site', title: 'Back up', steps: [], commandLine: '', input: {} }
  await site.jobs.start({ ...request, cause: operator, lane: 'backup', cancellable: true }, () => backup.promise)
  site.show('api', failed)
  await site.pass(3 * minute)
  expect(site.did).toEqual([])
  expect(site.results()).toEqual(['reset-state service:api held'])
  expect((await site.kinds()).map(({ kind, data }) => `${kind} ${data.by}`)).toEqual(['recovery.held-back "Back up"'])
  expect(site.policy('revive')).toMatchObject({ state: 'held', subjects: [{ usedToday: 0 }] })
  backup.resolve({ message: 'Backed up.' })
  await site.pass(minute)
  expect(site.did).toEqual(['reset-state service:api'])
})
