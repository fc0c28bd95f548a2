import type { Schema } from '#core/store/index.ts'
import type { RowTable } from '../tables.ts'

/**
 * Recordings and their messages, in one table by the order in which they came: adding a row costs one small entry of an index besides, and
 * a search reads a recording from one end to the other. Nothing deletes them but the operator, so they are bounded as they grow.
 */
export const recordingsSchema: Schema = {
  owner: 'recordings',
  migrations: [
    {
      version: 1,
      what: 'recordings and recorded messages',
      sql: `
        CREATE TABLE recordings (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          name TEXT NOT NULL,
          filter TEXT NOT NULL,
          text TEXT NOT NULL,
          state TEXT NOT NULL, -- recording, complete, importing, deleted
          imported INTEGER NOT NULL,
          started_at INTEGER NOT NULL,
          ended_at INTEGER,
          messages INTEGER NOT NULL,
          bytes INTEGER NOT NULL,
          lost INTEGER NOT NULL,
          gaps INTEGER NOT NULL,
          why TEXT,
          most_messages INTEGER NOT NULL,
          most_bytes INTEGER NOT NULL,
          until_at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE recorded (
          seq INTEGER PRIMARY KEY AUTOINCREMENT,
          recording INTEGER NOT NULL,
          at INTEGER NOT NULL,
          topic TEXT NOT NULL,
          qos INTEGER NOT NULL,
          retain INTEGER NOT NULL,
          payload ANY NOT NULL -- text when it is UTF-8, else the bytes
        ) STRICT;
        CREATE INDEX recorded_by_recording ON recorded (recording);
      `,
    },
    {
      version: 2,
      what: 'which broker recorded messages came from, and what they brought',
      sql: `
        ALTER TABLE recorded ADD COLUMN broker TEXT; -- null: not known
        ALTER TABLE recorded ADD COLUMN properties TEXT; -- JSON; null: it brought nothing
      `,
    },
    {
      version: 3,
      what: 'which client published recorded messages',
      sql: 'ALTER TABLE recorded ADD COLUMN client TEXT; -- of the embedded broker; null: not known',
    },
  ],
}

export const recordedTable: RowTable = {
  name: 'recorded',
  columns: ['recording', 'at', 'topic', 'qos', 'retain', 'payload', 'broker', 'properties', 'client'],
}
