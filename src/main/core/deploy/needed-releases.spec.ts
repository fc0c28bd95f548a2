import { expect, it } from 'vitest'
import { silentLogger } from '#core/platform/index.ts'
import { openStateHub } from '#core/state/index.ts'
import type { ServiceView } from '#shared/contract/state.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { atFirst } from './deploy-machine.ts'
import { NeededWatch, neededOf } from './needed-releases.ts'

const releases = ['one', 'two', 'twofold'].map((id) => ({ id, folder: `/site/releases/${id}` }))
const deploy = (phase: 'verify' | 'rolled-back') => ({
  release: 'two',
  from: 'one',
  standing: { ...atFirst(2), phase },
})

it('both releases of a deploy are needed until it has come to its end, and those whose code runs', () => {
  expect(neededOf([deploy('verify')], [], releases)).toEqual(['two', 'one'])
  expect(neededOf([deploy('rolled-back')], [], releases)).toEqual([])
  const inside = { pid: 5, cwd: '/site/releases/two/services' }
  expect(neededOf([], [inside], releases)).toEqual(['two'])
  expect(neededOf([], [{ ...inside, pid: null }], releases)).toEqual([])
})

it('releases are shown anew when other ones are needed, and only then', async () => {
  const clock = new ManualClock()
  using state = openStateHub({ clock, logger: silentLogger })
  let needed: readonly string[] = ['one']
  let shown = 0
  const show = async () => void shown++
  using _watch = new NeededWatch(state, { needed: () => needed, show, logger: silentLogger })
  const change = async (restarts: number) => {
    state.slice('services').set('api', { id: 'api', restarts } as ServiceView)
    await clock.advance(1_000)
    return shown
  }
  expect(await change(1)).toBe(1)
  expect(await change(2)).toBe(1)
  needed = []
  expect(await change(3)).toBe(2)
})
