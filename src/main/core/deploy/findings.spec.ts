import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ServiceView } from '#shared/contract/state.ts'
import { makeDeploySite, openDeployRig, operator, siteYaml } from '../../../../test/support/deploy-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { judgeSpace, spareDisk } from './findings.ts'

const MB = 1024 * 1024
const site = (port: number) =>
  siteYaml()
    .replace('run: api.mjs', `run: api.mjs, ports: { http: ${port} }`)
    .replace('checks: [config]', 'checks: [config, ports, disk]')

async function planned(change: Partial<ServiceView>, options: Parameters<typeof openDeployRig>[1] = {}) {
  const folder = temporaryFolder()
  const directory = join(folder.path, 'site')
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  makeDeploySite(directory)
  writeFileSync(join(directory, 'site.yaml'), site(typeof address === 'object' && address ? address.port : 0))
  const rig = await openDeployRig(directory, options)
  onTestFinished(async () => {
    await rig[Symbol.asyncDispose]()
    other.close()
    folder[Symbol.dispose]()
  })
  await rig.startAll()
  rig.change('api', change)
  return { rig, directory, plan: await rig.deploys.plan('two') }
}

describe('What speaks against a deploy', () => {
  it('is a port that another program has, also when the service that wants it is being started again and again', async () => {
    for (const state of ['stopped', 'failed', 'waiting', 'backing-off'] as const) {
      const { plan } = await planned({ state })
      expect(plan.refusal, state).toContain('Taken by another program')
    }
  })

  it('is that port also when site.yaml names another by now that is not in use yet', async () => {
    const { rig, directory } = await planned({ state: 'failed' })
    writeFileSync(join(directory, 'site.yaml'), siteYaml())
    expect((await rig.deploys.plan('two')).refusal).toContain('Taken by another program')
  })

  it('is a service to be stopped that a unit of systemd runs, with what to do', async () => {
    const unit = {
      name: 'lab-api.service',
      of: 'system',
      holder: 'systemd',
      sentence: 'active',
      active: 'active',
      sub: 'running',
      startedAtBoot: 'enabled',
      pid: 4,
      memory: null,
      at: 0,
      can: 'adopt',
    } as const
    const { rig, plan } = await planned({ unit })
    expect(plan.refusal).toContain('would have to stop: api (lab-api.service)')
    expect(plan.refusal).toContain('wheelhouse adopt api')
    const begun = rig.deploys.begin({ release: 'two', fingerprint: null, trust: null, cause: operator })
    await expect(begun).rejects.toThrow('lab-api.service')
    rig.change('api', { unit: { ...unit, holder: 'console' } })
    expect((await rig.deploys.plan('two')).findings.map(({ id }) => id)).not.toContain('units')
  })

  it('is a disk without room for the data, where they may be put back; else that is a warning', () => {
    const room = { data: 500 * MB, mayRestore: true }
    expect(judgeSpace(spareDisk + room.data, room).state).toBe('passed')
    expect(judgeSpace(spareDisk + room.data - 1, room).state).toBe('failed')
    expect(judgeSpace(spareDisk + room.data - 1, { ...room, mayRestore: false }).state).toBe('warning')
    expect(judgeSpace(spareDisk - 1, { data: 0, mayRestore: false }).state).toBe('failed')
  })

  it('the plan counts the data as the newest snapshot of them had it', async () => {
    const snapshot = (at: number, kind: 'data' | 'full', bytes: number) => ({
      ...{ id: `sn-${at}`, at, kind, note: '', files: 1, bytes, added: 0, durationMs: 0, databases: 0 },
      ...{ verified: null, rehearsed: null, partial: false, warnings: [], pinned: false, release: null, before: null },
    })
    const snapshots = [snapshot(1, 'data', 5 * MB), snapshot(3, 'full', 900 * MB), snapshot(2, 'data', 7 * MB)]
    const { plan } = await planned({}, { snapshots })
    expect(plan.space.needed).toBe(spareDisk + 7 * MB)
  })
})
