import type { BackupDefinition } from '#core/config/index.ts'

/** What is made anew by whoever needs it: left out unless site.yaml says `caches: on`. */
export const cachePatterns: readonly string[] = ['**/.cache', '**/__pycache__', '**/.nfs*']

/** What a backup leaves out. */
export interface Exclusions {
  /** Glob patterns below the site folder. */
  readonly exclude: string[]
  /** Whether folders that carry a CACHEDIR.TAG are left out as well (https://bford.info/cachedir/). */
  readonly tagged: boolean
}

/** As site.yaml says; without a definition nothing is left out. */
export function excludedBy(backup: BackupDefinition | undefined): Exclusions {
  if (!backup) return { exclude: [], tagged: false }
  return { exclude: [...backup.exclude, ...(backup.caches ? [] : cachePatterns)], tagged: !backup.caches }
}
