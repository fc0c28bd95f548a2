import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { DependencyView, DrillPlan, DrillRun, JobView, MaintenanceView, Why } from '#shared/contract/index.ts'
import type { PushedView } from '#shared/contract/state.ts'
import { UserHere } from '../support/command-line.ts'
import { temporaryFolder } from '../support/folders.ts'
import { makeTinySite } from '../support/tiny-site.ts'
import { until } from '../support/until.ts'
import { behaviours, type Upstream, upstream } from '../support/upstream.ts'

/** Pushes its figures once it runs. */
const pushing = `const { WHEELHOUSE_PUSH_URL: url, WHEELHOUSE_PUSH_TOKEN: token } = process.env
const body = JSON.stringify({ health: 'healthy', sentence: 'Two of two cameras.', figures: { fps: 24.5 } })
const push = () => fetch(url, { method: 'POST', headers: { authorization: 'Bearer ' + token }, body }).catch(() => {})
setInterval(push, 200)
process.on('SIGTERM', () => process.exit(0))
`

/** A user with a tiny site, to which a service that pushes and calls a dependency is added. */
async function newUser(other: Upstream) {
  const folder = temporaryFolder()
  const user = new UserHere(folder.path)
  const site = join(folder.path, 'site')
  onTestFinished(async () => {
    await user.endSite(site)
    folder[Symbol.dispose]()
  })
  const dependencies = `dependencies:\n  model: { url: "${other.url}", check: { http: /health } }\n`
  await makeTinySite(site, { extra: dependencies })
  writeFileSync(join(site, 'services', 'eye.mjs'), pushing)
  const backoff = 'restart: { backoff: { first: 100ms, cap: 100ms } }'
  const eye = `  eye: { kind: node, run: services/eye.mjs, push: http, uses: [model], ${backoff} }\nroutes:`
  const file = join(site, 'site.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace('routes:', eye))
  return { user, site }
}

async function startAll(user: UserHere, site: string) {
  const host = await user.startHost('--site', site)
  expect(await user.run('trust', '--yes')).toMatchObject({ code: 0 })
  expect(await user.run('start', '--all')).toMatchObject({ code: 0 })
  return host
}

test('what takes a running console says how to start one when none runs, and a length that is none is told', async () => {
  await using other = await upstream()
  const { user, site } = await newUser(other)
  for (const args of [
    ['drill', 'run', 'kill-eye', '--yes'],
    ['dependency', 'isolate', 'model'],
    ['dependency', 'check', 'model'],
    ['adopt', 'eye', '--yes'],
  ]) {
    const { code, err } = await user.run(...args, '--site', site)
    expect({ args, code }).toEqual({ args, code: 2 })
    expect(err).toContain(`wheelhouse start --headless --site ${site}`)
  }
  const short = await user.run('maintenance', 'on', '--for', '5s', '--site', site)
  expect(short).toMatchObject({ code: 2, err: expect.stringContaining('it lasts from a minute to a week') })
})

test('dependencies and figures from the command line, over a console that runs', async () => {
  await using other = await upstream()
  const { user, site } = await newUser(other)
  await startAll(user, site)

  const figures = async () => (await user.document<{ pushed: PushedView[] }>('figures', 'eye')).pushed
  await until('a push to be shown', async () => (await figures()).length === 1)
  expect(await figures()).toMatchObject([{ id: 'eye', health: 'healthy', figures: [{ name: 'fps', value: 24.5 }] }])
  const words = await user.run('figures')
  expect(words.out).toContain('eye says healthy: Two of two cameras.')
  expect(words.out).toMatch(/^eye +fps +24\.5 /m)

  expect(await user.run('dependency', 'check', 'model')).toMatchObject({
    code: 0,
    out: expect.stringContaining('model: passed'),
  })
  other.behave(behaviours.status(500))
  expect(await user.run('dependency', 'check', 'model')).toMatchObject({
    code: 1,
    out: expect.stringContaining('model: FAILED'),
  })
  expect(await user.run('check')).toMatchObject({ code: 1, out: expect.stringContaining('External API') })
  // The proxy tells the shown state of its dependencies once a second.
  const why = await until('the answer to lead to the dependency', async () => {
    const told = await user.document<Why>('why', 'check:external-api')
    return told.root === 'dependency:model' && told
  })
  expect(why).toMatchObject({
    health: 'unhealthy',
    root: 'dependency:model',
    commandLine: 'wheelhouse why check:external-api',
  })
  other.behave((response) => response.end('fine'))
  const breaker = async () =>
    (await user.document<{ dependency: DependencyView }>('dependency', 'show', 'model')).dependency.state
  expect(await user.document('dependency', 'isolate', 'model')).toEqual({ done: 'isolate', dependency: 'model' })
  await until('it to be isolated', async () => (await breaker()) === 'isolated')
  expect((await user.run('dependency')).out).toMatch(/^model +http:\S+ +isolated .* eye$/m)
  expect(await user.run('dependency', 'reset', 'model')).toMatchObject({ code: 0 })
  await until('it to be closed', async () => (await breaker()) === 'closed')
  for (const [args, sentence] of [
    [['dependency', 'isolate', 'modle'], 'This site has no dependency "modle"'],
    [['dependency', 'show', 'modle'], 'This site has no dependency "modle"'],
    [['why', 'check:external-apy'], 'Did you mean check:external-api?'],
    [['figures', 'eya'], 'There is no service eya in this site'],
  ] as const) {
    const { code, err } = await user.run(...args)
    expect({ args, code }).toEqual({ args, code: 2 })
    expect(err).toContain(sentence)
  }
})

test('drills and maintenance from the command line, over a console that runs, and as far as they go when it has ended', async () => {
  await using other = await upstream()
  const { user, site } = await newUser(other)
  const host = await startAll(user, site)
  expect(await user.run('maintenance', 'on', '--for', '10m')).toMatchObject({ code: 0 })
  const { maintenance } = await user.document<{ maintenance: MaintenanceView }>('maintenance')
  expect(maintenance).toMatchObject({ on: true, reason: '', held: { restarts: 0 } })
  const held = await user.run('drill', 'run', 'kill-eye', '--yes')
  expect(held).toMatchObject({ code: 2, err: expect.stringContaining('while maintenance is on') })
  expect(await user.run('maintenance', 'off')).toMatchObject({ code: 0 })

  const unasked = await user.run('drill', 'run', 'kill-eye')
  expect(unasked).toMatchObject({ code: 2, err: expect.stringContaining('Nobody is there to say yes') })
  const { runs: none } = await user.document<{ runs: DrillRun[] }>('drill', 'history', 'kill-eye')
  expect(none).toEqual([])
  const { job } = await user.document<{ job: JobView }>('drill', 'run', 'kill-eye', '--yes')
  expect(job).toMatchObject({ state: 'completed', commandLine: 'wheelhouse drill run kill-eye' })
  const { runs } = await user.document<{ runs: DrillRun[] }>('drill', 'history', 'kill-eye')
  expect(runs).toMatchObject([{ id: job.id, state: 'completed', restarts: 1 }])
  expect((await user.run('drill')).out).toMatch(/^kill-eye +Kill eye +completed /m)
  const why = await user.document<Why>('why', 'drill:kill-eye')
  expect(why).toMatchObject({ health: 'healthy', root: 'drill:kill-eye' })
  expect(why.evidence.map(({ sentence }) => sentence)).toContainEqual(expect.stringContaining('Kill eye'))
  for (const args of [
    ['drill', 'run', 'kill-eya', '--yes'],
    ['drill', 'history', 'kill-eya'],
  ]) {
    const { code, err } = await user.run(...args)
    expect({ args, code }).toEqual({ args, code: 2 })
    expect(err).toContain('This site has no drill "kill-eya"')
  }

  expect(await host.stop('SIGTERM')).toBe(0)
  const { plan } = await user.document<{ plan: DrillPlan }>('drill', 'run', 'kill-eye', '--plan', '--site', site)
  expect(plan.refusal).toContain('eye is not')
  expect((await user.run('drill', 'history', '--site', site)).out).toContain('kill-eye')
  expect(await user.run('maintenance', 'on', '--for', '2h', '--reason', 'new switch', '--site', site)).toMatchObject({
    code: 0,
    out: expect.stringContaining('Maintenance is on until'),
  })
  expect((await user.run('maintenance', '--site', site)).out).toContain('new switch')
  expect(await user.run('maintenance', 'off', '--site', site)).toMatchObject({ code: 0 })
  const twice = await user.run('maintenance', 'off', '--site', site)
  expect(twice).toMatchObject({ code: 2, err: expect.stringContaining('Maintenance is not on') })
})
