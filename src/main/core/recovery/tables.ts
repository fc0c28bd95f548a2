import type { Schema } from '#core/store/index.ts'

/** Attempts: one row each, without `result` while it runs. `*_seen` is time that the console has seen pass. */
export const recoverySchema: Schema = {
  owner: 'recovery',
  migrations: [
    {
      version: 1,
      what: 'attempts of recovery',
      sql: `CREATE TABLE recovery_attempts (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        policy TEXT NOT NULL,
        subject TEXT NOT NULL,
        step INTEGER NOT NULL,
        action TEXT NOT NULL,
        why TEXT NOT NULL,
        at INTEGER NOT NULL,
        begun_seen REAL NOT NULL,
        ended_seen REAL,
        ms INTEGER,
        result TEXT,
        sentence TEXT,
        job TEXT,
        event TEXT,
        manual INTEGER NOT NULL,
        over INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX recovery_attempts_by_policy ON recovery_attempts (policy, subject, seq);`,
    },
  ],
}
