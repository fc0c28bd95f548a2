import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { failed, minute, opened, operator, policy } from '../../../../test/support/recovery-rig.ts'

test('a service that restarts did not cure is worked on step by step; at the end a card calls a person, and goes when it is over', async () => {
  using folder = temporaryFolder()
  const site = await opened(folder.path, [policy('revive')])
  site.show('api', failed)
  await site.pass(9_000)
  expect(site.did).toEqual([])
  await site.pass(6_000)
  expect(site.did).toEqual(['restart service:api'])
  await site.pass(40_000)
  expect(site.did).toEqual(['restart service:api', 'restart-with-dependents service:api'])
  const [card] = site.attention.open()
  expect(card).toMatchObject({
    id: 'recovery:revive:service:api',
    title: 'Recovery has given up on api',
    dismissible: true,
  })
  expect(card?.why).toContain('Call Lab office, local 204.')
  expect(card?.fixes.map(({ label }) => label)).toEqual(['Restart api', 'Restore…', 'What was tried'])
  await site.attention.dismiss('recovery:revive:service:api', operator)
  await site.pass(3 * minute) // it climbs again, and the dismissed card does not come back for the same condition
  expect(site.attention.open()).toMatchObject([{ dismissed: true }])
  site.show('api', {})
  await site.pass(5_000)
  expect(site.attention.open()).toHaveLength(1) // it may fail again in a moment: it must be well for a while
  await site.pass(10_000)
  expect(site.attention.open()).toEqual([])
  const kinds = (await site.kinds()).map(({ kind }) => kind)
  expect(kinds).toContain('recovery.cured')
  const history = site.recovery.history({ limit: 10 }).attempts
  expect(history.at(-1)).toMatchObject({
    policy: 'revive',
    step: 0,
    action: 'restart',
    result: 'done',
    why: 'api has failed. It exited with code 3.',
  })
  expect(history.every(({ job, ms, event }) => job !== null && ms !== null && event !== null)).toBe(true)
})

test('a service that comes back in time, or is not wanted any more, is left alone', async () => {
  using folder = temporaryFolder()
  const site = await opened(folder.path, [policy('revive')])
  site.show('api', failed)
  site.show('web', { ...failed, wanted: false })
  await site.pass(8_000)
  site.show('api', { state: 'starting', health: 'unknown' })
  await site.pass(1_000)
  site.show('api', failed)
  await site.pass(8_000)
  expect(site.did).toEqual([])
})

test('figures, the machine and events are conditions as well; an old figure tells nothing', async () => {
  using folder = temporaryFolder()
  const site = await opened(folder.path, [
    policy('slow', { when: { kind: 'metric', expression: 'fps < 5', of: ['api'] }, forMs: 0 }),
    policy('full', { when: { kind: 'event', event: 'lab.broke', of: ['web'] }, forMs: 0 }),
  ])
  site.show('api', {})
  site.show('web', {})
  site.figures.set('api fps', { value: 1, at: site.clock.wall() - 10 * minute })
  await site.pass(5_000)
  expect(site.did).toEqual([])
  site.figures.set('api fps', { value: 1, at: site.clock.wall() })
  await site.pass(10_000)
  expect(site.did).toEqual(['restart service:api'])
  site.figures.set('api fps', { value: 30, at: site.clock.wall() })
  const { id } = site.events.emit({
    kind: 'lab.broke',
    subject: 'lamp',
    severity: 'warning',
    message: 'The lamp broke.',
    cause: operator,
  })
  await site.pass(15_000)
  expect(site.did).toEqual(['restart service:api', 'restart lamp'])
  await site.pass(2 * minute) // dealt with: nothing more is done about it
  expect(site.did).toHaveLength(2)
  const [attempt] = site.recovery.history({ policy: 'full', limit: 1 }).attempts
  expect(site.jobs.get(attempt?.job ?? '')?.cause).toEqual({ type: 'event', id })
})

test('a policy is switched off for the run, or with the whole part; then nothing is done', async () => {
  using folder = temporaryFolder()
  const site = await opened(folder.path, [policy('revive')])
  site.recovery.switch('revive', false, operator)
  site.show('api', failed)
  await site.pass(60_000)
  expect(site.did).toEqual([])
  expect(site.policy('revive')).toMatchObject({ state: 'off', switchedOff: true })
  site.recovery.switch('revive', true, operator)
  await site.pass(15_000)
  expect(site.did).toHaveLength(1)
  expect(() => site.recovery.switch('nothing', true, operator)).toThrow(/no recovery policy/)
  await site.close()
  const off = await opened(folder.path, [policy('revive')], { parts: { recovery: false } })
  off.show('api', failed)
  await off.pass(60_000)
  expect(off.did).toEqual([])
})

test('Run now shows what it would do and does it whatever the condition; it is on record as ordered and spends nothing of the day', async () => {
  using folder = temporaryFolder()
  mkdirSync(join(folder.path, 'data'))
  writeFileSync(join(folder.path, 'data', 'x'), '')
  const site = await opened(folder.path, [policy('revive')])
  site.show('api', {})
  expect(await site.recovery.preview({ policy: 'revive', subject: 'service:api' })).toMatchObject({
    step: 0,
    lines: ['restart api'],
    commandLine: 'wheelhouse recovery run revive --on service:api',
  })
  const { job } = await site.recovery.run({ policy: 'revive', subject: 'service:api' }, operator)
  expect((await site.jobs.finished(job)).state).toBe('completed')
  expect(site.recovery.history({ limit: 1 }).attempts).toMatchObject([{ manual: true, result: 'done' }])
  await expect(site.recovery.preview({ policy: 'revive', subject: 'service:other' })).rejects.toMatchObject({
    problem: { code: 'policy-subject' },
  })
  await expect(site.recovery.preview({ policy: 'revive', subject: null })).rejects.toMatchObject({
    problem: { code: 'policy-subject' },
  })
})
