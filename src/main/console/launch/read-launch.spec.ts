import { describe, expect, test } from 'vitest'
import { plainLaunch } from './launch.ts'
import { readDesktopLaunch, readLaunch } from './read-launch.ts'

const place = { workingDirectory: '/home/op', env: {}, version: '1.2.3' }
const asked = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
  const read = readLaunch(args, { ...place, env })
  return read.kind === 'launch' ? read.launch : read
}

test('nothing asked for is a plain start', () => {
  expect(asked([])).toEqual(plainLaunch)
})

test('every option of a start is read, services given again or with commas', () => {
  expect(
    asked([
      ...['--site', '../lab', '--environment', 'testing', '--host', '192.168.1.20', '--port=8080', '--headless'],
      ...['--only', 'api', '--only', 'kiosk,board', '--without', 'desk-units', '--no-start', '--on-exit', 'leave'],
      ...['--json', '--follow'],
    ]),
  ).toEqual({
    site: '/home/lab',
    environment: 'testing',
    host: '192.168.1.20',
    port: 8080,
    headless: true,
    only: ['api', 'kiosk', 'board'],
    without: ['desk-units'],
    start: false,
    onExit: 'leave',
    json: true,
    follow: true,
  })
})

test.each([
  [['--enviroment', 'testing'], 'There is no option --enviroment. Did you mean --environment?'],
  [['--withuot', 'api'], 'Did you mean --without?'],
  [['--environment', 'prodution'], 'There is no environment prodution. Did you mean production?'],
  [['--port', '99999'], 'A port is a number from 1 to 65535'],
  [['--host', 'lab pc'], 'It is an address of this machine'],
  [['--only', 'API'], '"API" is no id of a service'],
  [['--on-exit', 'wait'], 'stop, leave'],
  [['--site'], '--site takes a value: --site <folder>.'],
  [['--no-such-thing-at-all'], 'There is no option --no-such-thing-at-all. --help lists them.'],
  [['lab'], '0 arguments'],
])('%j is refused with a sentence', (args, sentence) => {
  expect(asked(args)).toMatchObject({ kind: 'told', code: 2, text: expect.stringContaining(sentence) })
})

test('help and version are answered and are no failures', () => {
  expect(asked(['--help'])).toMatchObject({ code: 0, text: expect.stringContaining('--without <service>') })
  expect(asked(['--version'])).toEqual({ kind: 'told', code: 0, text: '1.2.3' })
})

test('the environment may come from a variable; the option counts more, and a wrong one is told with the nearest', () => {
  const env = { WHEELHOUSE_ENVIRONMENT: 'testing' }
  expect(asked([], env)).toMatchObject({ environment: 'testing' })
  expect(asked(['--environment', 'production'], env)).toMatchObject({ environment: 'production' })
  expect(asked([], { WHEELHOUSE_ENVIRONMENT: 'test' })).toMatchObject({
    code: 2,
    text: expect.stringContaining('testing?'),
  })
})

describe('the desktop app', () => {
  test.each([
    [['electron', '.', '--site', '/srv/lab'], { site: '/srv/lab' }],
    [['electron', '.', '--site=lab', '--no-sandbox'], { site: '/home/op/lab' }],
    [['wheelhouse', '--allow-file-access', '--site', '../lab'], { site: '/home/lab' }],
    [['wheelhouse', '--remote-debugging-port=0', '--host-rules', 'MAP * 127.0.0.1', '--no-startup-window'], {}],
    [['wheelhouse', '--only', 'api', '--environment=testing'], { only: ['api'], environment: 'testing' }],
    [['wheelhouse'], {}],
  ])('%j: what is Chromium’s is passed over', (argv, launch) => {
    expect(readDesktopLaunch(argv, place)).toMatchObject({ kind: 'launch', launch: { ...plainLaunch, ...launch } })
  })

  test('a typo of one of its own options is told', () => {
    const told = { kind: 'told', code: 2, text: expect.stringContaining('Did you mean --without?') }
    expect(readDesktopLaunch(['wheelhouse', '--witout', 'api'], place)).toMatchObject(told)
  })

  test('a port needs a page, which only the console without a window serves', () => {
    expect(readDesktopLaunch(['wheelhouse', '--port', '80'], place)).toMatchObject({
      kind: 'told',
      text: expect.stringContaining('Add --headless'),
    })
    expect(readDesktopLaunch(['wheelhouse', '.', '--port', '80', '--headless'], place)).toMatchObject({
      kind: 'launch',
      launch: { port: 80, headless: true },
      args: ['--port', '80', '--headless'],
    })
  })
})
