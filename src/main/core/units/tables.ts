import type { Schema } from '#core/store/index.ts'

/** Which units were handed over to the console, and how they were before. */
export const unitsSchema: Schema = {
  owner: 'units',
  migrations: [
    {
      version: 1,
      what: 'units of systemd that the console took over',
      sql: `CREATE TABLE unit_holdings (
        service TEXT PRIMARY KEY,
        unit TEXT NOT NULL,
        of TEXT NOT NULL,
        phase TEXT NOT NULL,
        was_active INTEGER NOT NULL,
        was_enabled TEXT NOT NULL,
        at INTEGER NOT NULL
      ) STRICT;`,
    },
  ],
}
