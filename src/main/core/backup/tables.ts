import type { Schema } from '#core/store/index.ts'

/** The repositories that this site has used: one that is known and not there is a disk that is not connected. */
export const backupSchema: Schema = {
  owner: 'backup',
  migrations: [
    {
      version: 1,
      what: 'repositories that were used, by folder',
      sql: `CREATE TABLE backup_repositories (
        folder TEXT PRIMARY KEY,
        repository TEXT NOT NULL,
        used_at INTEGER NOT NULL
      ) STRICT`,
    },
    {
      version: 2,
      what: 'which repositories are encrypted, and the name of the secret that opens them',
      sql: `ALTER TABLE backup_repositories ADD COLUMN encrypted INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE backup_repositories ADD COLUMN secret TEXT`,
    },
    {
      version: 3,
      what: 'databases that restores made or set aside on servers',
      sql: `CREATE TABLE backup_databases (
        name TEXT PRIMARY KEY,
        access TEXT NOT NULL,
        job TEXT NOT NULL,
        restore_point TEXT,
        repository TEXT,
        at INTEGER NOT NULL
      ) STRICT`,
    },
  ],
}

/** What is remembered of how snapshots are kept; see `KeepingRecords`. */
export const keepingSchema: Schema = {
  owner: 'keeping',
  migrations: [
    {
      version: 1,
      what: 'since when backups are scheduled, the size of repositories by day, and shrinks that are right',
      sql: `CREATE TABLE backup_scheduled (
        kind TEXT PRIMARY KEY,
        since INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE backup_sizes (
        folder TEXT NOT NULL,
        day INTEGER NOT NULL,
        at INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        PRIMARY KEY (folder, day)
      ) STRICT;
      CREATE TABLE backup_shrinks_accepted (
        snapshot TEXT PRIMARY KEY,
        at INTEGER NOT NULL
      ) STRICT`,
    },
  ],
}
