import { existsSync } from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import { systemClock } from '#core/platform/index.ts'
import { Systemctl } from './systemctl.ts'
import { unitState, watchedProperties } from './unit-properties.ts'

// The real systemctl, where a systemd runs: read only.

beforeEach((context) => {
  if (!existsSync('/run/systemd/system')) context.skip('systemd does not run on this machine')
})

test('a real systemd tells of a unit that every machine has, and of one that none has, in one answer', async () => {
  const systemctl = new Systemctl({ clock: systemClock(), environment: process.env, user: { name: 'lab', uid: null } })
  const names = ['systemd-journald.service', 'no-such-thing-of-wheelhouse.service']
  const shown = await systemctl.show('system', names, watchedProperties)
  if (shown.answer !== 'shown') throw new Error(shown.sentence)
  const [journald = {}, missing = {}] = shown.units
  expect(journald.Id).toBe('systemd-journald.service')
  expect(unitState(journald)).toMatchObject({ active: 'active', sub: 'running', pid: expect.any(Number) })
  expect(unitState(missing)).toBeNull()
})

test('what a real systemd refuses to do to a unit that is not there is a sentence', async () => {
  const systemctl = new Systemctl({ clock: systemClock(), environment: process.env, user: { name: 'lab', uid: null } })
  const stop = systemctl.act('stop', { name: 'no-such-thing-of-wheelhouse.service', of: 'system' })
  await expect(stop).rejects.toMatchObject({ problem: { code: expect.stringMatching(/^unit-(failed|refused)$/) } })
})
