import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  type DeployRigOptions,
  leftBehind,
  makeDeploySite,
  openDeployRig,
  operator,
} from '../../../../test/support/deploy-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'

const minute = 60_000

async function onProbation(options: DeployRigOptions = {}) {
  const folder = temporaryFolder()
  const directory = join(folder.path, 'site')
  makeDeploySite(directory, options)
  const rig = await openDeployRig(directory, options)
  onTestFinished(async () => {
    await rig[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })
  await rig.startAll()
  const { job } = await rig.deploys.begin({ release: 'two', fingerprint: null, trust: null, cause: operator })
  expect((await rig.ended(job)).state).toBe('completed')
  expect(rig.deploys.history()[0]?.phase).toBe('probation')
  return { rig, job, directory, aside: join(folder.path, 'after') }
}

describe('Probation', () => {
  it('makes the release final when all has been healthy for its time, and not before', async () => {
    const { rig, job } = await onProbation()
    await rig.clock.advance(25 * minute)
    expect(rig.deploys.history()[0]?.phase).toBe('probation')
    expect(rig.deploys.protects()).toEqual(['two', 'one'])
    expect(await rig.reaches(job, 'committed', 'rolled-back')).toBe('committed')
    expect(await rig.until('the verdict', () => rig.verdicts.get('two'))).toBe('good')
    expect(rig.runs('api')).toBe('two')
  })

  it('goes back by itself when a service is given up, and marks the release', async () => {
    const { rig, job } = await onProbation()
    rig.change('api', { state: 'failed', health: 'unhealthy', reason: 'It crashed five times.' })
    expect(await rig.reaches(job, 'rolled-back', 'committed')).toBe('rolled-back')
    expect([rig.current(), rig.runs('api'), rig.verdicts.get('two')]).toEqual(['one', 'one', 'bad'])
    expect(rig.deploys.history()[0]).toMatchObject({ failedAt: 'probation' })
  })

  it('forgives two crashes of services and goes back at the third', async () => {
    const { rig, job } = await onProbation()
    for (const restarts of [1, 2]) {
      rig.change('kiosk', { restarts })
      await rig.clock.advance(1_000)
    }
    expect(rig.deploys.history()[0]).toMatchObject({ phase: 'probation', probation: { crashes: 2, allowed: 2 } })
    rig.change('kiosk', { restarts: 3 })
    expect(await rig.reaches(job, 'rolled-back', 'committed')).toBe('rolled-back')
  })

  it('bears a service that is unhealthy for less than the grace, and begins its time anew', async () => {
    const { rig, job } = await onProbation()
    await rig.clock.advance(20 * minute)
    rig.change('api', { health: 'unhealthy', reason: 'It does not answer.' })
    await rig.clock.advance(20_000)
    rig.change('api', { health: 'healthy' })
    await rig.clock.advance(20 * minute)
    expect(rig.deploys.history()[0]?.phase).toBe('probation')
    rig.change('api', { health: 'unhealthy' })
    await rig.clock.advance(31_000)
    expect(await rig.reaches(job, 'rolled-back', 'committed')).toBe('rolled-back')
  })

  it('holds nothing against the release that an operator stopped on purpose', async () => {
    const { rig, job } = await onProbation()
    rig.change('kiosk', { state: 'stopped', health: 'unknown', wanted: false })
    rig.change('api', { health: 'healthy' })
    expect(await rig.reaches(job, 'rolled-back', 'committed')).toBe('committed')
  })

  it('counts a crash of console or PC, begins anew, and goes back when there are too many', async () => {
    const { directory, aside, job } = await onProbation({ deploy: '  attempts: 1\n' })
    leftBehind(directory, aside)
    const second = await openDeployRig(aside, { uncleanExit: true })
    onTestFinished(() => second[Symbol.asyncDispose]())
    await second.deploys.recover([])
    await second.deploys.resume()
    expect(second.deploys.history()[0]).toMatchObject({ phase: 'probation', probation: { crashes: 1 } })
    expect(second.current()).toBe('two')
    leftBehind(aside, `${aside}-again`)
    const third = await openDeployRig(`${aside}-again`, { uncleanExit: true })
    onTestFinished(() => third[Symbol.asyncDispose]())
    await third.deploys.recover([])
    expect(third.current()).toBe('one')
    void third.deploys.resume()
    expect(await third.reaches(job, 'rolled-back', 'committed')).toBe('rolled-back')
    expect(third.verdicts.get('two')).toBe('bad')
  })

  it('does not count a console that was closed in order, and lets no time pass while nothing runs', async () => {
    const { directory, aside } = await onProbation()
    leftBehind(directory, aside)
    const next = await openDeployRig(aside, { uncleanExit: false })
    onTestFinished(() => next[Symbol.asyncDispose]())
    await next.deploys.recover([])
    await next.deploys.resume()
    next.change('api', { state: 'stopped' })
    await next.clock.advance(120 * minute)
    expect(next.deploys.history()[0]).toMatchObject({ phase: 'probation', probation: { crashes: 0 } })
  })

  it('is ended by the operator either way', async () => {
    const one = await onProbation()
    await one.rig.deploys.commit(one.job, operator)
    expect(one.rig.deploys.history()[0]?.phase).toBe('committed')
    const other = await onProbation()
    const plan = await other.rig.deploys.planRollBack({ release: 'previous', takeBack: 'code' })
    expect(plan).toMatchObject({ release: 'one', refusal: null, dataPossible: true })
    const back = { release: 'previous', takeBack: 'code' as const, fingerprint: plan.fingerprint, cause: operator }
    const { job } = await other.rig.deploys.rollBack(back)
    expect((await other.rig.ended(job)).state).toBe('completed')
    expect(other.rig.deploys.history()[0]).toMatchObject({ phase: 'rolled-back', failure: null })
    expect([other.rig.current(), other.rig.verdicts.get('two')]).toEqual(['one', undefined])
  })
})

describe('Going back after it was final', () => {
  it('leads to the release from before, verified, and to the data of that time when that is wished', async () => {
    const { rig, job } = await onProbation()
    await rig.deploys.commit(job, operator)
    const begun = await rig.deploys.rollBack({
      release: 'one',
      takeBack: 'code-and-data',
      fingerprint: null,
      cause: operator,
    })
    expect((await rig.ended(begun.job)).state).toBe('completed')
    expect(rig.deploys.history()[0]).toMatchObject({ kind: 'roll-back', phase: 'committed', tookBack: 'code-and-data' })
    expect(rig.did).toContain('restore sn-before of data, .wheelhouse-databases')
    expect([rig.current(), rig.runs('api')]).toEqual(['one', 'one'])
  })
})
