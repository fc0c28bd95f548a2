import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  type DeployRigOptions,
  leftBehind,
  makeDeploySite,
  openDeployRig,
  operator,
  siteYaml,
} from '../../../../test/support/deploy-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { deploySteps, isUntouched } from './deploy-machine.ts'

const carried = siteYaml('', '  report: { kind: node, run: kiosk.mjs }\n')

async function begun(options: DeployRigOptions = {}) {
  const folder = temporaryFolder()
  const directory = join(folder.path, 'site')
  makeDeploySite(directory, { carried, ...options })
  const rig = await openDeployRig(directory, { carried, ...options })
  onTestFinished(async () => {
    await rig[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })
  await rig.startAll()
  const { job } = await rig.deploys.begin({ release: 'two', fingerprint: null, trust: null, cause: operator })
  return { rig, job, directory, aside: join(folder.path, 'after') }
}

/** The site as it was before: the release, its file, its services on its code. */
function expectAsBefore(rig: Awaited<ReturnType<typeof openDeployRig>>) {
  expect(rig.current()).toBe('one')
  expect(rig.siteFile()).toBe(siteYaml())
  expect([rig.runs('api'), rig.runs('kiosk')]).toEqual(['one', 'one'])
}

const effects = {
  validate: 'verify',
  prepare: 'prepare',
  'back-up': 'back-up',
  stop: 'stop',
  switch: 'switch two',
  configure: 'reload',
  start: 'start',
  verify: 'verify',
} as const

describe('A deploy of which a step fails', () => {
  it.each(deploySteps)('ends as it was before when %s does', async (step) => {
    let armed = false
    let left = step === 'verify' ? 1 : 0 // the first look at the checks belongs to validate
    const { rig, job } = await begun({
      failing: (effect) => {
        if (!armed || effect !== effects[step] || left-- !== 0) return
        throw new Error('it would not')
      },
      crashPoints: {
        reach(name) {
          if (name === 'deploy.in-validate') armed = true
        },
      },
    })
    const view = await rig.ended(job)
    expect(view.state).toBe('failed')
    const [told] = rig.deploys.history()
    expect(told).toMatchObject({ phase: isUntouched(step) ? 'refused' : 'rolled-back', failedAt: step })
    expect(told?.failure).toContain('it would not')
    expectAsBefore(rig)
    // An error of this console says nothing about the release: it can be deployed again.
    expect(rig.verdicts.get('two')).toBeUndefined()
  })

  it.each(deploySteps)('ends as it was before when from %s on nothing can be written down', async (step) => {
    const folder = { path: '' }
    const { rig, job, directory } = await begun({
      crashPoints: {
        reach(name) {
          const own = join(folder.path, '.wheelhouse', 'deploy')
          if (name === `deploy.in-${step}` && existsSync(own)) renameSync(own, `${own}-gone`)
        },
      },
    })
    folder.path = directory
    const view = await rig.ended(job)
    expect(view.state).toBe('failed')
    expectAsBefore(rig)
  })

  it.each([
    ['does not start', 'fails', 'start'],
    ['hangs while it starts', 'hangs', 'start'],
    ['never becomes healthy', 'never healthy', 'verify'],
    ['breaks what passed before', 'fails the checks', 'verify'],
  ] as const)('goes back and marks the release when it %s', async (_, behaviour, step) => {
    const { rig, job } = await begun({ behaviour: { two: behaviour } })
    expect((await rig.ended(job)).state).toBe('failed')
    expect(rig.deploys.history()[0]).toMatchObject({ phase: 'rolled-back', failedAt: step, tookBack: 'code' })
    expectAsBefore(rig)
    expect(rig.verdicts.get('two')).toBe('bad')
    const card = rig.attention.open().find(({ id }) => id === 'deploy-failed')
    expect(card?.why).toContain('Its code is as before')
    expect(card?.why, 'the title says that already').not.toContain(card?.title)
    const again = rig.deploys.begin({ release: 'two', fingerprint: null, trust: null, cause: operator })
    await expect(again).rejects.toThrow('proved bad')
  })

  it('takes the data back as well where the site says so', async () => {
    const deploy = '  data: code-and-data\n'
    const { rig, job } = await begun({ carried: siteYaml(deploy), behaviour: { two: 'fails' } })
    await rig.ended(job)
    expect(rig.deploys.history()[0]).toMatchObject({ phase: 'rolled-back', tookBack: 'code-and-data' })
    const order = rig.did.filter((what) => /^(stop|switch|restore|start)/.test(what))
    expect(order.slice(-4)).toEqual([
      'stop api kiosk',
      'switch one',
      'restore sn-before of data, .wheelhouse-databases',
      'start api kiosk',
    ])
  })

  it('is stuck when the way back fails too: a card, and the services run on what lies there', async () => {
    let broken = true
    const { rig, job } = await begun({
      behaviour: { two: 'never healthy' },
      failing: (effect) => {
        if (broken && effect === 'switch one') throw new Error('the disk is full')
      },
    })
    await rig.ended(job)
    const [told] = rig.deploys.history()
    expect(told).toMatchObject({ phase: 'stuck', failedAt: 'verify' })
    const card = rig.attention.open().find(({ id }) => id === `deploy-stuck:${job}`)
    expect(card).toMatchObject({ severity: 'critical', dismissible: false })
    expect(card?.why).toContain('the disk is full')
    expect(rig.runs('api')).toBe('two')
    // Put right, and tried again.
    broken = false
    const again = await rig.deploys.settle(job, operator)
    expect((await rig.ended(again.job)).state).toBe('completed')
    expectAsBefore(rig)
    expect(rig.attention.open().map(({ id }) => id)).not.toContain(`deploy-stuck:${job}`)
  })
})

describe('A console that is killed', () => {
  const moments = deploySteps.flatMap((step) => [`deploy.in-${step}`, `deploy.after-${step}`])

  it.each(moments)('at %s leaves what the next opening brings to an end', async (moment) => {
    let at = { directory: '', aside: '' }
    const before: Record<string, string> = {}
    const first = await begun({
      crashPoints: {
        reach(name) {
          if (name !== moment) return
          leftBehind(at.directory, at.aside)
          for (const id of ['api', 'kiosk']) {
            const code = running(id)
            if (code !== null) before[id] = code
          }
        },
      },
    })
    const running = (id: string) => first.rig.runs(id)
    at = first
    await first.rig.ended(first.job)

    const next = await openDeployRig(first.aside, { adopted: before, uncleanExit: true })
    onTestFinished(() => next[Symbol.asyncDispose]())
    await next.deploys.recover([])
    const phase = next.deploys.history()[0]?.phase
    // The files are as before at once, whatever else is still to be done.
    if (moment === 'deploy.after-verify') expect([phase, next.current()]).toEqual(['probation', 'two'])
    else expect([next.current(), next.siteFile()]).toEqual(['one', siteYaml()])
    void next.deploys.resume()
    const end = await next.reaches(first.job, 'refused', 'rolled-back', 'probation')
    const step = deploySteps.find((each) => moment.endsWith(each)) ?? 'validate'
    if (moment === 'deploy.after-verify') expect(end).toBe('probation')
    else if (moment === 'deploy.after-back-up' || !isUntouched(step)) {
      expect(['rolled-back', 'refused']).toContain(end)
      if (end === 'rolled-back') expect([next.runs('api'), next.runs('kiosk')]).toEqual(['one', 'one'])
      else expect(moment).toBe('deploy.after-back-up')
    } else expect(end).toBe('refused')
  })

  it.each(['deploy.back-after-stop', 'deploy.back-after-switch', 'deploy.back-before-start'])(
    'on the way back, at %s, goes on with it',
    async (moment) => {
      let at = { directory: '', aside: '' }
      const first = await begun({
        behaviour: { two: 'fails' },
        crashPoints: {
          reach(name) {
            if (name === moment) leftBehind(at.directory, at.aside)
          },
        },
      })
      at = first
      await first.rig.ended(first.job)
      const next = await openDeployRig(first.aside, { uncleanExit: true })
      onTestFinished(() => next[Symbol.asyncDispose]())
      await next.deploys.recover([])
      void next.deploys.resume()
      expect(await next.reaches(first.job, 'rolled-back', 'stuck')).toBe('rolled-back')
      expectAsBefore(next)
      expect(next.verdicts.get('two')).toBe('bad')
    },
  )
})
