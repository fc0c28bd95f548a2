import { expect, it } from 'vitest'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { recordingAttention, recordingEvents } from '../../../../test/support/messaging-rig.ts'
import type { TargetCounts } from './protocol.ts'
import { TargetWatch } from './target-watch.ts'

const target: TargetCounts = {
  name: 'https://example.com/hook',
  kind: 'webhook',
  delivered: 0,
  queued: 3,
  dropped: 0,
  expired: 0,
  passedOver: 0,
  merged: 0,
  quarantined: 0,
  carried: 0,
  lastError: 'it answered 503',
  failingSince: null,
}

it('A webhook that has taken nothing for a minute is a card, until a message arrives or none waits', async () => {
  const clock = new ManualClock()
  const { raised, attention } = recordingAttention()
  const { events, log } = recordingEvents()
  const watch = new TargetWatch({ clock, attention, events: log })
  const failing = { ...target, failingSince: clock.wall() }
  watch.look('hook', [failing])
  await clock.advance(59_000)
  watch.look('hook', [failing])
  expect(raised).toEqual([])
  await clock.advance(1_000)
  watch.look('hook', [failing])
  watch.look('hook', [failing])
  expect(raised.map(({ id, why }) => [id, why])).toEqual([
    ['target-failing:hook:https://example.com/hook', expect.stringContaining('it answered 503. 3 messages wait')],
  ])
  watch.look('hook', [{ ...failing, failingSince: null }])
  expect(raised).toEqual([])
  expect(events.map(({ kind }) => kind)).toEqual(['target.failing', 'target.recovered'])
  watch.look('hook', [{ ...failing, queued: 0 }])
  expect(raised).toEqual([])
  watch.look('hook', [failing])
  watch.look('hook', [])
  expect(raised).toEqual([])
})
