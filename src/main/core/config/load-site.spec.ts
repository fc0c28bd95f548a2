import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { type LoadedSite, type LoadOptions, loadSite } from './index.ts'

/** Writes a site folder with the file and two scripts, and loads it. */
async function load(yaml: string | Uint8Array, options: LoadOptions = {}): Promise<LoadedSite> {
  using folder = temporaryFolder()
  mkdirSync(join(folder.path, 'services'))
  for (const script of ['api.mjs', 'web.mjs']) writeFileSync(join(folder.path, 'services', script), '')
  writeFileSync(join(folder.path, 'site.yaml'), yaml)
  return await loadSite(folder.path, options)
}

function site(body: string): string {
  return `wheelhouse: 1\nsite: lab\n${body}`
}

function problemsOf(loaded: LoadedSite) {
  return loaded.valid ? [] : loaded.problems
}

function codesOf(loaded: LoadedSite): string[] {
  return problemsOf(loaded).map(({ code }) => code)
}

/** The outline of the architecture, key by key; `database` is added because `api` needs it. */
const outline = `wheelhouse: 1
site: consultease
zone: Asia/Manila
contact: { name: Lab office, phone: "local 204" }
parts: { gateway: off }
profiles: { development: { services: { api: { env: { LOG: debug } } } } }
services:
  broker: { kind: builtin, use: broker, ports: { mqtt: 1883 } }
  database: { kind: external }
  api:
    kind: node
    run: services/api.mjs
    ports: { http: 8101 }
    phase: business-services
    needs: { broker: ready, database: healthy }
    startup:   { http: "http://127.0.0.1:\${ports.http}/health", every: 500ms, within: 20s }
    readiness: { http: "http://127.0.0.1:\${ports.http}/health", every: 5s }
    liveness:  { tcp: "127.0.0.1:\${ports.http}", every: 10s, failures: 3 }
    restart:   { backoff: { first: 1s, factor: 2, cap: 60s }, budget: { starts: 5, per: 10m }, forgive: 10m }
    stop:      { signal: SIGTERM, within: 10s }
    on-crash: adopt
routes:
  desk-presence:
    from: consultease/faculty/+/status
    where: payload.battery > 5
    limit: { rate: 5/s, per: topic, keep: latest }
    map: '{"faculty": topic[2], "at": received, "present": payload.present}'
    batch: { window: 250ms, most: 100 }
    priority: high
    to: [ { mqtt: consultease/board/presence, qos: 1 }, { channel: faculty }, { journal: 30d } ]
recovery:
  revive-api: { when: service.unhealthy, of: api, for: 30s, do: [ restart, clear-cache, restore-database, call-operator ] }
backup:   { keep: { last: 10, daily: 7, weekly: 4, monthly: 6 }, full: "0 3 * * *", data: "*/15 * * * *", rehearse: weekly }
store:    { control: 512MB }
deploy:   { keep: 5, probation: 2m, checks: [ disk, ports, config, services ] }
`

