import { expect, test } from 'vitest'
import { silentLogger } from '#core/platform/index.ts'
import { openStateHub } from '#core/state/index.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { RehearsalBoard } from './board.ts'

test('a rehearsal that is due and cannot begin says why, where everybody looks, until it begins', async () => {
  const clock = new ManualClock()
  using state = openStateHub({ clock, logger: silentLogger })
  using board = new RehearsalBoard({ state, clock, timetable: () => null, since: () => null })
  const shown = () => state.slice('rehearsals').get('rehearsals')?.waiting
  board.show()
  expect(shown()).toBeNull()
  board.wait('Nothing is rehearsed while "Back up Lab" runs.')
  expect(shown()).toBe('Nothing is rehearsed while "Back up Lab" runs.')
  board.wait(null)
  expect(shown()).toBeNull()
})
