import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { codesOf, problemsOf } from '../../../../../test/support/site-text.ts'
import { type LoadOptions, loadSite } from '../load-site.ts'
import { valuesInUse } from './values.ts'

const base = `wheelhouse: 1
site: lab
include: [ conf/a.yaml, conf/b.json, conf/c.ini ]
profiles: { loud: { services: { api: { env: { LOG: profile } } } } }
services:
  api:
    kind: external
    title: file
    env: { LOG: file, A: file, B: file, C: file }
`
const files = {
  'conf/a.yaml': 'services:\n  api: { env: { A: yaml, B: yaml, C: yaml } }\n',
  'conf/b.json': '{ "services": { "api": { "env": { "B": "json", "C": "json" } } } }',
  'conf/c.ini':
    '; a comment\n[services.api.env]\nC = ini\n\n[services.desk-units]\nkind = external\nenv.QUOTED = "007"\n',
}

async function load(yaml: string, more: Readonly<Record<string, string>>, options: LoadOptions = {}) {
  using folder = temporaryFolder()
  for (const [name, text] of Object.entries({ 'site.yaml': yaml, ...more })) {
    mkdirSync(dirname(join(folder.path, name)), { recursive: true })
    writeFileSync(join(folder.path, name), text)
  }
  return { loaded: await loadSite(folder.path, options), folder: folder.path }
}

