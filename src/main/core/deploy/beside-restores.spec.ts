import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openBackupRig } from '../../../../test/support/backup-rig.ts'
import { makeDeploySite, openDeployRig, operator } from '../../../../test/support/deploy-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'

const request = (kind: string, lane: string) => ({
  kind,
  subject: 'site',
  title: kind === 'deploy.run' ? 'Deploy two' : 'Restore Monday',
  steps: [],
  cause: operator,
  commandLine: '',
  input: {},
  lane,
  cancellable: true,
})

describe('A restore and a deploy', () => {
  it('a restore is refused while a deploy runs, except as a part of just that', async () => {
    using folder = temporaryFolder()
    const site = join(folder.path, 'site')
    makeDeploySite(site)
    await using rig = await openBackupRig({ site, folder: join(folder.path, 'backups') })
    const snapshot = await rig.backUp()
    const done = Promise.withResolvers<void>()
    const deploy = await rig.jobs.start(request('deploy.run', 'deploy'), async () => {
      await done.promise
      return { message: 'done' }
    })
    await expect(rig.restore(snapshot)).rejects.toThrow('"Deploy two" is exchanging the release')
    const part = await rig.backups.restore({ snapshot, fingerprint: null, cause: operator, within: deploy.id })
    expect((await rig.jobs.finished(part.job)).state).toBe('completed')
    done.resolve()
    await rig.jobs.finished(deploy.id)
    expect((await rig.restore(snapshot)).state).toBe('completed')
  })

  it('the way back of a release that failed on probation waits for a restore that is under way', async () => {
    const folder = temporaryFolder()
    const directory = join(folder.path, 'site')
    makeDeploySite(directory)
    const rig = await openDeployRig(directory)
    onTestFinished(async () => {
      await rig[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    })
    await rig.startAll()
    const { job } = await rig.deploys.begin({ release: 'two', fingerprint: null, trust: null, cause: operator })
    await rig.ended(job)
    const done = Promise.withResolvers<void>()
    await rig.jobs.start(request('restore.run', 'backup'), async () => {
      await done.promise
      return { message: 'done' }
    })
    rig.change('api', { state: 'failed', health: 'unhealthy', reason: 'It crashed five times.' })
    expect(await rig.reaches(job, 'rolling-back')).toBe('rolling-back')
    let turns = 0
    await rig.until('half a minute', () => ++turns > 300)
    expect([rig.current(), rig.deploys.history()[0]?.phase]).toEqual(['two', 'rolling-back'])
    const restored = rig.clock.wall()
    done.resolve()
    expect(await rig.reaches(job, 'rolled-back', 'stuck')).toBe('rolled-back')
    expect(rig.current()).toBe('one')
    const back = rig.jobs.ofArea('deploy', 5).find(({ view }) => view.kind === 'deploy.roll-back')
    expect(back?.view.startedAt).toBeGreaterThanOrEqual(restored)
  })
})
