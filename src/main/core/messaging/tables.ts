import type { Retention, Schema, SqlValue, Statement } from '#core/store/index.ts'

/**
 * Rows of a route whose keep time the console has seen pass. Not by the times in them, which a clock that jumped has made: every
 * few minutes `journal_ages` notes which was the newest row, and what is not newer than that is at least as old.
 */
const outlived: Retention['expired'] = (read, seenMs, limit) =>
  read
    .all<{ route: string; keep_ms: number }>({ sql: 'SELECT route, keep_ms FROM journal_keeping' })
    .flatMap(({ route, keep_ms }) => {
      const sql = 'SELECT seq FROM journal_ages WHERE seen_ms <= ? ORDER BY seen_ms DESC LIMIT 1'
      const noted = read.get<{ seq: number }>({ sql, values: [seenMs - keep_ms] })
      if (!noted) return []
      const rows = 'SELECT seq FROM journal WHERE route = ? AND seq <= ? ORDER BY seq LIMIT ?'
      return [{ sql: rows, values: [route, noted.seq, limit] }]
    })

/** Statements that note how old the newest row of the journal is at least, and forget notes that say nothing more. */
export function noteAge(seenMs: number): readonly Statement[] {
  const longest = '(SELECT coalesce(max(keep_ms), 0) FROM journal_keeping)'
  return [
    {
      sql: `INSERT OR REPLACE INTO journal_ages (seen_ms, seq) SELECT @seen, max(seq) FROM journal
            HAVING max(seq) > (SELECT coalesce(max(seq), 0) FROM journal_ages)`,
      values: { seen: Math.floor(seenMs) },
    },
    {
      sql: `DELETE FROM journal_ages WHERE seen_ms < (SELECT max(seen_ms) FROM journal_ages WHERE seen_ms <= @seen - ${longest})`,
      values: { seen: Math.floor(seenMs) },
    },
  ]
}