describe('layers', () => {
  it('the last one wins, maps deep, and each value knows its file and line', async () => {
    const environment = { WHEELHOUSE_SITE__services__api__env__LOG: 'environment', OTHER: 'x' }
    const overrides = [
      { path: ['services', 'api', 'title'], value: 'set', place: { file: 'set on screen', line: null, column: null } },
    ]
    const { loaded, folder } = await load(base, files, { profile: 'loud', given: { environment, overrides } })
    expect(problemsOf(loaded)).toEqual([])
    expect(loaded.definition?.services.api).toMatchObject({
      title: 'set',
      env: { LOG: 'environment', A: 'yaml', B: 'json', C: 'ini' },
    })
    expect(loaded.definition?.services['desk-units']?.env).toEqual({ QUOTED: '007' })
    if (!loaded.composition) throw new Error('It was composed.')
    const from = new Map(valuesInUse(loaded.composition).map((value) => [value.path, value]))
    const placeOf = (path: string) => {
      const { kind, source, file, line } = from.get(path) ?? {}
      return [kind, source, file?.replace(`${folder}/`, ''), line]
    }
    expect(placeOf('services.api.env.A')).toEqual(['include', 'conf/a.yaml', 'conf/a.yaml', 2])
    expect(placeOf('services.api.env.B')).toEqual(['include', 'conf/b.json', 'conf/b.json', 1])
    expect(placeOf('services.api.env.C')).toEqual(['include', 'conf/c.ini', 'conf/c.ini', 3])
    expect(placeOf('services.api.env.LOG')).toEqual([
      'environment',
      'environment',
      'environment variable WHEELHOUSE_SITE__services__api__env__LOG',
      null,
    ])
    expect(placeOf('services.api.kind')).toEqual(['site-file', 'site.yaml', 'site.yaml', 7])
    expect(placeOf('services.api.title')).toEqual(['override', 'set on screen', 'set on screen', null])
    expect(placeOf('backup.keep.daily')).toEqual(['default', 'default', undefined, null])
    expect(from.get('backup.keep.daily')?.value).toBe(7)
  })

  it('a mistake is told with the file and line of the layer that it stands in', async () => {
    const { loaded, folder } = await load(
      base,
      {
        ...files,
        'conf/a.yaml': 'services:\n  api:\n    evn: { A: yaml }\n',
        'conf/c.ini': '[services.api]\nweight = much\n',
      },
      { given: { environment: { WHEELHOUSE_SITE__services__api__optional: 'perhaps' } } },
    )
    expect(problemsOf(loaded).map(({ code, file, line }) => [code, file.replace(`${folder}/`, ''), line])).toEqual([
      ['key-unknown', 'conf/a.yaml', 3],
      ['number-out-of-range', 'conf/c.ini', 2],
      ['value-wrong-type', 'environment variable WHEELHOUSE_SITE__services__api__optional', null],
    ])
    expect(problemsOf(loaded)[0]?.remedy).toContain('`env`')
  })

  it('names of variables find keys with hyphens and of any case, numbers and switches become such', async () => {
    const yaml = 'wheelhouse: 1\nsite: lab\nservices: { desk-units: { kind: external, env: { Log: x } } }\n'
    const environment = {
      WHEELHOUSE_SITE__SERVICES__DESK_UNITS__ENV__Log: '1.10',
      WHEELHOUSE_SITE__BACKUP__KEEP__DAILY: '3',
      WHEELHOUSE_SITE__BACKUP__ALERT_AFTER: '2h',
      WHEELHOUSE_SITE__parts__router: 'false',
      WHEELHOUSE_SITE__backup__exclude: '[ "*.tmp", cache ]',
    }
    const { loaded } = await load(yaml, {}, { given: { environment } })
    expect(problemsOf(loaded)).toEqual([])
    expect(loaded.definition?.services['desk-units']?.env).toEqual({ Log: '1.10' })
    expect(loaded.definition?.backup).toMatchObject({
      keep: { daily: 3 },
      alertAfterMs: 7_200_000,
      exclude: ['*.tmp', 'cache'],
    })
    expect(loaded.definition?.parts.router).toBe(false)
  })

  it.each([
    ['that is missing', '[ conf/none.yaml ]', {}, 'include-missing'],
    ['that lies outside', '[ ../other.yaml ]', {}, 'include-missing'],
    ['of another kind', '[ site.toml ]', { 'site.toml': 'a = 1' }, 'include-kind'],
    ['that is not YAML', '[ a.yaml ]', { 'a.yaml': 'a: [1' }, 'yaml-invalid'],
    ['that is not INI', '[ a.ini ]', { 'a.ini': 'words' }, 'ini-invalid'],
    ['with a key twice', '[ a.ini ]', { 'a.ini': 'zone = UTC\nzone = UTC' }, 'key-twice'],
    ['that says which site it is', '[ a.yaml ]', { 'a.yaml': 'site: other' }, 'key-not-in-layer'],
    ['that includes others', '[ a.yaml ]', { 'a.yaml': 'include: [ b.yaml ]' }, 'key-not-in-layer'],
  ])('an included file %s is refused', async (_what, include, more, code) => {
    const { loaded } = await load(`wheelhouse: 1\nsite: lab\ninclude: ${include}\n`, more)
    expect(codesOf(loaded)).toContain(code)
    expect(loaded.definition).toBeUndefined()
  })

  it('a link out of the site folder is not followed', async () => {
    using other = temporaryFolder()
    writeFileSync(join(other.path, 'secret.yaml'), 'name: secret')
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'site.yaml'), 'wheelhouse: 1\nsite: lab\ninclude: [ a.yaml ]\n')
    symlinkSync(join(other.path, 'secret.yaml'), join(folder.path, 'a.yaml'))
    expect(codesOf(await loadSite(folder.path))).toEqual(['path-escapes'])
  })

  it('a list that a layer replaces hides the one below, also where mistakes are told', async () => {
    const yaml = `wheelhouse: 1
site: lab
include: [ a.yaml ]
services: { b: { kind: builtin, use: broker, ports: { mqtt: 1883 } } }
routes: { r: { from: a, to: [ { mqtt: x, qos: 1 } ] } }
`
    const { loaded, folder } = await load(yaml, { 'a.yaml': 'routes:\n  r:\n    to: [ { qos: 1 } ]\n' })
    expect(problemsOf(loaded).map(({ file, line }) => [file, line])).toEqual([[join(folder, 'a.yaml'), 3]])
  })

  it('what is named like a secret is not shown, a reference to one is', async () => {
    const yaml = `wheelhouse: 1
site: lab
services: { api: { kind: external, env: { API_TOKEN: hunter2, DB_PASSWORD: "\${secrets.db}", URL: "http://u:p@h/" } } }
`
    const { loaded } = await load(yaml, {})
    if (!loaded.composition) throw new Error('It was composed.')
    const values = valuesInUse(loaded.composition)
    expect(JSON.stringify(values)).not.toMatch(/hunter2|u:p@/)
    expect(values.find(({ path }) => path.endsWith('DB_PASSWORD'))).toMatchObject({
      value: '${secrets.db}',
      hidden: false,
    })
  })
})
