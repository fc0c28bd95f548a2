import type { Schema } from '#core/store/index.ts'

/** What is remembered of breakers, and of the address under which services reach their dependencies. */
export const dependenciesSchema: Schema = {
  owner: 'dependencies',
  migrations: [
    {
      version: 1,
      what: 'states of the breakers, and the address of the local proxy',
      sql: `CREATE TABLE dependency_states (
        dependency TEXT PRIMARY KEY,
        state TEXT NOT NULL,
        because TEXT NOT NULL,
        at INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE dependency_proxy (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
      ) STRICT;`,
    },
  ],
}
