import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadText } from '../../../../../test/support/site-text.ts'
import { readIni } from '../layers/ini-text.ts'
import { pathLayer } from '../layers/texts.ts'
import { exportConfig, exportFormats } from './export-config.ts'
import { siteJsonSchema } from './json-schema.ts'

const yaml = `wheelhouse: 1
site: lab
name: "On the way"
contact: { name: Office, phone: "0917" }
profiles: { loud: { name: Loud } }
services:
  desk-units:
    kind: external
    optional: on
    env: { LOG: "it's on", N: "007", API_TOKEN: hunter2, DB: "\${secrets.db}", EMPTY: "" }
routes:
  r:
    from: /a+/
    validate: { type: object, properties: { env: { const: 1 } } }
    to: [ { channel: c } ]
backup: { keep: { daily: 9 }, exclude: [ "*.tmp", "a b" ] }
`

async function composition(text: string, options: Parameters<typeof loadText>[1] = {}) {
  const loaded = await loadText(text, options)
  if (!loaded.valid) throw new Error(JSON.stringify(loaded.problems))
  return loaded
}

const base = 'wheelhouse: 1\nsite: lab\nservices: { desk-units: { kind: external } }\n'

describe('export', () => {
  it('read back, each format says the same as what was exported, without what must not be shown', async () => {
    const whole = await composition(yaml)
    const expected = { ...whole.definition, source: null }
    const { API_TOKEN: _token, ...env } = expected.services['desk-units']?.env ?? {}
    const service = expected.services['desk-units']
    const wanted = { ...expected, services: { 'desk-units': { ...service, env } } }
    for (const format of exportFormats) {
      const { text, leftOut } = exportConfig(whole.composition, format)
      expect(text, format).not.toContain('hunter2')
      expect(leftOut).toEqual(['services.desk-units.env.API_TOKEN'])
      if (format !== 'json') expect(text).toContain('Left out')
      const again =
        format === 'yaml' || format === 'json'
          ? await composition(text)
          : await composition(base, {
              given: format === 'env' ? { environment: variables(text) } : { http: ini(text) },
            })
      expect({ ...again.definition, source: null }, format).toEqual(wanted)
    }
  })

  it('says what is in use: the chosen profile and what was set are in it', async () => {
    const set = { path: ['backup', 'keep', 'daily'], value: 3, place: { file: '', line: null, column: null } }
    const loaded = await composition(yaml, { profile: 'loud', given: { overrides: [set] } })
    expect(parse(exportConfig(loaded.composition, 'yaml').text)).toMatchObject({
      name: 'Loud',
      backup: { keep: { daily: 3 } },
    })
  })
})

describe('JSON Schema', () => {
  it('docs/site.schema.json is what the schema says (write siteJsonSchema() to it after a change)', () => {
    expect(readFileSync('docs/site.schema.json', 'utf8')).toBe(siteJsonSchema())
  })

  it('takes the sample site and every valid file, and names what is wrong with others', () => {
    const ajv = new Ajv2020({ strict: false })
    const check = ajv.compile(JSON.parse(siteJsonSchema()))
    expect(
      check(parse(readFileSync('resources/sites/consultease/site.yaml', 'utf8'))),
      JSON.stringify(check.errors),
    ).toBe(true)
    expect(check(parse(yaml)), JSON.stringify(check.errors)).toBe(true)
    expect(check({ wheelhouse: 1, site: 'lab', servces: {} })).toBe(false)
    expect(check({ wheelhouse: 1, site: 'lab', backup: { keep: { daily: -1 } } })).toBe(false)
  })
})

function variables(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.startsWith('WHEELHOUSE'))
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=')
      return [line.slice(0, at), line.slice(at + 2, -1).replaceAll(`'\\''`, "'")]
    }),
  )
}

function ini(text: string) {
  const read = readIni(text, 'x.ini')
  if (!read.ok) throw new Error(JSON.stringify(read.problems))
  return pathLayer('http', 'x.ini', read.values)
}
