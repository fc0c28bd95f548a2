import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { needsPostgres, type PostgresServer, postgresServer } from '../support/postgres.ts'
import { makeWebSite, openRehearsalRig, sandboxFolders } from '../support/rehearsal-rig.ts'

const missing = needsPostgres()
let server: PostgresServer

beforeAll(async () => {
  if (missing !== null) return
  server = await postgresServer()
  server.psql('CREATE ROLE readers; GRANT readers TO app', 'postgres')
  server.psql(
    "SET ROLE app; CREATE TABLE requests (note text); INSERT INTO requests VALUES ('one'); GRANT SELECT ON requests TO readers",
  )
})

afterAll(async () => server?.[Symbol.asyncDispose]())

/** Servers and their files that a rehearsal would have left. */
const leftBeside = () => readdirSync(tmpdir()).filter((name) => name.startsWith('wheelhouse-rehearsal-'))

it('a PostgreSQL database is brought up from its dump on a server of the sandbox, and the site’s own is not asked', async () => {
  using folder = temporaryFolder()
  const directory = join(folder.path, 'site')
  const teller = `import { writeFileSync } from 'node:fs'
writeFileSync(process.env.DATA + '/told', process.env.PGHOST + ' ' + process.env.PGPORT + ' ' + process.env.URL)
setInterval(() => {}, 1000)
process.on('SIGTERM', () => process.exit(0))
`
  await makeWebSite(directory, {
    entry: `  records:
    kind: builtin
    use: database
    database: { postgres: "${server.url}" }
    env: { PGPASSWORD: "\${secrets.RECORDS}" }
  teller:
    kind: node
    run: services/teller.mjs
    needs: { records: healthy }
    env: { DATA: "\${data}", PGHOST: 127.0.0.1, PGPORT: "${server.port}", URL: "${server.url}" }`,
  })
  writeFileSync(join(directory, 'services', 'teller.mjs'), teller)
  mkdirSync(join(folder.path, 'user'), { recursive: true })
  const secrets = JSON.stringify({ [directory]: { RECORDS: server.password } })
  writeFileSync(join(folder.path, 'user', 'secrets.json'), secrets, { mode: 0o600 })
  const before = leftBeside()
  await using rig = await openRehearsalRig(folder.path, directory)
  await rig.backUp()
  // Nothing of it is needed for the proof.
  await server.kill()

  const { run } = await rig.rehearse(null, true)

  expect(run.services.map(({ id, result, sentence }) => [id, result, result === 'healthy' ? '' : sentence])).toEqual(
    ['broker', 'web', 'records', 'teller'].map((id) => [id, 'healthy', '']),
  )
  expect(run).toMatchObject({ verdict: 'proven' })
  const told = readFileSync(join(run.kept ?? '', 'site', 'data', 'told'), 'utf8')
  expect(told).toMatch(/^127\.0\.0\.1 (\d+) postgres:\/\/app@127\.0\.0\.1:\1\/app$/)
  expect(told).not.toContain(String(server.port))
  expect(rig.inSandboxes()).toEqual([])

  await server.start()
  expect((await rig.rehearse()).run).toMatchObject({ verdict: 'proven' })
  expect(sandboxFolders(directory)).toEqual([])
  expect(leftBeside()).toEqual(before)
  expect(server.psql("SELECT count(*) FROM pg_database WHERE datname NOT LIKE 'template%'", 'postgres')).toBe('2')
  expect(existsSync(join(directory, '.wheelhouse-databases'))).toBe(false)
})
