import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { commandsOf, loadSite, trustFingerprint } from './index.ts'

/** Loads a site of these services, each a watched one unless it says otherwise. */
async function load(services: string, head = '') {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'api.mjs'), '')
  writeFileSync(join(folder.path, 'site.yaml'), `wheelhouse: 1\nsite: lab\n${head}services:\n${services}`)
  return await loadSite(folder.path)
}

async function definitionOf(services: string, head = '') {
  const loaded = await load(services, head)
  if (!loaded.valid) throw new Error(JSON.stringify(loaded.problems))
  return loaded.definition
}

async function problemsOf(services: string, head = '') {
  const loaded = await load(services, head)
  return loaded.valid ? [] : loaded.problems
}

it('a site that names no phases has the eight of the console; one that does has its own, in its order', async () => {
  const { phases, services } = await definitionOf('  api: { kind: external }')
  expect(phases.map(({ title }) => title)).toEqual([
    'Core infrastructure',
    'Database and storage',
    'External services',
    'AI services',
    'Business services',
    'Integration layers',
    'Real-time systems',
    'Health validation',
  ])
  expect(services.api?.phase).toBeNull()
  const own = await definitionOf(
    '  api: { kind: external, phase: late }',
    'phases: { zeal: First of all, late: Later }\n',
  )
  expect(own.phases).toEqual([
    { id: 'zeal', title: 'First of all' },
    { id: 'late', title: 'Later' },
  ])
})

it('a service that needs one of a later phase is refused with file, line and path; one without a phase is held to no order', async () => {
  const late = '  kiosk: { kind: external, phase: real-time-systems }\n'
  expect(
    await problemsOf(`${late}  db: { kind: external, phase: database-and-storage, needs: { kiosk: ready } }`),
  ).toEqual([
    {
      code: 'need-of-later-phase',
      file: expect.stringMatching(/site.yaml$/),
      line: 5,
      column: 63,
      path: 'services.db.needs.kiosk',
      message:
        'Service db of phase database-and-storage needs kiosk, which belongs to the later phase real-time-systems.',
      remedy: expect.stringContaining('Move db to real-time-systems or a later phase'),
    },
  ])
  await definitionOf(`${late}  db: { kind: external, needs: { kiosk: ready } }`)
  await definitionOf(`${late}  db: { kind: external, phase: real-time-systems, needs: { kiosk: ready } }`)
})

it('an unknown phase names the nearest', async () => {
  expect(await problemsOf('  api: { kind: external, phase: ai-service }')).toMatchObject([
    { code: 'phase-unknown', path: 'services.api.phase', remedy: expect.stringContaining('Write `ai-services`') },
  ])
})

it('a need may be a condition, or a condition with a restart', async () => {
  const { services } = await definitionOf(
    '  db: { kind: external }\n  api: { kind: external, needs: { db: { be: healthy, restart: on } } }\n  kiosk: { kind: external, needs: { db: ready } }',
  )
  expect(services.api).toMatchObject({ needs: { db: 'healthy' }, follows: ['db'] })
  expect(services.kiosk).toMatchObject({ needs: { db: 'ready' }, follows: [] })
  expect(
    await problemsOf('  db: { kind: external }\n  api: { kind: external, needs: { db: { be: fine } } }'),
  ).toMatchObject([
    { code: 'value-unknown', path: 'services.api.needs.db', remedy: expect.stringContaining('`healthy`') },
  ])
})

const hooked = (hooks: string) => `  api: { kind: node, run: api.mjs, hooks: ${hooks} }`

it('callbacks are commands with thirty seconds, or what they say, and are shown before the site is trusted', async () => {
  const site = await definitionOf(
    hooked('{ before-start: "tool --migrate", after-stop: { run: [clean.mjs, "two words"], timeout: 5s } }'),
  )
  expect(site.services.api?.hooks).toEqual({
    'before-start': { run: ['tool', '--migrate'], timeoutMs: 30_000 },
    'after-start': null,
    'before-stop': null,
    'after-stop': { run: ['clean.mjs', 'two words'], timeoutMs: 5_000 },
  })
  expect(commandsOf(site).map(({ command }) => command)).toEqual([
    'node api.mjs',
    'tool --migrate',
    'node clean.mjs "two words"',
  ])
  const without = await definitionOf(hooked('{ before-start: "tool --migrate" }'))
  expect(trustFingerprint(without)).not.toBe(trustFingerprint(site))
})

it('mistakes in callbacks are told at their place', async () => {
  const codes = async (services: string) => (await problemsOf(services)).map(({ code, path }) => [code, path])
  expect(await codes(hooked('{ before-start: "tool ${ports.nothing}" }'))).toEqual([
    ['variable-unknown', 'services.api.hooks.before-start'],
  ])
  expect(await codes(hooked('{ before-start: { run: [tool, "${secrets.KEY}"] } }'))).toEqual([
    ['secret-not-here', 'services.api.hooks.before-start.run[1]'],
  ])
  expect(await codes(hooked('{ after-stop: "tool | more" }'))).toEqual([
    ['command-bad', 'services.api.hooks.after-stop'],
  ])
  expect(await codes(hooked('{ afterstop: tool }'))).toEqual([['key-unknown', 'services.api.hooks.afterstop']])
  expect(await codes('  db: { kind: external, hooks: { after-stop: tool } }')).toEqual([
    ['key-not-for-kind', 'services.db.hooks'],
  ])
})
