import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { commandsOf, loadSite, shippedPolicies, trustFingerprint } from './index.ts'

async function load(recovery: string) {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  mkdirSync(join(folder.path, 'services'))
  writeFileSync(join(folder.path, 'services/api.mjs'), '')
  writeFileSync(
    join(folder.path, 'site.yaml'),
    `wheelhouse: 1\nsite: lab\nservices:\n  api: { kind: node, run: services/api.mjs }\n${recovery}`,
  )
  return await loadSite(folder.path)
}

async function policiesOf(recovery: string) {
  const loaded = await load(recovery)
  if (!loaded.valid) throw new Error(JSON.stringify(loaded.problems))
  return loaded.definition.recovery
}

async function mistakesOf(recovery: string) {
  const loaded = await load(recovery)
  return loaded.valid ? [] : loaded.problems.map(({ code, path }) => `${code} ${path}`)
}

test('every site has the four shipped policies, which are themselves valid text of site.yaml', async () => {
  const policies = await policiesOf('')
  expect(Object.keys(policies)).toEqual(['reset-corrupt-state', 'restart-unhealthy', 'clear-caches', 'recover-site'])
  expect(Object.values(policies).every(({ on, shipped }) => on && shipped)).toBe(true)
  const written = await policiesOf(`recovery:\n${shippedPolicies.replaceAll(/^(?=.)/gm, '  ')}`)
  expect(written).toEqual(policies)
})

test('a site switches a shipped policy off, changes a part of it, or gives it another condition', async () => {
  const policies = await policiesOf(`recovery:
  clear-caches: off
  recover-site: { on: false }
  restart-unhealthy: { for: 5m, do: [ restart ] }
  reset-corrupt-state: { metric: "broken > 0", of: api }
`)
  expect(policies['clear-caches']).toMatchObject({ on: false, steps: [{ action: 'clear-cache' }] })
  expect(policies['recover-site']?.on).toBe(false)
  expect(policies['restart-unhealthy']).toMatchObject({
    on: true,
    forMs: 300_000,
    steps: [{ action: 'restart' }],
    when: { kind: 'health', is: 'unhealthy', of: 'all' },
    coolDownMs: 900_000,
  })
  expect(policies['reset-corrupt-state']?.when).toEqual({ kind: 'metric', expression: 'broken > 0', of: ['api'] })
})

test('paths that recovery may touch lie below data/, however they are written', async () => {
  const paths = [
    '../x',
    'data/../x',
    '/etc',
    'data',
    'data/',
    'data/.',
    './data/..',
    'services',
    '~/x',
    'C:/x',
    'data\\..\\x',
    'data/${site}/x',
    'data/a\\0/../../..',
    '',
  ]
  for (const path of paths) {
    for (const action of ['reset-state', 'reset-corrupt', 'clear-cache']) {
      const text = `recovery:\n  p: { when: service.failed, do: [ { ${action}: [ ${JSON.stringify(path)} ] } ] }\n`
      expect(await mistakesOf(text), `${action} ${path}`).toEqual(['path-escapes recovery.p.do[0]'])
    }
  }
  const policies = await policiesOf(
    'recovery:\n  p: { when: service.failed, do: [ { reset-state: [ "data/${service}/x" ] } ] }\n',
  )
  expect(policies.p?.steps).toEqual([{ action: 'reset-state', paths: ['data/${service}/x'] }])
})

test('what is wrong with a policy is told at its place, all at once', async () => {
  expect(
    await mistakesOf(`recovery:
  none: { do: [ restart ] }
  both: { when: service.failed, event: a.b, do: [ restart ] }
  nothing: { when: service.failed }
  steps: { when: service.failed, do: [ restrat, { run: "a | b" }, { restart: 1 }, reset-state, { run: x, within: 2d }, { run: x, clear-cache: y } ] }
  who: { when: service.failed, of: apo, do: [ restart ] }
  word: { when: service.broken, do: [ restart ] }
  keys: { when: service.failed, tod: 1s, do: [ restart ] }
`),
  ).toEqual([
    'condition-unclear recovery.none',
    'condition-unclear recovery.both',
    'value-missing recovery.nothing',
    'step-unknown recovery.steps.do[0]',
    'command-bad recovery.steps.do[1]',
    'step-unclear recovery.steps.do[2]',
    'value-missing recovery.steps.do[3]',
    'duration-bad recovery.steps.do[4]',
    'step-unclear recovery.steps.do[5]',
    'service-unknown recovery.who.of',
    'value-unknown recovery.word.when',
    'key-unknown recovery.keys.tod',
  ])
})

test('a command of a policy is shown for trust and changes the fingerprint; one that is off does not run and is not shown', async () => {
  const plain = await load('')
  const withCommand = await load(
    'recovery:\n  p: { when: service.failed, do: [ { run: "scripts/reset.sh --hard" } ] }\n',
  )
  const off = await load('recovery:\n  p: { on: off, when: service.failed, do: [ { run: scripts/reset.sh } ] }\n')
  if (!plain.valid || !withCommand.valid || !off.valid) throw new Error('They are valid.')
  expect(commandsOf(withCommand.definition)).toContainEqual({
    service: 'p',
    of: 'recovery policy p',
    command: 'scripts/reset.sh --hard',
    cwd: '.',
  })
  expect(trustFingerprint(withCommand.definition)).not.toBe(trustFingerprint(plain.definition))
  expect(trustFingerprint(off.definition)).toBe(trustFingerprint(plain.definition))
})
