import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { reference } from '../../../../test/support/site-definition.ts'
import {
  commandsOf,
  loadSite,
  resolveDependencyHeaders,
  resolveDependencyUrl,
  trustFingerprint,
  variablesOf,
} from './index.ts'

const key = reference('secrets.MODEL_KEY')
const services = `services:
  api: { kind: node, run: api.mjs, uses: [model] }
`

async function load(dependencies: string, rest = services) {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'api.mjs'), '')
  mkdirSync(join(folder.path, 'answers'))
  writeFileSync(join(folder.path, 'answers', 'model.json'), '{}')
  symlinkSync('/etc/hostname', join(folder.path, 'answers', 'link.json'))
  const text = `wheelhouse: 1\nsite: lab\ndependencies:\n${dependencies}\n${rest}`
  writeFileSync(join(folder.path, 'site.yaml'), text)
  return await loadSite(folder.path)
}

async function definitionOf(dependencies: string, rest = services) {
  const loaded = await load(dependencies, rest)
  if (!loaded.valid) throw new Error(JSON.stringify(loaded.problems))
  return loaded.definition
}

async function codesOf(dependencies: string, rest = services) {
  const loaded = await load(dependencies, rest)
  return loaded.valid ? [] : loaded.problems.map(({ code, path }) => `${code} ${path}`)
}

const model = '  model: { url: "https://api.example.com/v1"'

