import type { Schema } from '#core/store/index.ts'

export const configSchema: Schema = {
  owner: 'config',
  migrations: [
    {
      version: 1,
      what: 'versions of the configuration, and values that were set on screen',
      sql: `CREATE TABLE config_versions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        digest TEXT NOT NULL,
        why TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        sources TEXT NOT NULL
      ) STRICT;
      CREATE TABLE config_overrides (
        path TEXT PRIMARY KEY,
        value TEXT NOT NULL,
        at INTEGER NOT NULL
      ) STRICT;`,
    },
  ],
}
