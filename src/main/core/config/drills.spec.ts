import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { loadSite } from './index.ts'

const services = `services:
  broker: { kind: builtin, use: broker, ports: { mqtt: 1883 } }
  db: { kind: builtin, use: database, database: { sqlite: data/app.db } }
  records: { kind: builtin, use: database, database: { postgres: "postgres://app@127.0.0.1:5432/app" } }
  api: { kind: node, run: api.mjs }
  once: { kind: node, run: api.mjs, one-shot: true }
`

async function load(drills: string) {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'api.mjs'), '')
  writeFileSync(join(folder.path, 'site.yaml'), `wheelhouse: 1\nsite: lab\n${services}drills:\n${drills}\n`)
  return await loadSite(folder.path)
}

async function codesOf(drill: string) {
  const loaded = await load(`  one: ${drill}`)
  return loaded.valid ? [] : loaded.problems.map(({ code, path }) => `${code} ${path}`)
}

test('a drill has two minutes and no schedule unless it says so', async () => {
  const loaded = await load(
    '  one: { do: kill, of: api }\n  two: { do: freeze, of: api, schedule: "0 4 * * 0", within: 30s }',
  )
  expect(loaded.valid && loaded.definition.drills).toEqual({
    one: { id: 'one', title: null, do: 'kill', of: 'api', schedule: null, withinMs: 120_000 },
    two: { id: 'two', title: null, do: 'freeze', of: 'api', schedule: '0 4 * * 0', withinMs: 30_000 },
  })
})

test('a drill is refused for a service that is not there or that it cannot be done to', async () => {
  expect(await codesOf('{ do: kill, of: apy }')).toEqual(['drill-service-unknown drills.one.of'])
  for (const drill of ['do: kill, of: broker', 'do: freeze, of: db', 'do: kill, of: once', 'do: cut-broker, of: db']) {
    expect(await codesOf(`{ ${drill} }`), drill).toEqual(['drill-not-for-service drills.one.of'])
  }
  for (const of of ['api', 'records']) {
    expect(await codesOf(`{ do: corrupt-database, of: ${of} }`)).toEqual(['drill-not-for-service drills.one.of'])
  }
  for (const drill of ['do: kill, of: api', 'do: cut-broker, of: broker', 'do: corrupt-database, of: db']) {
    expect(await codesOf(`{ ${drill} }`), drill).toEqual([])
  }
})

test('a drill lasts from a second to an hour, and its schedule is one', async () => {
  expect(await codesOf('{ do: kill, of: api, within: 10ms }')).toEqual(['number-out-of-range drills.one.within'])
  expect(await codesOf('{ do: kill, of: api, within: 2h }')).toEqual(['number-out-of-range drills.one.within'])
  expect(await codesOf('{ do: kill, of: api, schedule: daily }')).toEqual(['cron-bad drills.one.schedule'])
  expect(await codesOf('{ do: poke, of: api }')).toEqual(['value-unknown drills.one.do'])
})
