import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'

const root = join(import.meta.dirname, '../..')

/** The machine's own Node, older than 24: what a fresh clone starts with. Null where the machine has none. */
const olderNode = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .map((folder) => join(folder, 'node'))
  .find((node) => {
    const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
    const major = Number(/^v(\d+)/.exec(stdout ?? '')?.[1])
    return status === 0 && major >= 20 && major < 24
  })

test('on a Node that is too old to install with, one sentence says which to take', async () => {
  const { hostRefusal } = await import(join(root, 'scripts/parts/installation.mjs'))
  expect(hostRefusal('18.19.0')).toMatch(/^Node 18\.19\.0 is too old .*Node 20/)
  expect(hostRefusal('20.0.0')).toBeNull()
})

test('a part of the tests that does not exist is told with those that do, and is no pass', () => {
  const { status, stdout } = runScript(process.execPath, 'test.mjs', ['unti'])
  expect(status).toBe(2)
  expect(stdout).toContain('unti')
  expect(stdout).toContain('unit')
})

test('the last line counts what passed, failed and was skipped, and each skipped test stands above with its reason', () => {
  const copy = projectWith({
    'a.spec.ts': `import { expect, test } from 'vitest'
      import { needs } from '../support/needs.ts'
      import { describe } from 'vitest'
      test('holds', () => expect(1).toBe(1))
      test('does not hold', () => expect(1).toBe(2))
      describe('elsewhere', () => { needs('no-such-program'); test('needs a program', () => {}) })`,
    'b.spec.ts': `import './missing.ts'`,
  })
  const { status, stdout } = runScript(process.execPath, 'test.mjs', ['contract'], copy)
  expect(status).toBe(1)
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('1 passed, 2 failed, 1 skipped')
  expect(stdout).toContain('needs a program (no-such-program is missing: apt-get install no-such-program)')
  expect(stdout).toContain('test/contract/a.spec.ts › does not hold')
  expect(stdout).toMatch(/test\/contract\/b\.spec\.ts: .*missing\.ts/)
})

test('with everything passing the last line says so and the exit code is 0', () => {
  const copy = projectWith({
    'a.spec.ts': `import { expect, test } from 'vitest'\ntest('holds', () => expect(1).toBe(1))`,
  })
  const { status, stdout } = runScript(process.execPath, 'test.mjs', ['contract'], copy)
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('1 passed, 0 failed')
  expect(status).toBe(0)
})

test('the command line, started by the machine’s older Node, hands over to Node 24', (context) => {
  if (!olderNode) return context.skip('this machine has no Node from 20 to 23')
  const version = execFileSync(olderNode, [join(root, 'bin/wheelhouse'), '--version'], { encoding: 'utf8' })
  expect(version.trim()).toMatch(/^\d+\.\d+\.\d+$/)
  const { status, stderr } = spawnSync(olderNode, [join(root, 'bin/wheelhouse'), 'statsu'], { encoding: 'utf8' })
  expect(status).toBe(2)
  expect(stderr).toContain('Did you mean status?')
})

test('the host, started by a Node that cannot run it, says so in one sentence instead of crashing', async () => {
  const { nodeRefusal } = await import(join(root, 'src/main/console/node-version.ts'))
  expect(nodeRefusal('20.20.2')).toMatch(/^Wheelhouse runs on Node 24, and this is Node 20\.20\.2: .*npm start/)
  expect(nodeRefusal('24.0.0')).toBeNull()
})

test('the command line of a checkout where nothing is installed says what to do', (context) => {
  if (!olderNode) return context.skip('this machine has no Node from 20 to 23')
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  cpSync(join(root, 'bin'), join(folder.path, 'bin'), { recursive: true })
  mkdirSync(join(folder.path, 'src/main/cli'), { recursive: true })
  writeFileSync(join(folder.path, 'src/main/cli/index.ts'), '')
  writeFileSync(join(folder.path, 'package.json'), '{"type":"module"}')
  const { status, stderr } = spawnSync(olderNode, [join(folder.path, 'bin/wheelhouse'), 'status'], { encoding: 'utf8' })
  expect(status).toBe(2)
  expect(stderr).toBe('Wheelhouse is not installed yet: run npm start once, which brings what it needs.\n')
})

function runScript(node: string, script: string, args: readonly string[], folder = root) {
  const env = { ...process.env }
  // What Vitest tells its own workers must not reach the Vitest that is started here.
  for (const name of Object.keys(env)) if (/^(VITEST|TINYPOOL)/.test(name)) delete env[name]
  return spawnSync(node, [join(folder, 'scripts', script), ...args], { encoding: 'utf8', cwd: folder, env })
}

/** A project with the real scripts and packages, and these specs as its contract specs. */
function projectWith(specs: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  for (const path of ['scripts', 'package.json', 'package-lock.json', 'vitest.config.ts', 'test/support/needs.ts']) {
    cpSync(join(root, path), join(folder.path, path), { recursive: true })
  }
  // It has no programs that would have to be built.
  writeFileSync(join(folder.path, 'test/support/build.setup.ts'), 'export default () => {}\n')
  symlinkSync(realpathSync(join(root, 'node_modules')), join(folder.path, 'node_modules'))
  mkdirSync(join(folder.path, 'test/contract'), { recursive: true })
  for (const [name, text] of Object.entries(specs)) writeFileSync(join(folder.path, 'test/contract', name), text)
  return folder.path
}
