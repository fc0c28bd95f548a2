import type { Schema } from '#core/store/index.ts'

/** What is remembered of places that may not be there: how far each copy is, and which of them is in use. */
export const targetsSchema: Schema = {
  owner: 'backup-targets',
  migrations: [
    {
      version: 1,
      what: 'copies of the backups, and the one in use',
      sql: `CREATE TABLE backup_copies (
        target TEXT PRIMARY KEY,
        copied_at INTEGER NOT NULL,
        newest_at INTEGER,
        snapshots INTEGER NOT NULL,
        weak INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE backup_in_use (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        copy TEXT,
        since INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE backup_good (
        target TEXT PRIMARY KEY,
        good_at INTEGER NOT NULL
      ) STRICT`,
    },
  ],
}