describe('a valid site.yaml', () => {
  it('loads the whole outline, and warns of the keys that nothing acts on yet', async () => {
    const loaded = await load(outline)
    if (!loaded.valid) throw new Error(JSON.stringify(loaded.problems))
    expect(loaded.definition).toMatchObject({
      id: 'consultease',
      name: 'consultease',
      zone: 'Asia/Manila',
      contact: { name: 'Lab office', phone: 'local 204', email: null },
      parts: { gateway: false, router: true },
      backup: { folder: null, schedule: { full: '0 3 * * *', data: '*/15 * * * *' }, keep: { last: 10 } },
      store: { control: 512 * 1024 ** 2, messages: 4 * 1024 ** 3 },
    })
    expect(loaded.definition.services.api).toMatchObject({
      run: ['services/api.mjs'],
      needs: { broker: 'ready', database: 'healthy' },
      probes: {
        startup: { check: { type: 'http', status: null }, everyMs: 500, withinMs: 20_000 },
        liveness: { check: { type: 'tcp' }, everyMs: 10_000, failures: 3 },
      },
    })
    expect(loaded.definition.routes['desk-presence']?.to).toEqual([
      { kind: 'mqtt', topic: 'consultease/board/presence', qos: 1, retain: false },
      { kind: 'channel', channel: 'faculty' },
      { kind: 'journal', keepMs: 30 * 86_400_000 },
    ])
    expect(loaded.definition.recovery['revive-api']).toMatchObject({
      shipped: false,
      when: { kind: 'health', is: 'unhealthy', of: ['api'] },
      forMs: 30_000,
      steps: [
        { action: 'restart' },
        { action: 'clear-cache', paths: ['data/cache'] },
        { action: 'restore-database' },
        { action: 'call-operator' },
      ],
    })
    expect(Object.keys(loaded.definition)).not.toContain('deploy')
    expect(loaded.warnings.map(({ code, path }) => [code, path])).toEqual([
      ['not-yet-in-force', 'parts.gateway'],
      ['not-yet-in-force', 'routes.desk-presence.limit'],
      ['not-yet-in-force', 'routes.desk-presence.batch'],
      ['not-yet-in-force', 'routes.desk-presence.priority'],
      ['not-yet-in-force', 'backup.rehearse'],
      ['not-yet-in-force', 'deploy'],
    ])
  })

  it('fills in defaults like those of Kubernetes and systemd', async () => {
    const loaded = await load(
      site('services:\n  api: { kind: node, run: services/api.mjs, startup: { tcp: "127.0.0.1:1" } }'),
    )
    if (!loaded.valid) throw new Error(JSON.stringify(loaded.problems))
    expect(loaded.definition.services.api).toMatchObject({
      cwd: '.',
      bind: '127.0.0.1',
      enabled: true,
      oneShot: false,
      onCrash: 'adopt',
      probes: { startup: { everyMs: 1000, withinMs: 90_000 }, readiness: null, liveness: null },
      restart: {
        policy: 'always',
        backoff: { firstMs: 1000, factor: 2, capMs: 60_000 },
        budget: { starts: 5, perMs: 600_000 },
        forgiveMs: 600_000,
      },
      stop: { signal: 'SIGTERM', withinMs: 10_000 },
    })
  })

  it('keeps numbers as they were written where a text is meant', async () => {
    const loaded = await load(
      site(`contact: { name: Office, phone: 09171234567 }
services:
  api: { kind: node, run: [services/api.mjs, 1.10], env: { RATE: 1.10, ON: true }, ports: { name: 8101 } }`),
    )
    if (!loaded.valid) throw new Error(JSON.stringify(loaded.problems))
    expect(loaded.definition.contact?.phone).toBe('09171234567')
    expect(loaded.definition.services.api?.env).toEqual({ RATE: '1.10', ON: 'true' })
    expect(loaded.definition.services.api?.run).toEqual(['services/api.mjs', '1.10'])
    expect(loaded.definition.services.api?.ports).toEqual({ name: 8101 })
  })

  it('names the secrets that it refers to, once each', async () => {
    const env = 'env: { A: "${secrets.DB}", B: "x${secrets.DB}y${secrets.API}", C: "$${secrets.NOT}" }'
    const loaded = await load(site(`services:\n  api: { kind: node, run: services/api.mjs, ${env} }`))
    expect(loaded.valid && loaded.definition.secrets).toEqual(['API', 'DB'])
  })
})

describe('profiles', () => {
  const yaml = site(`profiles:
  development: { services: { api: { env: { LOG: debug }, run: [services/web.mjs] } } }
services:
  api: { kind: node, run: [services/api.mjs, --fast], env: { LOG: info, KEEP: "1" } }`)

  it('merge maps deep and replace lists', async () => {
    const loaded = await load(yaml, { profile: 'development' })
    expect(loaded.valid && loaded.definition.services.api).toMatchObject({
      run: ['services/web.mjs'],
      env: { LOG: 'debug', KEEP: '1' },
    })
  })

  it('leave the file as it is when none is chosen', async () => {
    const loaded = await load(yaml)
    expect(loaded.valid && loaded.definition.services.api?.env.LOG).toBe('info')
  })

  it('that do not exist are refused, with those that do', async () => {
    const [problem] = problemsOf(await load(yaml, { profile: 'developmnt' }))
    expect(problem).toMatchObject({ code: 'profile-unknown', line: 3, remedy: 'Choose `development`.' })
  })

  it('that were not chosen are checked as well, at their own place', async () => {
    const bad = site('profiles:\n  test:\n    services: { api: { stopp: {} } }\nservices: { api: { kind: external } }')
    expect(problemsOf(await load(bad))).toMatchObject([{ code: 'key-unknown', line: 5, path: 'services.api.stopp' }])
  })

  it('do not repeat what is missing in the file itself', async () => {
    const bad = site('profiles: { test: { services: { api: { title: T } } } }\nservices: { api: { run: x } }')
    for (const profile of [null, 'test']) {
      expect(problemsOf(await load(bad, { profile })).map(({ code, line }) => [code, line])).toEqual([
        ['value-missing', 4],
      ])
    }
  })

  it('cannot change what the file is', async () => {
    expect(codesOf(await load(site('profiles: { test: { site: other } }')))).toEqual(['key-not-in-profile'])
  })
})

