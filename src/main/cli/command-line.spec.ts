import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type ConsoleControl, serveConnection } from '#core/api/index.ts'
import { type Clock, controlSocketPath, silentLogger, systemClock } from '#core/platform/index.ts'
import { openStateHub } from '#core/state/index.ts'
import type { ServiceView, SiteView } from '#shared/contract/state.ts'
import { temporaryFolder } from '../../../test/support/folders.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { testRuntime } from '../../../test/support/runtime.ts'
import { until } from '../../../test/support/until.ts'
import { listenOnControlSocket } from '../console/control-socket.ts'
import { execute } from './command-line.ts'
import type { Terminal } from './terminal.ts'

test('a mistyped command or option is told with the nearest one, and nothing is done', async () => {
  const desk = newDesk()
  expect(await desk.run('statsu')).toBe(2)
  expect(desk.err()).toContain('Did you mean status?')
  expect(await desk.run('stop', '--al')).toBe(2)
  expect(desk.err()).toContain('Did you mean --all?')
  expect(await desk.run('generate', 'nginy')).toBe(2)
  expect(desk.err()).toContain('There is no nginy. Did you mean nginx?')
  expect(await desk.run('events', '--limit', 'many')).toBe(2)
})

test.each([
  [['start']],
  [['start', 'api', '--all']],
  [['stop']],
  [['stop', 'api', '--all']],
  [['start', 'api', '--port', '80']],
  [['restart']],
])('%j says what is missing or too much, and does nothing', async (args) => {
  const desk = newDesk()
  expect(await desk.run(...args)).toBe(2)
  expect(desk.err()).toMatch(/^error: /)
})

test('help and version are no failures', async () => {
  const desk = newDesk()
  expect(await desk.run('--help')).toBe(0)
  expect(desk.out()).toContain('emergency-stop')
  expect(await desk.run('--version')).toBe(0)
})

test('status shows the site of the one console that runs, wherever one stands', async () => {
  const desk = newDesk()
  await desk.runConsole(desk.newSite('lab'))
  expect(await desk.run('status')).toBe(0)
  expect(desk.out()).toContain('lab: healthy, 100 of 100. Everything runs.')
  expect(desk.out()).toMatch(/^SERVICE +STATE +HEALTH/m)
  expect(desk.out()).toMatch(/^api +running +healthy +2026-01-05 16:00:00 +4711 +2 % +60 MB +1 +It answers\.$/m)
})

test('status --json is one document', async () => {
  const desk = newDesk()
  const site = desk.newSite('lab')
  await desk.runConsole(site)
  expect(await desk.run('status', '--json')).toBe(0)
  expect(JSON.parse(desk.out())).toMatchObject({
    live: true,
    site: { directory: site, health: 'healthy' },
    services: [{ id: 'api', state: 'running' }],
    jobs: [],
    attention: [],
  })
})

test('with several consoles a command asks which site is meant, and takes --site or the current folder for an answer', async () => {
  const desk = newDesk()
  const [lab, shop] = [desk.newSite('lab'), desk.newSite('shop')]
  await desk.runConsole(lab)
  await desk.runConsole(shop)
  expect(await desk.run('status')).toBe(2)
  expect(desk.err()).toContain(lab)
  expect(desk.err()).toContain(shop)
  expect(await desk.run('status', '--site', shop)).toBe(0)
  expect(desk.out()).toContain('shop: healthy')
  expect(await desk.in(lab).run('status')).toBe(0)
  expect(desk.out()).toContain('lab: healthy')
})

test('the socket of a killed console is passed over', async () => {
  const desk = newDesk()
  const [lab, shop] = [desk.newSite('lab'), desk.newSite('shop')]
  await desk.runConsole(lab)
  await leaveStaleSocket(controlSocketPath(desk.folders, shop))
  expect(await desk.run('status')).toBe(0)
  expect(desk.out()).toContain('lab: healthy')
})

test('what takes a running console says how to start one when none runs', async () => {
  const desk = newDesk()
  const site = desk.newSite('lab')
  for (const args of [
    ['start', 'api'],
    ['start', '--all'],
    ['restart', 'api'],
    ['events', '--follow'],
  ]) {
    expect(await desk.run(...args, '--site', site)).toBe(2)
    expect(desk.err()).toContain(`wheelhouse start --headless --site ${site}`)
  }
})

test('a refusal by the console comes with its remedy and code 2, and with --json as a document', async () => {
  const desk = newDesk()
  await desk.runConsole(desk.newSite('lab'))
  expect(await desk.run('restart', 'api', '--json')).toBe(2)
  expect(JSON.parse(desk.out())).toMatchObject({ problem: { code: 'no-site' } })
  expect(desk.err()).toContain('Open a site first')
})

test('a folder that is not there is told, not taken for the sample', async () => {
  const desk = newDesk()
  expect(await desk.run('status', '--site', '/nonexistent/lab')).toBe(2)
  expect(desk.err()).toContain('There is no site in /nonexistent/lab')
})

test('a console that takes the connection and says nothing is not waited for for ever', async () => {
  const clock = new ManualClock()
  const desk = newDesk(clock)
  const site = desk.newSite('lab')
  mkdirSync(desk.folders.runtime, { recursive: true })
  let accepted = 0
  const stuck = createServer((socket) => {
    accepted++
    socket.resume()
  })
  const path = controlSocketPath(desk.folders, site)
  await new Promise<void>((resolve) => stuck.listen(path, resolve))
  onTestFinished(() => void stuck.close())
  const ended = desk.run('status', '--site', site)
  await until('the command to wait', () => accepted === 1 && clock.waiting > 0)
  await clock.advance(5_000)
  expect(await ended).toBe(2)
  expect(desk.err()).toContain('does not answer')
})

