import type { SiteDefinition } from '#core/config/index.ts'

/**
 * What a site has and no snapshot of it holds, because site.yaml says so; a sentence each. Told with every snapshot, so that nobody learns of it
 * on the day of a restore. Addresses are not quoted: they may hold passwords.
 */
export function notHeld(definition: SiteDefinition | null | undefined): readonly string[] {
  return Object.values(definition?.services ?? {}).flatMap(({ title, database, enabled }) =>
    database?.target.engine === 'postgres' && enabled && !database.backup
      ? [
          `The PostgreSQL database of ${title} is not in this snapshot, because site.yaml says \`backup: off\`. Back it up with pg_dump besides.`,
        ]
      : [],
  )
}
