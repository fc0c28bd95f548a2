import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openBackupRig } from '../../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { copyTree } from '../../../../../test/support/odd-site.ts'
import { needsPostgres, type PostgresServer, postgresServer } from '../../../../../test/support/postgres.ts'
import { makeFiles, recordsOf, recordsSecret } from '../../../../../test/support/postgres-site.ts'
import { until } from '../../../../../test/support/until.ts'

const program = fileURLToPath(new URL('../../../../../test/support/mortal-backup.program.ts', import.meta.url))
const missing = needsPostgres()
let server: PostgresServer
let template: ReturnType<typeof temporaryFolder>

/** A site of which a snapshot was taken, and that has changed since: one file, and one row more. */
beforeAll(async () => {
  if (missing !== null) return
  server = await postgresServer()
  server.psql('ALTER ROLE app CREATEDB', 'postgres')
  server.psql("SET ROLE app; CREATE TABLE requests (note text); INSERT INTO requests VALUES ('then')")
  template = temporaryFolder()
  makeFiles(join(template.path, 'site'))
  await using rig = await openBackupRig(rigOptions(place(template.path)))
  await rig.backUp()
  writeFileSync(join(template.path, 'site', 'data', 'grades.txt'), '5.0')
})

afterAll(async () => {
  template?.[Symbol.dispose]()
  await server?.[Symbol.asyncDispose]()
})

beforeEach(() => {
  if (missing !== null) return
  for (const name of databases()) server.psql(`DROP DATABASE "${name}" WITH (FORCE)`, 'postgres')
  server.psql('CREATE DATABASE app OWNER app', 'postgres')
  server.psql("SET ROLE app; CREATE TABLE requests (note text); INSERT INTO requests VALUES ('now'), ('later')")
})

const databases = () =>
  server
    .psql("SELECT datname FROM pg_database WHERE datname !~ '^(postgres|template.)$' ORDER BY 1", 'postgres')
    .split('\n')

type Place = ReturnType<typeof place>

function place(folder: string) {
  return { site: join(folder, 'site'), folder: join(folder, 'backups') }
}

function rigOptions(at: Place) {
  return { ...at, definition: () => recordsOf(server), secrets: recordsSecret(server) }
}

function copied() {
  const folder = temporaryFolder()
  copyTree(`${template.path}/.`, folder.path)
  return { ...place(folder.path), [Symbol.dispose]: () => folder[Symbol.dispose]() }
}

async function killedAt({ site, folder }: Place, act: 'restore' | 'recover' | 'undo', point: string): Promise<void> {
  const { url, password } = server
  const child = spawn(process.execPath, [program, JSON.stringify({ site, folder, act, server: { url, password } })], {
    env: { ...process.env, WHEELHOUSE_CRASH_AT: point },
    stdio: 'ignore',
  })
  const [, signal] = await once(child, 'close')
  expect(signal).toBe('SIGKILL')
}

/** Opens the site again, and waits until nothing is left on the server that nobody needs. */
async function recovered(at: Place, left: number): Promise<readonly string[]> {
  await using rig = await openBackupRig(rigOptions(at))
  const sentences = await rig.backups.recover(rig.jobs.interrupted)
  await until('what was left on the server to go', () => databases().length === left)
  return sentences
}

function stateOf({ site }: Place): string {
  const file = readFileSync(join(site, 'data', 'grades.txt'), 'utf8')
  const rows = server.psql('SELECT string_agg(note, $$,$$ ORDER BY note) FROM requests')
  if (file === '5.0' && rows === 'later,now') return 'before'
  return file === '1.0' && rows === 'then' ? 'after' : `a mixture: ${file}, ${rows}`
}

function leftovers(site: string): string[] {
  return ['staging', 'swap', 'quarantine'].flatMap((name) => {
    const folder = join(site, '.wheelhouse', name)
    return existsSync(folder) ? readdirSync(folder) : []
  })
}

describe('a console that is killed while it restores a PostgreSQL database', () => {
  test.each(['restore.after-stage', 'restore.after-stop', 'restore.after-restore-point'])(
    'at %s: the next opening leaves everything as it was and drops what was made',
    async (point) => {
      using at = copied()
      await killedAt(at, 'restore', point)
      expect(databases()).toHaveLength(2)
      expect(await recovered(at, 1)).toEqual([expect.stringContaining('nothing was changed')])
      expect(stateOf(at)).toBe('before')
      expect(leftovers(at.site)).toEqual([])
    },
  )

  test.each([
    'restore.intent-written',
    'restore.swap-entry:1',
    'restore.before-database',
    'restore.swap-database',
    'restore.swapped',
    'restore.before-commit',
  ])('at %s: the next opening finishes it, and Undo takes it back', async (point) => {
    using at = copied()
    await killedAt(at, 'restore', point)
    expect(await recovered(at, 2)).toEqual([expect.stringContaining('has been finished now')])
    expect(stateOf(at)).toBe('after')
    expect(leftovers(at.site)).toEqual([])
    await using rig = await openBackupRig(rigOptions(at))
    expect(await rig.undo()).toMatchObject({ state: 'completed' })
    expect(stateOf(at)).toBe('before')
  })

  test('and again while it finishes that: the next one does', async () => {
    using at = copied()
    await killedAt(at, 'restore', 'restore.swap-entry:1')
    await killedAt(at, 'recover', 'restore.swap-database')
    await recovered(at, 2)
    expect(stateOf(at)).toBe('after')
  })

  test('and while it undoes: finished as well', async () => {
    using at = copied()
    {
      await using rig = await openBackupRig(rigOptions(at))
      expect(await rig.restore()).toMatchObject({ state: 'completed' })
    }
    await killedAt(at, 'undo', 'restore.swap-database')
    await recovered(at, 2)
    expect(stateOf(at)).toBe('before')
  })

  test('and whose database server is away then: nothing is started on a mixture; it is finished when the server is back', async () => {
    using at = copied()
    await killedAt(at, 'restore', 'restore.before-database')
    await server.kill()
    {
      await using rig = await openBackupRig(rigOptions(at))
      expect(await rig.backups.recover(rig.jobs.interrupted)).toEqual([
        expect.stringMatching(/neither be finished nor undone: .*cannot be reached/),
      ])
    }
    await server.start()
    await recovered(at, 2)
    expect(stateOf(at)).toBe('after')
  })

  test('and of which somebody dropped what was to come: everything is put back', async () => {
    using at = copied()
    await killedAt(at, 'restore', 'restore.before-database')
    const fresh = databases().find((name) => name.includes('__restore_'))
    server.psql(`DROP DATABASE "${fresh}"`, 'postgres')
    expect(await recovered(at, 1)).toEqual([expect.stringContaining('it was undone')])
    expect(stateOf(at)).toBe('before')
  })
})

test('a database that cannot be exchanged: the files are put back as well', async () => {
  using at = copied()
  await using rig = await openBackupRig(rigOptions(at))
  using _held = server.hold('SELECT 1')
  await until(
    'somebody to be connected',
    () => server.psql("SELECT count(*) FROM pg_stat_activity WHERE datname = 'app'", 'postgres') === '1',
  )
  expect(await rig.restore()).toMatchObject({
    state: 'failed',
    message: expect.stringMatching(/may not be ended by this role.*put back/),
  })
  expect(stateOf(at)).toBe('before')
  expect(leftovers(at.site)).toEqual([])
  await until('what it made to be dropped', () => databases().length === 1)
})