/** The messages database: journal, quarantine, and how long each route's rows are kept. */
export const messagingSchema: Schema = {
  owner: 'messaging',
  // By number the rows count, not their sequences: those leave a gap behind a recovery.
  // What could not be routed before what was: it was wrong already when it came.
  retention: [
    { table: 'quarantine', key: 'id', mostRows: 10_000, givesWay: 1 },
    { table: 'journal', key: 'seq', mostRows: 10_000_000, expired: outlived, givesWay: 2 },
  ],
  newest: 'SELECT at FROM journal ORDER BY seq DESC LIMIT 1',
  migrations: [
    {
      version: 1,
      what: 'journal by route, quarantine, keep time of each journal',
      sql: `
        CREATE TABLE journal (
          seq INTEGER PRIMARY KEY AUTOINCREMENT,
          at INTEGER NOT NULL,
          route TEXT NOT NULL,
          topic TEXT NOT NULL,
          payload ANY NOT NULL -- text when it is UTF-8, else the bytes
        ) STRICT;
        CREATE INDEX journal_by_route ON journal (route, seq);
        CREATE TABLE journal_keeping (
          route TEXT PRIMARY KEY,
          keep_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE quarantine (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          at INTEGER NOT NULL,
          route TEXT NOT NULL,
          topic TEXT NOT NULL,
          payload ANY NOT NULL,
          reason TEXT NOT NULL
        ) STRICT;
        CREATE INDEX quarantine_by_route ON quarantine (route, id);
      `,
    },
    {
      version: 2,
      what: 'how old the rows of the journal are at least',
      sql: `
        -- Every row up to seq was there when the console had seen so much time pass.
        CREATE TABLE journal_ages (
          seen_ms INTEGER PRIMARY KEY,
          seq INTEGER NOT NULL
        ) STRICT;
      `,
    },
    {
      version: 3,
      what: 'outbox, the router’s name at brokers that keep its session, and which target refused what is in quarantine',
      sql: `
        CREATE TABLE outbox (
          seq INTEGER PRIMARY KEY, -- given by the data plane
          id TEXT NOT NULL, -- the same at every attempt to deliver it
          at INTEGER NOT NULL,
          expires_at INTEGER, -- wall clock; null: never
          priority INTEGER NOT NULL, -- 0 critical, 1 high, 2 normal, 3 low
          route TEXT NOT NULL,
          target TEXT NOT NULL, -- kind and address: mqtt:board/presence
          topic TEXT NOT NULL,
          bytes INTEGER NOT NULL,
          retain INTEGER NOT NULL,
          attempts INTEGER NOT NULL,
          payload ANY NOT NULL
        ) STRICT;
        CREATE INDEX outbox_by_target ON outbox (route, target, seq, bytes);
        CREATE TABLE router_identity (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
        INSERT INTO router_identity (id) VALUES (lower(hex(randomblob(6))));
        ALTER TABLE quarantine ADD COLUMN target TEXT; -- the target that refused it; null: it never came so far
      `,
    },
    {
      version: 4,
      what: 'messages that embedded brokers retain',
      sql: `
        CREATE TABLE retained (
          service TEXT NOT NULL, -- of the broker
          topic TEXT NOT NULL,
          qos INTEGER NOT NULL,
          payload BLOB NOT NULL,
          PRIMARY KEY (service, topic)
        ) STRICT, WITHOUT ROWID;
      `,
    },
    {
      version: 5,
      what: 'how large messages were of which the quarantine keeps the beginning only',
      sql: 'ALTER TABLE quarantine ADD COLUMN cut_from INTEGER; -- bytes that it had; null: it is whole',
    },
    {
      version: 6,
      what: 'what messages of MQTT 5 brought, of those that are sent later',
      sql: `
        ALTER TABLE outbox ADD COLUMN properties TEXT; -- JSON; null: it brought nothing
        ALTER TABLE quarantine ADD COLUMN properties TEXT;
      `,
    },
    {
      version: 7,
      what: 'which broker messages of the journal came from, and what went on with them',
      sql: `
        ALTER TABLE journal ADD COLUMN broker TEXT; -- null: not known
        ALTER TABLE journal ADD COLUMN properties TEXT; -- JSON; null: nothing
      `,
    },
    {
      version: 8,
      what: 'what messages in the outbox keep their order with',
      sql: `
        ALTER TABLE outbox ADD COLUMN key TEXT; -- null: its target has one order for all
        CREATE INDEX outbox_by_key ON outbox (route, target, key, seq) WHERE key IS NOT NULL;
      `,
    },
    {
      version: 9,
      what: 'which client published what is in quarantine',
      sql: 'ALTER TABLE quarantine ADD COLUMN client TEXT; -- of the embedded broker; null: not known',
    },
    {
      version: 10,
      what: 'which broker messages in quarantine came from',
      sql: 'ALTER TABLE quarantine ADD COLUMN broker TEXT; -- null: not known',
    },
    {
      version: 11,
      what: 'which client published messages of the journal',
      sql: 'ALTER TABLE journal ADD COLUMN client TEXT; -- of the embedded broker; null: not known',
    },
    {
      version: 12,
      what: 'which client published what waits in the outbox',
      sql: 'ALTER TABLE outbox ADD COLUMN client TEXT; -- of the embedded broker; null: not known',
    },
  ],
}

/** A table that rows are only ever added to, and in which columns. */
export interface RowTable {
  readonly name: string
  readonly columns: readonly string[]
}

export const journalTable: RowTable = {
  name: 'journal',
  columns: ['at', 'route', 'topic', 'payload', 'broker', 'properties', 'client'],
}
export const quarantineTable: RowTable = {
  name: 'quarantine',
  columns: ['at', 'route', 'topic', 'payload', 'reason', 'target', 'cut_from', 'properties', 'client', 'broker'],
}

/** Rows that one statement adds. Few sizes, so that the writer keeps few prepared statements. */
const sizes = [200, 20, 1] as const

/** Statements that add rows given as one flat list of values, row after row. */
export function insertRows(table: RowTable, values: readonly SqlValue[]): readonly Statement[] {
  const width = table.columns.length
  const statements: Statement[] = []
  let from = 0
  for (const size of sizes) {
    const sql = insertSql(table, size)
    for (; values.length - from >= size * width; from += size * width) {
      statements.push({ sql, values: values.slice(from, from + size * width) })
    }
  }
  return statements
}

function insertSql(table: RowTable, rows: number): string {
  const row = `(${table.columns.map(() => '?').join(',')})`
  return `INSERT INTO ${table.name} (${table.columns.join(',')}) VALUES ${Array.from({ length: rows }, () => row).join(',')}`
}
