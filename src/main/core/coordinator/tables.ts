import type { Schema } from '#core/store/index.ts'

/** The coordinator's tables: every child process that was ever meant to be started, ended ones for a while; and how long starts took. */
export const coordinatorSchema: Schema = {
  owner: 'coordinator',
  migrations: [
    {
      version: 1,
      what: 'runs of services',
      sql: `
        CREATE TABLE service_runs (
          run TEXT PRIMARY KEY,
          service TEXT NOT NULL,
          generation INTEGER NOT NULL,
          definition TEXT NOT NULL,
          started_at INTEGER NOT NULL,
          out_log TEXT NOT NULL,
          err_log TEXT NOT NULL,
          pid INTEGER,
          start_ticks INTEGER,
          boot_id TEXT,
          ended_at INTEGER,
          ending TEXT
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX service_runs_open ON service_runs (service) WHERE ended_at IS NULL;
        CREATE INDEX service_runs_ended ON service_runs (service, ended_at) WHERE ended_at IS NOT NULL;`,
    },
    {
      version: 2,
      what: 'how long services take to start',
      sql: `
        CREATE TABLE service_start_times (
          service TEXT NOT NULL,
          at INTEGER NOT NULL,
          started_ms INTEGER NOT NULL,
          ready_ms INTEGER NOT NULL,
          healthy_ms INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX service_start_times_of ON service_start_times (service, at);`,
    },
    {
      version: 3,
      what: 'processor time that the loading of services takes',
      sql: 'ALTER TABLE service_start_times ADD COLUMN loading_ms REAL;',
    },
  ],
}
