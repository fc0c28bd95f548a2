import type { SiteDefinition } from '#core/config/index.ts'

/**
 * What a site has and no snapshot of it can hold, a sentence each: databases of a server. Told with every snapshot, so that nobody learns of it on the
 * day of a restore. Addresses are not quoted: they may hold passwords.
 */
export function notHeld(definition: SiteDefinition | null | undefined): readonly string[] {
  return Object.values(definition?.services ?? {}).flatMap(({ title, database }) =>
    database?.target.engine === 'postgres'
      ? [
          `The PostgreSQL database of ${title} is not in this snapshot: only files and SQLite databases are. Back it up with pg_dump besides.`,
        ]
      : [],
  )
}
