import { expect, it } from 'vitest'
import { loadText, problemsOf, siteText } from '../../../../../test/support/site-text.ts'
import { commandsOf } from '../site-commands.ts'
import { tableLayer } from './table-layer.ts'

it.each([
  ['http: { url: "http://config.example.com/lab" }', 'address-unprotected'],
  ['http: { url: "http://localhost.example.com/lab" }', 'address-unprotected'],
  ['http: { url: "file:///etc/passwd" }', 'address-bad'],
  ['http: { url: "https://${secrets.HOST}/lab" }', 'address-bad'],
  ['http: { url: "https://me:hunter2@example.com/lab" }', 'password-in-file'],
  ['http: { url: "https://example.com/lab", token: hunter2 }', 'password-in-file'],
  ['http: { url: "https://example.com/lab", every: 1s }', 'duration-out-of-range'],
  ['http: { url: "https://example.com/lab", within: 5m }', 'duration-out-of-range'],
  ['database: { of: none, table: settings }', 'service-unknown'],
  ['database: { of: api, table: settings }', 'service-unknown'],
  ['database: { of: db, table: "settings; DROP TABLE x" }', 'table-bad'],
  ['database: { of: db, table: a.b.c }', 'table-bad'],
  ['database: { of: db, table: settings, every: 2d }', 'duration-out-of-range'],
])('%s is refused as %s', async (source, code) => {
  const services = `services:
  api: { kind: external }
  db: { kind: builtin, use: database, database: { sqlite: data/app.db } }
`
  const problems = problemsOf(await loadText(siteText(`sources: { ${source} }\n${services}`)))
  expect(problems.map((problem) => [problem.code, problem.line])).toEqual([[code, 3]])
  expect(JSON.stringify(problems)).not.toContain('hunter2')
})

it('stand in site.yaml only, and their addresses and secrets are part of what is trusted', async () => {
  const sources = 'sources: { http: { url: "https://example.com/lab", token: "${secrets.T}" } }'
  const given = { environment: { WHEELHOUSE_SITE__sources__http__url: 'https://elsewhere.example.com' } }
  const [problem] = problemsOf(await loadText(siteText(sources), { given }))
  expect(problem?.code).toBe('key-not-in-layer')
  const { definition } = await loadText(siteText(sources))
  expect(definition?.secrets).toEqual(['T'])
  expect(definition && commandsOf(definition).map(({ command }) => command)).toEqual([
    '<the configuration is asked for at https://example.com/lab with ${secrets.T}>',
  ])
})

it.each([
  [[['a..b', 1]], 'is no path'],
  [[['', 1]], 'is no path'],
  [
    [
      ['name', 'a'],
      ['name', 'b'],
    ],
    'stands twice',
  ],
])('rows %j are no layer', (rows, why) => {
  expect(tableLayer('table t of db', JSON.stringify(rows))).toMatchObject({ why: expect.stringContaining(why) })
})
