import type { Schema } from '#core/store/index.ts'

/** A row without `ended_at` is a job without its completion marker: it runs, or did when the console went. */
export const jobsSchema: Schema = {
  owner: 'jobs',
  migrations: [
    {
      version: 1,
      what: 'jobs with their input, view and log',
      sql: `
        CREATE TABLE jobs (
          id TEXT PRIMARY KEY,
          kind TEXT NOT NULL,
          started_at INTEGER NOT NULL,
          ended_at INTEGER,
          view TEXT NOT NULL,
          input TEXT NOT NULL,
          log TEXT NOT NULL,
          log_skipped INTEGER NOT NULL,
          told_interrupted INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX jobs_open ON jobs (started_at) WHERE ended_at IS NULL;
        CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at IS NOT NULL;`,
    },
  ],
}
