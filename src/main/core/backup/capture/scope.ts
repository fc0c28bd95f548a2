import { rawKey, shown } from '../raw-path.ts'
import { globTest } from './glob.ts'

/** The console's own folder in a site: never part of a backup, never touched by a restore. */
export const ownFolder = '.wheelhouse'

export type ScopeName = 'site' | 'data'

/** What of a site folder a snapshot covers. Paths are relative to the site folder. */
export interface Scope {
  readonly name: ScopeName
  /** Whether an entry directly in the site folder belongs to it. */
  coversTop(name: Buffer): boolean
  /** Whether a pattern leaves the path out, and everything below it. */
  excludes(path: Buffer): boolean
}

export function scopeOf(name: ScopeName, exclude: readonly string[]): Scope {
  const tests = exclude.map(globTest)
  return {
    name,
    coversTop(entry) {
      const key = rawKey(entry)
      if (key.toLowerCase() === ownFolder) return false
      return name === 'site' || key === 'site.yaml' || key === 'data'
    },
    excludes: (path) => tests.length > 0 && tests.some((test) => test(shown(path))),
  }
}