describe('mistakes', () => {
  it('are all told at once, in reading order, each with line, column, path, sentence and remedy', async () => {
    const loaded = await load(`wheelhouse: 1
site: Lab
servces: {}
services:
  api: { kind: nod, run: services/api.mjs }
  web:
    kind: node
    run: services/web.mjs
    needs: { web: ready, apii: ready }
    readiness: { http: "http://127.0.0.1:\${ports.http}/", every: 5 }
routes:
  r: { from: a/#/b, to: [ { channel: x } ] }
`)
    expect(problemsOf(loaded).map(({ line, column, code, path }) => [line, column, code, path])).toEqual([
      [2, 7, 'id-bad', 'site'],
      [3, 1, 'key-unknown', 'servces'],
      [5, 16, 'value-unknown', 'services.api.kind'],
      [9, 14, 'need-self', 'services.web.needs.web'],
      [9, 26, 'need-unknown', 'services.web.needs.apii'],
      [10, 24, 'variable-unknown', 'services.web.readiness.http'],
      [10, 66, 'duration-bad', 'services.web.readiness.every'],
      [12, 14, 'topic-filter-bad', 'routes.r.from'],
    ])
    for (const { message, remedy } of problemsOf(loaded)) {
      expect(message).toMatch(/^.+\.$/)
      expect(remedy).toMatch(/^.+\.$/)
    }
  })

  const api = 'kind: node, run: services/api.mjs'
  const cases: readonly [what: string, yaml: string, code: string, line: number | null, words: RegExp][] = [
    [
      'an unknown key, with the nearest known one',
      site(`services: { api: { ${api}, portz: {} } }`),
      'key-unknown',
      3,
      /`ports`/,
    ],
    [
      'a value of the wrong type',
      site('services: [api]'),
      'value-wrong-type',
      3,
      /services is a list, but must be a map/,
    ],
    [
      'a size that is too small',
      site('store: { messages: 63MB }'),
      'size-bad',
      3,
      /a size such as `256MB` or `4GB`, of at least 64MB/,
    ],
    [
      'a bad duration',
      site(`services: { api: { ${api}, stop: { within: 10 sec } } }`),
      'duration-bad',
      3,
      /“10 sec”.*`10s`/,
    ],
    [
      'a missing key, with what it must be',
      site('services: { api: { run: x } }'),
      'value-missing',
      3,
      /services\.api has no `kind`/,
    ],
    ['a missing id', 'wheelhouse: 1\n', 'value-missing', 1, /site\.yaml has no `site`/],
    [
      'a file of a newer version',
      'wheelhouse: 2\nsite: lab\nnew: {}',
      'site-newer',
      1,
      /version 2.*Update the console/,
    ],
    ['an id with capitals', site('services: { Api: { kind: external } }'), 'id-bad', 3, /“Api”.*lowercase/],
    ['an id that begins with a hyphen', site('services: { -api: { kind: external } }'), 'id-bad', 3, /“-api”/],
    [
      'an unknown need, with the nearest service',
      site(`services: { db: { kind: external }, api: { ${api}, needs: { dbb: ready } } }`),
      'need-unknown',
      3,
      /`db`/,
    ],
    [
      'a need named like something every object has',
      site(`services: { api: { ${api}, needs: { constructor: ready } } }`),
      'need-unknown',
      3,
      /constructor/,
    ],
    ['a need of itself', site(`services: { api: { ${api}, needs: { api: ready } } }`), 'need-self', 3, /needs itself/],
    [
      'a cycle, with its whole path',
      site(
        'services:\n  api: { kind: external, needs: { db: ready } }\n  db: { kind: external, needs: { api: ready } }',
      ),
      'need-cycle',
      4,
      /api → db → api/,
    ],
    [
      'a wait for the end of what runs on',
      site(`services: { db: { kind: external }, api: { ${api}, needs: { db: completed } } }`),
      'need-never-met',
      3,
      /one-shot/,
    ],
    ['an unknown builtin', site('services: { b: { kind: builtin, use: brocker } }'), 'builtin-unknown', 3, /brocker/],
    [
      'a broker without its port',
      site('services: { b: { kind: builtin, use: broker } }'),
      'value-missing',
      3,
      /`mqtt`/,
    ],
    ['a node service without script', site('services: { a: { kind: node } }'), 'value-missing', 3, /`run`/],
    [
      'a command for what is not run',
      site('services: { a: { kind: external, run: x } }'),
      'key-not-for-kind',
      3,
      /somebody else/,
    ],
    [
      'a port out of range',
      site(`services: { api: { ${api}, ports: { http: 70000 } } }`),
      'port-out-of-range',
      3,
      /65535/,
    ],
    [
      'the same port twice',
      site(`services: { b: { kind: external, ports: { x: 80 } }, api: { ${api}, ports: { http: 80 } } }`),
      'port-twice',
      3,
      /b\.x and by api\.http/,
    ],
    [
      'a script that is missing',
      site('services: { a: { kind: node, run: services/gone.mjs } }'),
      'script-missing',
      3,
      /services\/gone\.mjs/,
    ],
    [
      'a program in the release that is missing',
      site('services: { a: { kind: process, run: ./bin/gone } }'),
      'program-missing',
      3,
      /bin\/gone/,
    ],
    [
      'a program that is not installed',
      site('services: { a: { kind: process, run: no-such-program-here } }'),
      'program-missing',
      3,
      /PATH/,
    ],
    [
      'a working directory that is missing',
      site(`services: { a: { ${api}, cwd: gone } }`),
      'folder-missing',
      3,
      /gone/,
    ],
    [
      'a script outside the site',
      site('services: { a: { kind: node, run: ../x.mjs } }'),
      'path-escapes',
      3,
      /\.\.\/x\.mjs/,
    ],
    [
      'a working directory outside the site',
      site(`services: { a: { ${api}, cwd: ../.. } }`),
      'path-escapes',
      3,
      /leads out/,
    ],
    ['a shell line', site('services: { a: { kind: process, run: "sh x | tee y" } }'), 'command-bad', 3, /only a shell/],
    [
      'a reference to nothing, with the nearest',
      site(`services: { api: { ${api}, ports: { http: 81 }, env: { P: "\${ports.htp}" } } }`),
      'variable-unknown',
      3,
      /\$\{ports\.http\}/,
    ],
    [
      'a port of another service that has none',
      site(`services: { b: { kind: external }, api: { ${api}, env: { P: "\${services.b.ports.x}" } } }`),
      'variable-unknown',
      3,
      /services\.b\.ports\.x/,
    ],
    [
      'a secret outside the environment',
      site(`services: { api: { ${api}, pages: { A: "http://x/\${secrets.K}" } } }`),
      'secret-not-here',
      3,
      /only stand in `env`/,
    ],
    [
      'a probe that asks nothing',
      site(`services: { api: { ${api}, liveness: { every: 1s } } }`),
      'probe-unclear',
      3,
      /none of them/,
    ],
    [
      'a page that is no web address',
      site(`services: { api: { ${api}, pages: { A: "file:///etc/passwd" } } }`),
      'address-bad',
      3,
      /not a web address/,
    ],
    [
      'a probe address without port',
      site(`services: { api: { ${api}, liveness: { tcp: localhost } } }`),
      'address-bad',
      3,
      /host and a port/,
    ],
    ['a bad cron line', site('backup: { full: "0 25 * * *" }'), 'cron-bad', 3, /five cron fields/],
    ['a cron line that never comes', site('backup: { full: "0 0 31 2 *" }'), 'cron-bad', 3, /cron/],
    ['a zone that does not exist', site('zone: Asia/Manilla'), 'zone-bad', 3, /Asia\/Manila/],
    [
      'a bad address to bind to',
      site('services: { b: { kind: builtin, use: broker, bind: lan, ports: { mqtt: 1 } } }'),
      'address-bad',
      3,
      /IP address/,
    ],
    [
      'a wildcard inside a level',
      site('routes: { r: { from: a+/b, to: [{ channel: x }] } }'),
      'topic-filter-bad',
      3,
      /whole level/,
    ],
    [
      'a regular expression that cannot be read',
      site('routes: { r: { from: "/a(/", to: [{ channel: x }] } }'),
      'expression-bad',
      3,
      /regular expression/,
    ],
    ['a target with a wildcard', site('routes: { r: { from: a, to: [{ mqtt: a/# }] } }'), 'topic-bad', 3, /one topic/],
    [
      'two targets in one',
      site('routes: { r: { from: a, to: [{ mqtt: a, channel: x }] } }'),
      'target-unclear',
      3,
      /`mqtt` and `channel`/,
    ],
    ['a route to nowhere', site('routes: { r: { from: a, to: [] } }'), 'value-empty', 3, /at least one target/],
    ['backups in a relative folder', site('backup: { folder: backups }'), 'path-not-absolute', 3, /absolute/],
    ['a tab', site('services:\n\tapi: 1'), 'yaml-tab', 4, /tab/],
    ['a key twice', site('zone: UTC\nzone: UTC'), 'key-twice', 4, /twice/],
    ['an open bracket', site('services: { a: [1'), 'yaml-invalid', 3, /not valid YAML/],
    ['two documents', site('---\nsite: b'), 'yaml-many-documents', 3, /more than one/],
    ['a tag', site('zone: !zone UTC'), 'yaml-tag', 3, /tag/],
    ['nothing but comments', '# nothing\n', 'site-file-empty', null, /wheelhouse: 1/],
    ['nothing at all', '', 'site-file-empty', null, /is empty/],
    ['a list instead of a map', '- a\n', 'value-wrong-type', 1, /map that begins/],
  ]
  for (const [what, yaml, code, line, words] of cases) {
    it(`name ${what}`, async () => {
      const problems = problemsOf(await load(yaml))
      expect(problems.map((problem) => problem.code)).toEqual([code])
      expect(problems[0]?.line).toBe(line)
      expect(`${problems[0]?.message} ${problems[0]?.remedy}`).toMatch(words)
    })
  }

  it('in one place bring no second mistake that only follows from the first', async () => {
    const loaded = await load(
      site(`services:
  api: { kind: node, run: services/api.mjs, ports: { http: 99999 }, liveness: { tcp: 5 }, pages: { A: "http://x:\${ports.http}/" } }
routes:
  r: { from: a, to: [ { journal: 5 weeks } ] }`),
    )
    expect(codesOf(loaded)).toEqual(['port-out-of-range', 'value-wrong-type', 'duration-bad'])
  })

  it('refuse aliases that unfold to far more than is written', async () => {
    const levels = Array.from({ length: 9 }, (_, n) => `l${n + 1}: &l${n + 1} [${Array(9).fill(`*l${n}`).join(', ')}]`)
    expect(codesOf(await load(site(['l0: &l0 [x]', ...levels].join('\n'))))).toEqual(['yaml-alias-bomb'])
  })

  it('refuse nesting that would exhaust the parser, in brackets and in dashes', async () => {
    expect(codesOf(await load(site(`a: ${'['.repeat(50_000)}`)))).toEqual(['yaml-too-deep'])
    expect(codesOf(await load(site(`a:\n  ${'- '.repeat(50_000)}x`)))).toEqual(['yaml-too-deep'])
  })

  it('do not let a key reach the prototype of what is built', async () => {
    const loaded = await load(site('profiles: { p: { __proto__: { zone: UTC } } }\n__proto__: { polluted: true }'), {
      profile: 'p',
    })
    expect(loaded.valid).toBe(false)
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })

  it('refuse a file that is too large, and one that is not UTF-8', async () => {
    expect(codesOf(await load('#'.repeat(1024 * 1024 + 1)))).toEqual(['site-file-too-big'])
    expect(codesOf(await load(new Uint8Array([0x73, 0xff, 0xfe])))).toEqual(['site-file-not-utf8'])
  })

  it('keep what could be read of name and id', async () => {
    const loaded = await load(site('name: Lab of Physics\nbad: 1'))
    expect(loaded).toMatchObject({ valid: false, id: 'lab', name: 'Lab of Physics' })
    const hostile = await load('wheelhouse: 1\nsite: ../../etc\n') // ids become part of paths
    expect(hostile).toMatchObject({ valid: false, id: null, name: null })
  })

  it('of the messaging part are placed in the file', async () => {
    const checkRoute = () => [{ path: 'to.0.mqtt', message: 'The target loops back.', remedy: 'Choose another topic.' }]
    const loaded = await load(site('routes:\n  r:\n    from: a\n    to:\n      - { mqtt: a }'), { checkRoute })
    expect(problemsOf(loaded)).toMatchObject([
      { code: 'route-invalid', path: 'routes.r.to[0].mqtt', line: 7, column: 17 },
    ])
  })

  it('of routes together are asked for once, without the routes whose form is wrong already', async () => {
    const asked: string[][] = []
    const checkRoutes = (routes: readonly { id: string }[]) => {
      asked.push(routes.map(({ id }) => id))
      return [{ route: 'b', path: 'from', message: 'It feeds itself.', remedy: 'Choose another topic.' }]
    }
    const routes = 'routes:\n  a: { from: a#, to: [{ channel: x }] }\n  b: { from: b, to: [{ channel: x }] }'
    const loaded = await load(site(routes), { checkRoutes })
    expect(asked).toEqual([['b']])
    expect(problemsOf(loaded).map(({ code, line }) => [code, line])).toEqual([
      ['topic-filter-bad', 4],
      ['route-invalid', 5],
    ])
  })
})

