import { z } from 'zod'
import { expectation } from './expectation.ts'
import { duration, keys, text, toggle, whole } from './schema-leaves.ts'

/** `services.<id>.database`. Defaults of the pool are SQLAlchemy's recycling and those of the mission's court office (D4). */
export const databaseSchema = keys({
  sqlite: text('a path below the site such as `data/app.db`').optional().meta({
    words: 'path',
    description: 'A SQLite file, relative to the site folder. It is never made by the console.',
  }),
  postgres: text('an address such as `postgres://app@127.0.0.1:5432/app`').optional().meta({
    words: 'address',
    description:
      'A PostgreSQL database: `postgres://user@host:port/name`, with `?sslmode=require` or `verify-full` for TLS. The password goes into `env: { PGPASSWORD: "${secrets.NAME}" }`.',
  }),
  pool: keys({
    size: whole(1, 200).optional().meta({
      description:
        'Connections that are kept open once they were needed: 15, for SQLite 2 (each is a process of its own).',
    }),
    overflow: whole(0, 200)
      .optional()
      .meta({ description: 'Further ones under load, closed when they are given back: 30, for SQLite 2.' }),
    recycle: duration()
      .prefault('1h')
      .meta({ words: 'duration', description: 'A connection older than this is replaced before it is used again.' }),
    timeout: duration()
      .prefault('30s')
      .meta({ words: 'duration', description: 'How long to wait for a connection before it is an error.' }),
    statement: duration()
      .prefault('30s')
      .meta({ words: 'duration', description: 'How long one statement may take; then it is cancelled.' }),
    ping: toggle().prefault(true).meta({ description: 'Asks a connection whether it lives before it is used.' }),
  })
    .prefault({})
    .meta({ description: 'The pool of connections.' }),
  recover: z
    .enum(['ask', 'automatic'], { error: expectation('value-unknown', '`ask` or `automatic`') })
    .default('ask')
    .meta({
      description: 'SQLite: whether damage waits for a person, or is put right from the newest good copy at once.',
    }),
  check: z
    .enum(['weekly', 'off'], { error: expectation('value-unknown', '`weekly` or `off`') })
    .default('weekly')
    .meta({ description: 'When the whole database is read for damage by itself.' }),
  backup: toggle().prefault(true).meta({
    description: 'PostgreSQL: whether snapshots hold a dump of it. SQLite files are held as files.',
  }),
  admin: keys({
    user: text('a role of the server such as `postgres`').meta({ words: 'role', description: 'The role.' }),
    password: text('`${secrets.NAME}`').optional().meta({
      words: 'secret',
      description: 'Its password: `${secrets.NAME}`, with the value in the secrets file.',
    }),
  })
    .optional()
    .meta({
      description:
        'PostgreSQL: as whom it is dumped and restored, where the user of the address may not do that. The role reads all of it, owns it or is a superuser, and may make databases (CREATEDB).',
    }),
})
