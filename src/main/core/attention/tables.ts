import type { Schema } from '#core/store/index.ts'

/** The open conditions; a condition that is cleared has no row. */
export const attentionSchema: Schema = {
  owner: 'attention',
  migrations: [
    {
      version: 1,
      what: 'open conditions',
      sql: 'CREATE TABLE attention (id TEXT PRIMARY KEY, view TEXT NOT NULL) STRICT, WITHOUT ROWID;',
    },
  ],
}
