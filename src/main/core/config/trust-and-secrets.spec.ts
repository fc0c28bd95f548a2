import { chmodSync, mkdirSync, realpathSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { commandsOf, loadSite, openSecrets, openTrust, type SiteDefinition, trustFingerprint } from './index.ts'

async function definitionOf(services: string, rest = ''): Promise<SiteDefinition> {
  using folder = temporaryFolder()
  mkdirSync(join(folder.path, 'services'))
  for (const name of ['a.mjs', 'b.mjs']) writeFileSync(join(folder.path, 'services', name), '')
  writeFileSync(join(folder.path, 'site.yaml'), `wheelhouse: 1\nsite: lab\nservices: { ${services} }\n${rest}`)
  const loaded = await loadSite(folder.path)
  if (!loaded.valid) throw new Error(JSON.stringify(loaded.problems))
  return loaded.definition
}

const a = 'a: { kind: node, run: services/a.mjs, env: { X: "1" } }'
const b = 'b: { kind: process, run: [ls, "a b"], liveness: { command: ls -l } }'

describe('trust', () => {
  it('shows everything that the site would run, environment included', async () => {
    expect(commandsOf(await definitionOf(`${a}, ${b}, c: { kind: external }`))).toEqual([
      { service: 'a', of: 'a', command: 'X=1 node services/a.mjs', cwd: '.' },
      { service: 'b', of: 'b', command: 'ls "a b"', cwd: '.' },
      { service: 'b', of: 'b', command: 'ls -l', cwd: '.' },
    ])
  })

  it('is asked again when a script, an argument, a probe or the environment changes', async () => {
    const changed = [
      a.replace('a.mjs', 'b.mjs'),
      a.replace('a.mjs', 'a.mjs --x'),
      a.replace('X: "1"', 'NODE_OPTIONS: "1"'),
      a.replace('X: "1"', 'X: "2"'),
      a.replace('env:', 'startup: { command: ls }, env:'),
      a.replace('env:', 'cwd: services, env:'),
    ]
    const before = trustFingerprint(await definitionOf(a))
    for (const service of changed) expect(trustFingerprint(await definitionOf(service))).not.toBe(before)
  })

  it('is asked again when the broker is opened to the network', async () => {
    const broker = 'm: { kind: builtin, use: broker, ports: { mqtt: 1883 } }'
    const opened = await definitionOf(`${a}, ${broker.replace('ports', 'bind: 0.0.0.0, ports')}`)
    expect(commandsOf(opened)[1]?.command).toBe('<broker reachable from the network: 0.0.0.0:1883>')
    expect(trustFingerprint(opened)).not.toBe(trustFingerprint(await definitionOf(`${a}, ${broker}`)))
  })

  it('is asked again when a check would log in elsewhere with what a service holds', async () => {
    const e = 'e: { kind: external, env: { MQTT_PASSWORD: "${secrets.KEY}" } }'
    const here = await definitionOf(e, 'checks: { m: { of: e, mqtt: "mqtt://127.0.0.1:1883" } }')
    const there = await definitionOf(e, 'checks: { m: { of: e, mqtt: "mqtt://elsewhere:1883" } }')
    expect(commandsOf(there)).toEqual([
      {
        service: 'e',
        of: 'check m',
        command: 'MQTT_PASSWORD=${secrets.KEY} <its check logs in at mqtt://elsewhere:1883>',
        cwd: '.',
      },
    ])
    expect(new Set([here, there, await definitionOf(e)].map(trustFingerprint)).size).toBe(3)
  })

  it('is asked again when probes, checks or pages would ask other machines: a site could look through a network', async () => {
    const e = (rest: string) => `e: { kind: external, ports: { http: 80 }, ${rest} }`
    const here = [
      e('liveness: { http: "http://127.0.0.1:${ports.http}/health" }'),
      e('liveness: { tcp: "localhost:${ports.http}" }'),
      e('pages: { start: "http://[::1]:80/" }'),
    ]
    const there: readonly (readonly [string, string])[] = [
      [e('liveness: { http: "http://10.0.0.7/health" }'), '<its probe asks http://10.0.0.7/health>'],
      [e('readiness: { tcp: "10.0.0.7:22" }'), '<its probe connects to 10.0.0.7:22>'],
      [e('liveness: { mqtt: "mqtt://10.0.0.7:1883" }'), '<its probe logs in at mqtt://10.0.0.7:1883>'],
      [e('pages: { start: "http://10.0.0.7/" }'), '<its page is asked at http://10.0.0.7/>'],
      // Whatever looks like this machine and is another, or is known only later.
      [e('liveness: { http: "http://10.0.0.7\\\\@127.0.0.1/" }'), '<its probe asks "http://10.0.0.7\\\\@127.0.0.1/">'],
      [e('liveness: { http: "http://127.0.0.1.example.org/" }'), '<its probe asks http://127.0.0.1.example.org/>'],
    ]
    const before = trustFingerprint(await definitionOf(e('weight: 1')))
    for (const service of here) expect(trustFingerprint(await definitionOf(service))).toBe(before)
    for (const [service, command] of there) {
      const definition = await definitionOf(service)
      expect(commandsOf(definition)).toEqual([{ service: 'e', of: 'e', command, cwd: '.' }])
      expect(trustFingerprint(definition)).not.toBe(before)
    }
    const checked = await definitionOf(
      e('weight: 1'),
      'checks: { m: { tcp: "10.0.0.7:22" }, n: { tcp: "127.0.0.1:22" } }',
    )
    expect(commandsOf(checked)).toEqual([
      { service: 'm', of: 'check m', command: '<its check connects to 10.0.0.7:22>', cwd: '.' },
    ])
  })

  it('names the recovery policy whose command it is, apart from any service', async () => {
    const policy = 'recovery: { a: { when: service.failed, do: [ { run: ls -l } ] } }'
    expect(commandsOf(await definitionOf(a, policy))[1]).toEqual({
      service: 'a',
      of: 'recovery policy a',
      command: 'ls -l',
      cwd: '.',
    })
  })

  it('is asked again when recovery would move or delete other files, or a failure would be brought about by itself', async () => {
    const before = trustFingerprint(await definitionOf(a))
    const policy = (step: string) => `recovery: { p: { when: service.failed, do: [ { ${step} } ] } }`
    const cleared = await definitionOf(a, policy('clear-cache: [ data/orders, data/cache ]'))
    expect(commandsOf(cleared)[1]?.command).toBe('<deletes what is in data/orders>')
    const reset = await definitionOf(a, policy('reset-state: [ data/orders ]'))
    expect(commandsOf(reset)[1]?.command).toBe('<sets aside what is in data/orders>')
    const ofOne = await definitionOf(
      `${a}, ${b}`,
      'recovery: { p: { when: service.failed, of: a, do: [ { clear-cache: [ "data/${service}" ] } ] } }',
    )
    const ofAll = await definitionOf(
      `${a}, ${b}`,
      'recovery: { p: { when: service.failed, do: [ { clear-cache: [ "data/${service}" ] } ] } }',
    )
    expect(commandsOf(ofOne).at(-1)?.of).toBe('recovery policy p, for a')
    expect(commandsOf(ofAll).at(-1)?.of).toBe('recovery policy p, for every service')
    expect(trustFingerprint(ofOne)).not.toBe(trustFingerprint(ofAll))
    const drilled = await definitionOf(a, 'drills: { d: { do: kill, of: a, schedule: "0 3 * * *" } }')
    expect(commandsOf(drilled)[1]).toEqual({ service: 'a', of: 'a', command: '<drill at "0 3 * * *": kill>', cwd: '.' })
    expect(new Set([cleared, reset, drilled].map(trustFingerprint).concat(before)).size).toBe(4)
    expect(trustFingerprint(await definitionOf(a, 'drills: { d: { do: kill, of: a } }'))).toBe(before)
    expect(trustFingerprint(await definitionOf(a, policy('clear-cache: [ data/cache ]')))).toBe(before)
  })

  it('is not asked again for what runs nothing, nor for another order', async () => {
    const before = trustFingerprint(await definitionOf(`${a}, ${b}`))
    expect(trustFingerprint(await definitionOf(`${b}, ${a}`))).toBe(before)
    expect(trustFingerprint(await definitionOf(`${a}, ${b}, c: { kind: external }`))).toBe(before)
  })

  it('is remembered for this folder and this fingerprint only, over a new start', async () => {
    using folder = temporaryFolder()
    const store = await openTrust(folder.path)
    expect(store.isTrusted(folder.path, 'f1')).toBe(false)
    await store.trust(folder.path, 'f1')
    expect(store.isTrusted(folder.path, 'f1')).toBe(true)
    const later = await openTrust(folder.path)
    expect(later.isTrusted(folder.path, 'f1')).toBe(true)
    expect(later.isTrusted(folder.path, 'f2')).toBe(false)
    expect(later.isTrusted(join(folder.path, 'other'), 'f1')).toBe(false)
    expect(statSync(join(folder.path, 'trust.json')).mode & 0o777).toBe(0o600)
  })

  it('written by two consoles is kept of both', async () => {
    using folder = temporaryFolder()
    const [one, two] = [await openTrust(folder.path), await openTrust(folder.path)]
    await one.trust('/site/one', 'f')
    await two.trust('/site/two', 'f')
    const later = await openTrust(folder.path)
    expect([later.isTrusted('/site/one', 'f'), later.isTrusted('/site/two', 'f')]).toEqual([true, true])
  })

  it('is refused when its file is damaged', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'trust.json'), '{"version":1,"sites":{"/x":true}}')
    expect((await openTrust(folder.path)).isTrusted('/x', 'f')).toBe(false)
  })
})

