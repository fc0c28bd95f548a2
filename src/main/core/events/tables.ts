import type { Schema } from '#core/store/index.ts'

/**
 * `seq` never repeats (AUTOINCREMENT). `severity` is the rank, so that "at least" is a comparison; `area` is the kind up to its
 * dot, so that a whole area can be read in order of time; `cause_event` is set when the cause is an event.
 */
export const eventsSchema: Schema = {
  owner: 'events',
  migrations: [
    {
      version: 1,
      what: 'events, found by subject, area, operation and cause',
      sql: `
        CREATE TABLE events (
          seq INTEGER PRIMARY KEY AUTOINCREMENT,
          id TEXT NOT NULL UNIQUE,
          at INTEGER NOT NULL,
          kind TEXT NOT NULL,
          area TEXT NOT NULL,
          subject TEXT NOT NULL,
          severity INTEGER NOT NULL,
          message TEXT NOT NULL,
          cause TEXT NOT NULL,
          cause_event TEXT,
          operation TEXT,
          data TEXT NOT NULL
        ) STRICT;
        CREATE INDEX events_subject ON events (subject, seq);
        CREATE INDEX events_area ON events (area, seq);
        CREATE INDEX events_cause ON events (cause_event, seq) WHERE cause_event IS NOT NULL;
        CREATE INDEX events_operation ON events (operation, seq) WHERE operation IS NOT NULL;
        CREATE INDEX events_notable ON events (seq) WHERE severity >= 2;`,
    },
  ],
}
