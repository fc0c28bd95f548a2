import type { Schema } from '#core/store/index.ts'

/**
 * `seq` never repeats (AUTOINCREMENT). `severity` is the rank, so that "at least" is a comparison; `cause_event` is set when the
 * cause is an event. The index on severities has the subject as well: "what went wrong with this" is asked most. `area`, the kind up to its dot, is not read any more: the index on kinds finds whole areas too.
 *
 * What version 2 adds is derived from `events`, by the indexer and in its own time (`indexer.ts`):
 * - `events_text`: the words of message, subject and kind and, in `marks`, the severity. It keeps no text of its own. Every term begins
 *   with the block of sequences that its event belongs to (`text-terms.ts`).
 * - `events_runs`: stretches of sequences whose times lie in the same minute (`minutes` 1) or hour (60), `slot` being the number of that
 *   minute or hour since 1970, with one count per severity. A clock that jumps begins a new run.
 * - `events_index`: one row. Up to `indexed_to` everything is in both; up to `kept_to` only events of warning and up are kept, `kept` of them.
 */
export const eventsSchema: Schema = {
  owner: 'events',
  newest: 'SELECT at FROM events ORDER BY seq DESC LIMIT 1',
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
    {
      version: 2,
      what: 'events found by their words and counted over time; found by exact kind and by severity',
      sql: `
        DROP INDEX events_area;
        DROP INDEX events_notable;
        CREATE INDEX events_kind ON events (kind, seq);
        CREATE INDEX events_severity ON events (severity, seq, subject) WHERE severity >= 1;
        CREATE VIRTUAL TABLE events_text USING fts5(
          message, subject, kind, marks, content = '', contentless_delete = 1, tokenize = "ascii tokenchars '_'"
        );
        CREATE TABLE events_runs (
          minutes INTEGER NOT NULL,
          first_seq INTEGER NOT NULL,
          last_seq INTEGER NOT NULL,
          slot INTEGER NOT NULL,
          info INTEGER NOT NULL,
          notice INTEGER NOT NULL,
          warning INTEGER NOT NULL,
          error INTEGER NOT NULL,
          critical INTEGER NOT NULL,
          PRIMARY KEY (minutes, first_seq)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE events_index (
          only INTEGER PRIMARY KEY CHECK (only = 1),
          indexed_to INTEGER NOT NULL,
          kept_to INTEGER NOT NULL,
          kept INTEGER NOT NULL
        ) STRICT;
        INSERT INTO events_index (only, indexed_to, kept_to, kept) VALUES (1, 0, 0, 0);`,
    },
  ],
}
