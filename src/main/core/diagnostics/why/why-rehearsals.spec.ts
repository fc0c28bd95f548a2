import { describe, expect, it } from 'vitest'
import type { RehearsalsView } from '#shared/contract/rehearsals.ts'
import { at, factsOf } from '../../../../../test/support/why-facts.ts'
import { sampleRehearsals } from '../../../../renderer/testing/sample-rehearsals.ts'
import { why } from './why.ts'

const view = (more: Partial<RehearsalsView> = {}): RehearsalsView => {
  const { rehearsals } = sampleRehearsals(at(0))
  if (!rehearsals) throw new Error('there is no sample')
  return { ...rehearsals, ...more }
}
const asked = (rehearsals: RehearsalsView) => why({ kind: 'rehearsals' }, factsOf({ rehearsals }))

describe('why the light of the backups has its colour', () => {
  it('green: which snapshot came up, and how long it took', () => {
    expect(asked(view())).toMatchObject({
      health: 'healthy',
      sentence: expect.stringMatching(/^The light is green because the snapshot of .* came up .*: Proven: 5 of 5/),
      fixes: [],
      commandLine: 'wheelhouse why rehearsals',
    })
  })

  it('red: what did not come up, with its last lines, down to the snapshot', () => {
    const [, failed] = view().runs
    if (!failed) throw new Error('there is no sample')
    const api = {
      id: 'api',
      title: 'Consultation service',
      result: 'failed' as const,
      sentence: 'it ended with code 1',
      log: ['Error: the settings are gone'],
    }
    const answer = asked(view({ light: 'failed', runs: [{ ...failed, services: [api] }] }))
    expect(answer).toMatchObject({ health: 'unhealthy', root: 'snapshot:sn-2' })
    expect(answer.sentence).toContain('did not come up')
    expect(answer.evidence.map(({ sentence }) => sentence)).toContain(
      'Consultation service wrote: Error: the settings are gone',
    )
    expect(answer.fixes).toContainEqual({ label: 'Rehearse now', action: { type: 'rehearse' } })
  })

  it('amber: nobody has seen it come up; and off: there is nothing', () => {
    const sentence = 'Verified, not rehearsed: nobody has seen a snapshot come up yet.'
    expect(asked(view({ light: 'verified', sentence, proven: null, runs: [] }))).toMatchObject({ health: 'degraded' })
    expect(asked(view({ light: 'none', sentence: 'There is none.', proven: null, runs: [] })).health).toBe('unknown')
  })
})
