import type { Schema } from '#core/store/index.ts'

/** What was found and done about the site's databases: checks, recoveries, and a recovery that is putting files into place. */
export const databasesSchema: Schema = {
  owner: 'databases',
  migrations: [
    {
      version: 1,
      what: 'checks and recoveries of the databases of the site',
      sql: `CREATE TABLE database_records (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        service TEXT NOT NULL,
        kind TEXT NOT NULL,
        at INTEGER NOT NULL,
        ok INTEGER NOT NULL,
        automatic INTEGER NOT NULL,
        note TEXT NOT NULL
      ) STRICT;
      CREATE INDEX database_records_by_service ON database_records (service, kind, seq);`,
    },
  ],
}
