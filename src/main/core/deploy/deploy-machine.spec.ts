import { describe, expect, it } from 'vitest'
import type { DeployPhase } from '#shared/contract/deploys.ts'
import {
  atFirst,
  type DeployFact,
  deploySteps,
  isOver,
  isUntouched,
  mostChanges,
  onFact,
  type Standing,
} from './deploy-machine.ts'

const touching = deploySteps.filter((step) => !isUntouched(step))
const at = (phase: DeployPhase, more: Partial<Standing> = {}): Standing => ({ ...atFirst(2), ...more, phase })
const facts: readonly DeployFact[] = [
  { type: 'done' },
  { type: 'failed', blame: false },
  { type: 'failed', blame: true },
  { type: 'called-off' },
  { type: 'cut-off' },
  { type: 'crashed' },
  { type: 'again' },
]
const phases: readonly DeployPhase[] = [
  ...deploySteps,
  'probation',
  'rolling-back',
  'committed',
  'rolled-back',
  'refused',
  'stuck',
]

describe('The way of a deploy', () => {
  it('goes through the eight steps, probation and the end when all is well', () => {
    const seen: DeployPhase[] = []
    for (let standing = atFirst(2); ; standing = onFact(standing, { type: 'done' })) {
      seen.push(standing.phase)
      if (isOver(standing.phase)) break
    }
    expect(seen).toEqual([...deploySteps, 'probation', 'committed'])
  })

  describe.each(deploySteps.filter(isUntouched))('at %s, where nothing was touched yet', (step) => {
    it.each([{ type: 'failed', blame: false }, { type: 'called-off' }, { type: 'cut-off' }] as const)(
      'ends without a way back when it is $type',
      (fact) => {
        expect(onFact(at(step), fact)).toMatchObject({ phase: 'refused', failedAt: step, bad: false })
      },
    )
  })

  describe.each(touching)('at %s, where services or files were touched', (step) => {
    it.each([{ type: 'failed', blame: false }, { type: 'called-off' }, { type: 'cut-off' }] as const)(
      'goes back when it is $type',
      (fact) => {
        expect(onFact(at(step), fact)).toMatchObject({ phase: 'rolling-back', failedAt: step, bad: false })
      },
    )

    it('marks the release when the failure says something about it', () => {
      expect(onFact(at(step), { type: 'failed', blame: true })).toMatchObject({ phase: 'rolling-back', bad: true })
    })
  })

  it('takes a release that failed in probation for bad', () => {
    const failed = onFact(at('probation'), { type: 'failed', blame: true })
    expect(failed).toMatchObject({ phase: 'rolling-back', failedAt: 'probation', bad: true })
  })

  it.each(['crashed', 'cut-off'] as const)(
    'forgives in probation as many as are allowed when it %s, and then goes back',
    (type) => {
      const once = onFact(at('probation'), { type })
      const twice = onFact(once, { type })
      expect([once.phase, twice.phase]).toEqual(['probation', 'probation'])
      expect(onFact(twice, { type })).toMatchObject({ phase: 'rolling-back', crashes: 3, bad: true })
    },
  )

  it('does not blame the release when the operator goes back in probation', () => {
    expect(onFact(at('probation'), { type: 'called-off' })).toMatchObject({ phase: 'rolling-back', bad: false })
  })

  it('is stuck when the way back fails too, until a person orders it tried again', () => {
    const stuck = onFact(at('rolling-back'), { type: 'failed', blame: false })
    expect(stuck.phase).toBe('stuck')
    for (const fact of facts.filter(({ type }) => type !== 'again')) expect(onFact(stuck, fact)).toBe(stuck)
    expect(onFact(stuck, { type: 'again' }).phase).toBe('rolling-back')
  })

  it('goes on with the way back that was cut off, and gives up when that happens for ever', () => {
    let standing = at('rolling-back')
    for (let n = 0; n < mostChanges; n++) {
      standing = onFact(standing, { type: 'cut-off' })
      expect(standing.phase).toBe('rolling-back')
    }
    expect(onFact(standing, { type: 'cut-off' }).phase).toBe('stuck')
  })

  it.each(phases.flatMap((phase) => facts.map((fact) => ({ phase, fact, type: fact.type }))))(
    'has an answer for $type at $phase, and leaves no end',
    ({ phase, fact }) => {
      const next = onFact(at(phase), fact)
      expect(phases).toContain(next.phase)
      if (isOver(phase)) expect(next.phase).toBe(phase)
      // From wherever it is, what goes wrong from here on comes to an end in few changes.
      let standing = next
      for (let n = 0; n < 4 && !isOver(standing.phase) && standing.phase !== 'stuck'; n++) {
        standing = onFact(standing, { type: 'failed', blame: true })
      }
      expect(isOver(standing.phase) || standing.phase === 'stuck').toBe(true)
    },
  )
})
