import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { ManualClock } from '../../../../../test/support/manual-clock.ts'
import { testRuntime } from '../../../../../test/support/runtime.ts'
import { until } from '../../../../../test/support/until.ts'
import { runPostgresProgram } from './run-program.ts'

const access = {
  service: 'records',
  host: '127.0.0.1',
  port: 5432,
  user: 'app',
  tls: 'require',
  name: 'app',
  secret: 'RECORDS',
} as const

/** Runs a shell script in the place of pg_dump. */
function dumpBy(script: string, folder: string, clock = new ManualClock()) {
  const file = join(folder, 'pg_dump')
  writeFileSync(file, `#!/bin/sh\ncd '${folder}'\n${script}\n`)
  chmodSync(file, 0o755)
  return runPostgresProgram(
    {
      file,
      args: ['--format=directory'],
      access,
      database: 'app',
      what: 'The dump of Records',
      timeoutMs: 6 * 3_600_000,
      signal: new AbortController().signal,
    },
    { clock, secret: () => 'p4ss', runtime: testRuntime() },
  )
}

describe.skipIf(process.platform === 'win32')('a program of PostgreSQL', () => {
  test.each([
    [
      'pg_dump: error: could not write to file "x": No space left on device',
      'disk-full',
      /^The dump of Records \(.*\) failed: a disk is full/,
      /Free space on the disk of the site/,
    ],
    [
      'pg_restore: error: could not execute query: ERROR:  role "teachers" does not exist',
      'database-role-missing',
      /role "teachers" does not exist\.$/,
      /CREATE ROLE/,
    ],
    [
      'pg_dump: error: connection to server at "127.0.0.1", port 5432 failed: server does not support SSL, but SSL was required',
      'database-tls',
      /does not support SSL/,
      /sslmode/,
    ],
    [
      'pg_dump: error: connection to server at "127.0.0.1", port 5432 failed: root certificate file "system" does not exist',
      'database-tls',
      /certificate/,
      /PostgreSQL 16 or later/,
    ],
    [
      'pg_dump: error: connection to server at "127.0.0.1", port 5432 failed: Connection refused',
      'database-lost',
      /Connection refused/,
      /Start the database server/,
    ],
  ])('that says %j fails in a sentence with a way out', async (said, code, message, remedy) => {
    using folder = temporaryFolder()
    const failed = dumpBy(`echo '${said}' >&2; exit 1`, folder.path)
    await expect(failed).rejects.toMatchObject({
      problem: { code, message: expect.stringMatching(message), remedy: expect.stringMatching(remedy) },
    })
  })

  test('that takes longer than it may is ended, and told', async () => {
    using folder = temporaryFolder()
    const clock = new ManualClock()
    const late = expect(dumpBy('echo $$ > pid; exec sleep 600', folder.path, clock)).rejects.toMatchObject({
      problem: { code: 'database-dump-late', message: 'The dump of Records took longer than 6 hours and was ended.' },
    })
    const file = join(folder.path, 'pid')
    await until('it to run', () => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'))
    await clock.advance(6 * 3_600_000)
    await late
    await until('it to be gone', () => !runs(Number(readFileSync(file, 'utf8'))))
  })

  test('has its address and its password in its environment only, with TLS as the address asks for', async () => {
    using folder = temporaryFolder()
    await dumpBy('echo "$*" > args; env > environment', folder.path)
    expect(readFileSync(join(folder.path, 'args'), 'utf8')).toBe('--format=directory\n')
    const lines = readFileSync(join(folder.path, 'environment'), 'utf8').split('\n')
    expect(lines).toEqual(
      expect.arrayContaining(['PGPASSWORD=p4ss', 'PGSSLMODE=require', 'PGUSER=app', 'PGPASSFILE=/dev/null']),
    )
    expect(lines.some((line) => line.startsWith('HOME='))).toBe(false)
  })
})

/** What ended and was not waited for by whoever inherited it runs no more. */
function runs(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