describe('secrets', () => {
  function withFile(content: string, mode = 0o600) {
    const folder = temporaryFolder()
    writeFileSync(join(folder.path, 'secrets.json'), content)
    chmodSync(join(folder.path, 'secrets.json'), mode)
    return folder
  }

  it('are found by site and name, also when they were added later', async () => {
    using folder = temporaryFolder()
    const secret = await openSecrets(folder.path, 'lab')
    expect(() => secret('KEY')).toThrow(/KEY of the site in lab/)
    writeFileSync(join(folder.path, 'secrets.json'), '{"lab":{"KEY":"v"},"other":{"TOKEN":"t"}}', { mode: 0o600 })
    expect(secret('KEY')).toBe('v')
    expect(() => secret('TOKEN')).toThrow(/TOKEN/)
    expect(() => secret('constructor')).toThrow(/constructor/)
  })

  it('may be kept in a variable of the console or in a file of their own, read anew each time', async () => {
    using folder = withFile('{}')
    using site = temporaryFolder()
    const file = join(folder.path, 'key')
    const kept = { [site.path]: { DB: { env: 'LAB_DB' }, KEY: { file }, BOTH: { env: 'LAB_DB', file } } }
    const own = join(folder.path, 'secrets.json')
    writeFileSync(own, JSON.stringify(kept))
    const environment: Record<string, string> = {}
    const secret = await openSecrets(folder.path, site.path, environment)
    expect(() => secret('DB')).toThrow(/secrets.json are not used/)
    writeFileSync(own, JSON.stringify({ [site.path]: { DB: { env: 'LAB_DB' }, KEY: { file } } }))
    expect(() => secret('DB')).toThrow(/environment variable LAB_DB of the console, which is not set/)
    environment.LAB_DB = 'v'
    expect(secret('DB')).toBe('v')
    expect(() => secret('KEY')).toThrow(/the file is not there/)
    writeFileSync(file, 'first\n', { mode: 0o600 })
    expect(secret('KEY')).toBe('first')
    writeFileSync(file, 'second\n\n')
    expect(secret('KEY')).toBe('second\n')
  })

  it('in a file that everybody may read, is in the site, or is none are refused without saying what it holds', async () => {
    using folder = withFile('{}')
    using site = temporaryFolder()
    const real = realpathSync(site.path)
    const cases: [string, string | Uint8Array, number, RegExp][] = [
      [join(folder.path, 'open'), 'hunter2', 0o644, /everybody on this machine/],
      [join(real, 'inside'), 'hunter2', 0o600, /in its backups/],
      [join(folder.path, 'binary'), Buffer.from([0x68, 0xff, 0xfe]), 0o600, /cannot be read as text/],
      [join(folder.path, 'long'), 'hunter2'.repeat(10_000), 0o600, /longer than 64 KB/],
      [join(folder.path, 'empty'), '\n', 0o600, /is empty/],
    ]
    for (const [file, content, mode, why] of cases) {
      writeFileSync(file, content)
      chmodSync(file, mode)
      writeFileSync(join(folder.path, 'secrets.json'), JSON.stringify({ [real]: { KEY: { file } } }))
      const secret = await openSecrets(folder.path, real, {})
      const error = caught(() => secret('KEY'))
      expect(String(error)).toMatch(why)
      expect(JSON.stringify([error, error instanceof Error && [error.cause, error.stack]])).not.toContain('hunter2')
    }
    for (const [file, why] of [
      ['key', /whole path/],
      [folder.path, /no file/],
    ] as const) {
      writeFileSync(join(folder.path, 'secrets.json'), JSON.stringify({ [real]: { KEY: { file } } }))
      const secret = await openSecrets(folder.path, real, {})
      expect(() => secret('KEY')).toThrow(why)
    }
  })

  it('in a file that others may read are refused, with the command that mends it', async () => {
    using folder = withFile('{"lab":{"KEY":"v"}}', 0o640)
    const secret = await openSecrets(folder.path, 'lab')
    expect(() => secret('KEY')).toThrow(
      expect.objectContaining({ problem: expect.objectContaining({ remedy: expect.stringContaining('chmod 600') }) }),
    )
  })

  it('never stand in an error, however the file is damaged', async () => {
    for (const content of [
      '{"lab":{"KEY":"hunter2",}}',
      '{"lab":{"KEY":["hunter2"]}}',
      'hunter2',
      '{"lab":"hunter2"}',
    ]) {
      using folder = withFile(content)
      const secret = await openSecrets(folder.path, 'lab')
      const error = caught(() => secret('KEY'))
      expect(error).toBeInstanceOf(Error)
      expect(
        JSON.stringify([error, String(error), error instanceof Error && [error.cause, error.stack]]),
      ).not.toContain('hunter2')
    }
  })
})

function caught(action: () => unknown): unknown {
  try {
    return action()
  } catch (error) {
    return error
  }
}
