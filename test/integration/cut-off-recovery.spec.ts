import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { openTestConsole } from '../support/test-console.ts'
import { until } from '../support/until.ts'

const operator = { type: 'operator', via: 'command line' } as const
// Each says that it is up once it would notice that it is asked to end.
const quick = `import { writeFileSync } from 'node:fs'
setInterval(() => {}, 1000)
process.on('SIGTERM', () => { writeFileSync('data/gone', ''); process.exit(0) })
writeFileSync('data/quick.up', '')
`
const stubborn = `import { writeFileSync } from 'node:fs'
setInterval(() => {}, 1000)
process.on('SIGTERM', () => writeFileSync('data/asked', ''))
writeFileSync('data/stubborn.up', '')
`
const definition = `wheelhouse: 1
site: lab
services:
  quick: { kind: node, run: services/quick.mjs, startup: { file: data/quick.up, every: 100ms, within: 2m } }
  stubborn: { kind: node, run: services/stubborn.mjs, stop: { within: 10m }, startup: { file: data/stubborn.up, every: 100ms, within: 2m } }
recovery:
  whole: { machine: "cpu > 1000", do: [ recover-site ] }
`

/** A console that was killed when `recover-site` had stopped the one service and waited for the other. Resolves with home and site. */
async function cutOff() {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const home = folder.path
  const directory = join(home, 'site')
  for (const path of ['services', 'data']) mkdirSync(join(directory, path), { recursive: true })
  writeFileSync(join(directory, 'services', 'quick.mjs'), quick)
  writeFileSync(join(directory, 'services', 'stubborn.mjs'), stubborn)
  writeFileSync(join(directory, 'site.yaml'), definition)
  const program = join(import.meta.dirname, '../support/mortal-console.program.ts')
  const mortal = spawn(process.execPath, [program, home, directory, 'acts'], { stdio: 'inherit' })
  onTestFinished(() => void mortal.kill('SIGKILL'))
  const at = (name: string) => join(directory, 'data', name)
  await until(
    'the one to be gone and the other asked',
    () => existsSync(at('gone')) && existsSync(at('asked')),
    180_000,
  )
  mortal.kill('SIGKILL')
  await once(mortal, 'exit')
  return { home, directory }
}

async function opened(home: string, directory: string) {
  const console = await openTestConsole(home)
  onTestFinished(async () => {
    await console.site?.coordinator.emergencyStop(operator)
    await console.close({ services: 'stop' })
  })
  // The host is told to start nothing: what was stopped for the step is owed all the same.
  await console.openInitial({ site: directory, otherwise: 'none', start: false })
  const { site, state } = console
  if (!site) throw new Error('the site is not open')
  return { site, service: (id: string) => state.slice('services').get(id) }
}

it('services that recovery had stopped when the console was killed run again at its next start', async () => {
  const { home, directory } = await cutOff()
  const { site, service } = await opened(home, directory)
  await until('both to run', () => ['quick', 'stubborn'].every((id) => service(id)?.state === 'running'))
  expect(site.attention.open().filter(({ id }) => id === 'services-owed')).toEqual([])
  expect(site.recovery.history({ limit: 1 }).attempts).toMatchObject([
    { action: 'recover-site', result: 'interrupted' },
  ])
}, 400_000)

it('where they may not be started a card names them, with a button for each, until they run', async () => {
  const { home, directory } = await cutOff()
  const file = join(directory, 'site.yaml')
  writeFileSync(file, 'wheelhouse: 1\nsite: lab\nservices: 3\n')
  // With the last good version the console would start them all the same.
  rmSync(join(directory, '.wheelhouse', 'last-good.json'))
  const { site, service } = await opened(home, directory)
  const card = () => site.attention.open().find(({ id }) => id === 'services-owed')
  expect(card()?.why).toContain('quick')
  expect(card()?.fixes.map(({ label }) => label)).toEqual(['Start quick', 'Start stubborn', 'Start all'])
  writeFileSync(file, definition)
  expect(await site.reload(operator)).toEqual({ valid: true })
  await site.services.start(['quick'], operator)
  await until('both to run', () => ['quick', 'stubborn'].every((id) => service(id)?.state === 'running'))
  await until('the card to go', () => card() === undefined)
  expect(readFileSync(file, 'utf8')).toBe(definition)
}, 400_000)
