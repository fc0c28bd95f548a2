import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { codesOf, loadText, problemsOf, siteText } from '../../../../test/support/site-text.ts'
import { loadSite } from './index.ts'

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
    const loaded = await loadText(outline)
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
    expect(loaded.definition.routes['desk-presence']?.limit).toEqual({
      rate: { count: 5, perMs: 1_000 },
      per: 'topic',
      keep: 'latest',
    })
    expect(loaded.definition.routes['desk-presence']?.batch).toEqual({
      windowMs: 250,
      most: 100,
      bytes: 262_144,
      per: 'route',
      as: null,
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
    expect(loaded.definition.deploy).toMatchObject({ keep: 5, probationMs: 120_000, attempts: 2, takeBack: 'code' })
    expect(loaded.warnings.map(({ code, path }) => [code, path])).toEqual([['not-yet-in-force', 'parts.gateway']])
  })

  it('leaves a JSON Schema as it is written, whatever names are in it', async () => {
    const loaded = await loadText(
      siteText('routes:\n  r: { from: a, validate: { const: { name: 6, run: true } }, to: [ { channel: c } ] }'),
    )
    if (!loaded.valid) throw new Error(JSON.stringify(loaded.problems))
    expect(loaded.definition.routes.r?.validate).toEqual({ const: { name: 6, run: true } })
  })

  it('fills in defaults like those of Kubernetes and systemd', async () => {
    const loaded = await loadText(
      siteText('services:\n  api: { kind: node, run: services/api.mjs, startup: { tcp: "127.0.0.1:1" } }'),
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
    const loaded = await loadText(
      siteText(`contact: { name: Office, phone: 09171234567 }
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
    const loaded = await loadText(siteText(`services:\n  api: { kind: node, run: services/api.mjs, ${env} }`))
    expect(loaded.valid && loaded.definition.secrets).toEqual(['API', 'DB'])
  })
})

describe('profiles', () => {
  const yaml = siteText(`profiles:
  development: { services: { api: { env: { LOG: debug }, run: [services/web.mjs] } } }
services:
  api: { kind: node, run: [services/api.mjs, --fast], env: { LOG: info, KEEP: "1" } }`)

  it('merge maps deep and replace lists', async () => {
    const loaded = await loadText(yaml, { profile: 'development' })
    expect(loaded.valid && loaded.definition.services.api).toMatchObject({
      run: ['services/web.mjs'],
      env: { LOG: 'debug', KEEP: '1' },
    })
  })

  it('leave the file as it is when none is chosen', async () => {
    const loaded = await loadText(yaml)
    expect(loaded.valid && loaded.definition.services.api?.env.LOG).toBe('info')
  })

  it('that do not exist are refused, with those that do', async () => {
    const [problem] = problemsOf(await loadText(yaml, { profile: 'developmnt' }))
    expect(problem).toMatchObject({ code: 'profile-unknown', line: 3, remedy: 'Choose `development`.' })
  })

  it('that were not chosen are checked as well, at their own place', async () => {
    const bad = siteText(
      'profiles:\n  test:\n    services: { api: { stopp: {} } }\nservices: { api: { kind: external } }',
    )
    expect(problemsOf(await loadText(bad))).toMatchObject([
      { code: 'key-unknown', line: 5, path: 'services.api.stopp' },
    ])
  })

  it('do not repeat what is missing in the file itself', async () => {
    const bad = siteText('profiles: { test: { services: { api: { title: T } } } }\nservices: { api: { run: x } }')
    for (const profile of [null, 'test']) {
      expect(problemsOf(await loadText(bad, { profile })).map(({ code, line }) => [code, line])).toEqual([
        ['value-missing', 4],
      ])
    }
  })

  it('cannot change what the file is', async () => {
    expect(codesOf(await loadText(siteText('profiles: { test: { site: other } }')))).toEqual(['key-not-in-profile'])
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
      writeFileSync(file, siteText(''))
      chmodSync(file, 0)
    }
    expect(codesOf(await loadSite(folder.path))).toEqual(['site-file-unreadable'])
  })

  it('a missing script refuses the site, but leaves the definition for restoring and taking up', async () => {
    const loaded = await loadText(siteText('services: { a: { kind: node, run: services/gone.mjs } }'))
    expect(!loaded.valid && loaded.definition?.services.a?.run).toEqual(['services/gone.mjs'])
    const wrong = await loadText(siteText('bad: 1\nservices: { a: { kind: node, run: services/gone.mjs } }'))
    expect(!wrong.valid && wrong.definition).toBeUndefined()
  })

  it('scripts are looked for in the release that `current` leads to', async () => {
    using folder = temporaryFolder()
    mkdirSync(join(folder.path, 'releases', '2', 'services'), { recursive: true })
    writeFileSync(join(folder.path, 'releases', '2', 'services', 'api.mjs'), '')
    writeFileSync(join(folder.path, 'site.yaml'), siteText('services: { a: { kind: node, run: services/api.mjs } }'))
    symlinkSync('releases/2', join(folder.path, 'current'))
    expect((await loadSite(folder.path)).valid).toBe(true)
  })

  it('a release that is gone is named once instead of every script in it', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'site.yaml'), siteText('services: { a: { kind: node, run: services/api.mjs } }'))
    symlinkSync('releases/2', join(folder.path, 'current'))
    expect(problemsOf(await loadSite(folder.path))).toMatchObject([
      { code: 'release-missing', message: expect.stringContaining(join(folder.path, 'releases/2')) },
    ])
  })

  it('backups may not lie inside the site', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'site.yaml'), siteText(`backup: { folder: ${folder.path}/backups }`))
    expect(codesOf(await loadSite(folder.path))).toEqual(['backup-inside-site'])
  })
})