describe('a dependency', () => {
  it('with nothing but its address has the numbers of the mission: 30 s, three tries, five failures, 30 s open, two successes', async () => {
    const { dependencies } = await definitionOf(`${model} }`)
    expect(dependencies.model).toMatchObject({
      timeoutMs: 30_000,
      attempts: 3,
      repeat: 'idempotent',
      breaker: { kind: 'consecutive', failures: 5, openMs: 30_000, successes: 2 },
      check: { path: null, everyMs: 30_000, timeoutMs: 5_000 },
      failures: ['network', 'timeout', { from: 500, to: 599 }, { from: 429, to: 429 }],
      fallback: null,
    })
  })

  it('may go by a rate, with a window and a minimum', async () => {
    const { dependencies } = await definitionOf(`${model}, breaker: { rate: 50%, minimum: 10 } }`)
    expect(dependencies.model?.breaker).toEqual({
      kind: 'rate',
      rate: 0.5,
      windowMs: 10_000,
      minimum: 10,
      openMs: 30_000,
      successes: 2,
    })
  })

  it.each([
    ['breaker: { rate: 50%, failures: 3 }', 'breaker-unclear dependencies.model.breaker'],
    ['breaker: { window: 5s }', 'key-not-for-kind dependencies.model.breaker.window'],
    ['breaker: { rate: 150% }', 'number-out-of-range dependencies.model.breaker.rate'],
    ['fallback: { status: 200 }', 'fallback-unclear dependencies.model.fallback'],
    ['fallback: { file: answers/none.json }', 'file-missing dependencies.model.fallback.file'],
    ['fallback: { file: answers/link.json }', 'file-missing dependencies.model.fallback.file'],
    ['fallback: { file: ../../etc/passwd }', 'path-escapes dependencies.model.fallback.file'],
    ['check: { http: "http://elsewhere/" }', 'address-bad dependencies.model.check.http'],
    ['headers: { authorization: "Bearer abc" }', 'password-in-file dependencies.model.headers.authorization'],
    ['headers: { x-a: "one\\ntwo" }', 'header-bad dependencies.model.headers.x-a'],
    ['fallback: { body: "", type: "text/€" }', 'header-bad dependencies.model.fallback.type'],
    ['headers: { host: elsewhere }', 'header-not-free dependencies.model.headers.host'],
    [`headers: { x-site: "${reference('site')}" }`, 'variable-unknown dependencies.model.headers.x-site'],
    ['failures: [6xx]', 'value-unknown dependencies.model.failures[0]'],
    ['methods: []', 'value-empty dependencies.model.methods'],
  ])('with %s is refused', async (keys, problem) => {
    expect(await codesOf(`${model}, ${keys} }`)).toEqual([problem])
  })

  it.each([
    ['ftp://api.example.com', 'address-bad'],
    ['api.example.com', 'address-bad'],
    ['https://me:pass@api.example.com', 'password-in-file'],
    ['https://api.example.com/?key=1', 'address-bad'],
    [`https://api.example.com/${reference('secrets.KEY')}`, 'variable-unknown'],
    [`http://127.0.0.1:${reference('services.none.ports.http')}`, 'variable-unknown'],
  ])('at %s is refused, and the message repeats no password', async (url, code) => {
    const loaded = await load(`  model: { url: "${url}" }`)
    expect(loaded.valid ? [] : loaded.problems.map((problem) => problem.code)).toEqual([code])
    expect(JSON.stringify(loaded)).not.toContain('me:pass')
  })

  it('may be a service of the site, by its port, and carry secrets in headers', async () => {
    const port = reference('services.local.ports.http')
    const definition = await definitionOf(
      `  model: { url: "http://127.0.0.1:${port}/v1/", headers: { Authorization: "Bearer ${key}" } }`,
      `${services}  local: { kind: external, ports: { http: 9000 } }`,
    )
    const { model: found } = definition.dependencies
    if (!found) throw new Error('It is there.')
    expect(resolveDependencyUrl(found, definition, variablesOf('/site', '/site'))).toBe('http://127.0.0.1:9000/v1')
    expect(resolveDependencyHeaders(found, (name) => `value of ${name}`)).toEqual({
      authorization: 'Bearer value of MODEL_KEY',
    })
    expect(definition.secrets).toEqual(['MODEL_KEY'])
  })

  it('with a secret that no header may hold is refused before it is sent, and the secret is not repeated', async () => {
    const { dependencies } = await definitionOf(`${model}, headers: { authorization: "Bearer ${key}" } }`)
    const model_ = dependencies.model
    if (!model_) throw new Error('no dependency')
    const refused = () => resolveDependencyHeaders(model_, () => 'hunter2\n')
    expect(refused).toThrow(/Dependency model .* authorization .* line break/)
    expect(refused).not.toThrow(/hunter2/)
  })

  it('is looked at before it is trusted: another address would be handed its secrets', async () => {
    const keys = `headers: { authorization: "Bearer ${key}" } }`
    const here = await definitionOf(`${model}, ${keys}`)
    const there = await definitionOf(`  model: { url: "https://evil.example.com/v1", ${keys}`)
    expect(commandsOf(here).map(({ command }) => command)).toContain(
      `<calls of api go to https://api.example.com/v1 with authorization: Bearer ${key}>`,
    )
    expect(trustFingerprint(here)).not.toBe(trustFingerprint(there))
  })
})

describe('a service that uses dependencies', () => {
  it('in a list requires those without a fallback; in a map it says so itself', async () => {
    const two = `${model} }\n  mail: { url: "http://127.0.0.1:25", fallback: { body: "" } }`
    const listed = await definitionOf(two, 'services:\n  api: { kind: node, run: api.mjs, uses: [model, mail] }')
    expect(listed.services.api?.uses).toEqual({ model: 'required', mail: 'optional' })
    const said = await definitionOf(two, 'services:\n  api: { kind: node, run: api.mjs, uses: { model: optional } }')
    expect(said.services.api?.uses).toEqual({ model: 'optional' })
  })

  it('that there are not is told the nearest; one that is not run here uses none', async () => {
    const codes = await codesOf(`${model} }`, 'services:\n  api: { kind: node, run: api.mjs, uses: [modle] }')
    expect(codes).toEqual(['dependency-unknown services.api.uses[0]'])
    const watched = await codesOf(`${model} }`, 'services:\n  api: { kind: external, uses: [model] }')
    expect(watched).toEqual(['key-not-for-kind services.api.uses[0]'])
  })
})