test('config check names file, line and remedy of each mistake, and ends with 1', async () => {
  const desk = newDesk()
  const site = desk.newSite('lab', 'wheelhouse: 1\nsite: lab\nservces: {}\n')
  expect(await desk.run('config', 'check', '--site', site)).toBe(1)
  expect(desk.out()).toMatch(/site\.yaml:3/)
  expect(desk.out()).toContain('services')
  expect(await desk.run('config', 'check', '--site', site, '--json')).toBe(1)
  expect(JSON.parse(desk.out())).toMatchObject({ valid: false, problems: [{ line: 3 }] })
})

test('config check of a valid file ends with 0, opens nothing and leaves nothing behind', async () => {
  const desk = newDesk()
  const site = desk.newSite('lab')
  expect(await desk.in(site).run('config', 'check')).toBe(0)
  expect(desk.out()).toContain(`The site in ${site} is valid`)
  expect(existsSync(join(site, '.wheelhouse'))).toBe(false)
})

/** A technician's desk: folders of a user, a terminal that remembers, and sites and consoles as asked for. */
function newDesk(clock: Clock = systemClock()) {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const folders = { data: join(folder.path, 'user'), runtime: join(folder.path, 'run') }
  let workingDirectory = folder.path
  let out: string[] = []
  let err: string[] = []
  const terminal: Terminal = {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    progress() {},
    ask: async () => null,
    askSecret: async () => null,
    piped: async () => null,
    raw: async () => {},
    onInterrupt: () => ({ [Symbol.dispose]() {} }),
    unread: new Promise(() => {}),
  }
  const desk = {
    folders,
    out: () => out.join('\n'),
    err: () => err.join('\n'),
    in(directory: string) {
      workingDirectory = directory
      return desk
    },
    run(...args: readonly string[]) {
      out = []
      err = []
      return execute(args, {
        terminal,
        workingDirectory,
        folders,
        clock,
        places: {
          version: '9.9.9',
          runtime: testRuntime(),
          renderer: '',
          resources: join(import.meta.dirname, '../../../resources'),
          installed: false,
        },
        entryFolder: import.meta.dirname,
      })
    },
    newSite(name: string, text = `wheelhouse: 1\nsite: ${name}\nservices: {}\n`) {
      const directory = join(folder.path, name)
      mkdirSync(directory)
      writeFileSync(join(directory, 'site.yaml'), text)
      return directory
    },
    runConsole: (directory: string) => runConsole(controlSocketPath(folders, directory), directory),
  }
  return desk
}

/** What the command line sees of a console: its control socket, its state, and handlers that find no open site. */
async function runConsole(path: string, directory: string): Promise<void> {
  const clock = systemClock()
  const state = openStateHub({ clock, logger: silentLogger })
  state.slice('site').set('site', siteView(directory))
  state.slice('services').set('api', api)
  const unasked = () => Promise.reject(new Error('Nobody asks for this here.'))
  const control: ConsoleControl = {
    version: 'test',
    host: 'headless',
    state,
    site: null,
    onSiteChanged: () => ({ [Symbol.dispose]() {} }),
    openSite: unasked,
    openSample: unasked,
    resetSample: unasked,
    closeSite: unasked,
    chooseFolder: unasked,
    openFolder: unasked,
    openPage: unasked,
  }
  const server = await listenOnControlSocket({
    path,
    logger: silentLogger,
    onTransport: (transport) =>
      void serveConnection(transport, {
        console: control,
        client: 'command line',
        token: null,
        clock,
        logger: silentLogger,
      }),
  })
  onTestFinished(async () => {
    await server[Symbol.asyncDispose]()
    state[Symbol.dispose]()
  })
}

async function leaveStaleSocket(path: string): Promise<void> {
  const child = spawn(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(path)})`])
  await until('the other console to listen', () => existsSync(path))
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}

function siteView(directory: string): SiteView {
  return {
    id: 'lab',
    name: directory.split('/').at(-1) ?? '',
    directory,
    sample: false,
    zone: 'Asia/Manila',
    contact: null,
    health: 'healthy',
    sentence: 'Everything runs.',
    since: 0,
    evidence: null,
    score: { value: 100, trend: null, history: [], lowered: [] },
    config: { valid: true, problems: [], loadedAt: 0 },
    trust: null,
    leftOut: [],
    phases: [],
    waves: [['api']],
    parts: {},
    broker: null,
    backupFolder: '/backups',
  }
}

const api: ServiceView = {
  id: 'api',
  title: 'API',
  kind: 'node',
  state: 'running',
  wanted: true,
  optional: false,
  health: 'healthy',
  since: Date.UTC(2026, 0, 5, 8),
  reason: 'It answers.',
  event: null,
  needs: [],
  dependents: [],
  uses: [],
  phase: 'business-services',
  pid: 4711,
  startedAt: 0,
  adopted: false,
  ports: {},
  restarts: 1,
  attempt: 0,
  nextStartAt: null,
  lastExit: null,
  probes: [],
  cpu: 2,
  memory: 60_000_000,
  processes: 1,
  unit: null,
  command: 'node api.mjs',
  cwd: '/',
  pages: [],
  hooks: [],
}