describe('what is on disk', () => {
  it('a folder without site.yaml is told as a problem, not thrown', async () => {
    using folder = temporaryFolder()
    expect(await loadSite(join(folder.path, 'nowhere'))).toMatchObject({
      valid: false,
      problems: [{ code: 'site-file-missing' }],
    })
  })

  it('a site.yaml that may not be read says how to change that', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'site.yaml')
    if (process.getuid?.() === 0)
      mkdirSync(file) // nothing is unreadable to root; a folder is, to everybody
    else {
      writeFileSync(file, site(''))
      chmodSync(file, 0)
    }
    expect(codesOf(await loadSite(folder.path))).toEqual(['site-file-unreadable'])
  })

  it('a missing script refuses the site, but leaves the definition for restoring and taking up', async () => {
    const loaded = await load(site('services: { a: { kind: node, run: services/gone.mjs } }'))
    expect(!loaded.valid && loaded.definition?.services.a?.run).toEqual(['services/gone.mjs'])
    const wrong = await load(site('bad: 1\nservices: { a: { kind: node, run: services/gone.mjs } }'))
    expect(!wrong.valid && wrong.definition).toBeUndefined()
  })

  it('scripts are looked for in the release that `current` leads to', async () => {
    using folder = temporaryFolder()
    mkdirSync(join(folder.path, 'releases', '2', 'services'), { recursive: true })
    writeFileSync(join(folder.path, 'releases', '2', 'services', 'api.mjs'), '')
    writeFileSync(join(folder.path, 'site.yaml'), site('services: { a: { kind: node, run: services/api.mjs } }'))
    symlinkSync('releases/2', join(folder.path, 'current'))
    expect((await loadSite(folder.path)).valid).toBe(true)
  })

  it('a release that is gone is named once instead of every script in it', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'site.yaml'), site('services: { a: { kind: node, run: services/api.mjs } }'))
    symlinkSync('releases/2', join(folder.path, 'current'))
    expect(problemsOf(await loadSite(folder.path))).toMatchObject([
      { code: 'release-missing', message: expect.stringContaining(join(folder.path, 'releases/2')) },
    ])
  })

  it('backups may not lie inside the site', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'site.yaml'), site(`backup: { folder: ${folder.path}/backups }`))
    expect(codesOf(await loadSite(folder.path))).toEqual(['backup-inside-site'])
  })
})
