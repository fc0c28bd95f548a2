import { foldersOf, isWithin } from '#shared/path-key.ts'
import { dumpsFolder } from '../postgres/dump-record.ts'
import { rawKey, shown } from '../raw-path.ts'
import { globTest } from './glob.ts'

/** The console's own folder in a site: never part of a backup, never touched by a restore. */
export const ownFolder = '.wheelhouse'

export type ScopeName = 'site' | 'data' | 'paths'

/** What of a site folder a snapshot covers. Paths are relative to the site folder. */
export interface Scope {
  readonly name: ScopeName
  /** Whether an entry directly in the site folder belongs to it. */
  coversTop(name: Buffer): boolean
  /** Whether a pattern leaves the path out, and everything below it. */
  excludes(path: Buffer): boolean
  /** `above`: a folder on the way to something that is covered, and not covered itself. Decided by paths alone, not by patterns. */
  place(path: Buffer): 'inside' | 'above' | 'outside'
  /** The pattern that leaves a path out; null when none does. */
  ruleOf(path: Buffer): string | null
}

/** `paths`: the keys of what `paths` covers; the other two cover what their name says, or of it only these paths. */
export function scopeOf(name: ScopeName, exclude: readonly string[], paths: readonly string[] | null = null): Scope {
  const tests = exclude.map(globTest)
  const chosen = name === 'paths' ? (paths ?? []) : paths
  const folders = new Set(chosen?.flatMap(foldersOf))
  const whole = new Set(chosen)
  const place = (path: Buffer) => {
    if (chosen === null) return 'inside'
    const key = rawKey(path)
    if (whole.has(key) || foldersOf(key).some((folder) => whole.has(folder))) return 'inside'
    return folders.has(key) ? 'above' : 'outside'
  }
  const ruleOf = (path: Buffer) => {
    if (tests.length === 0) return null
    const text = shown(path)
    return exclude[tests.findIndex((test) => test(text))] ?? null
  }
  return {
    name,
    coversTop(entry) {
      const key = rawKey(entry)
      if (key.toLowerCase() === ownFolder || key.toLowerCase() === dumpsFolder) return false
      if (name !== 'data') return place(entry) !== 'outside'
      return (key === 'site.yaml' || key === 'data') && place(entry) !== 'outside'
    },
    excludes: (path) => ruleOf(path) !== null,
    ruleOf,
    place,
  }
}

/** The first of the paths that the path is, or lies below. */
export function holderOf(path: string, paths: Iterable<string>): string | undefined {
  for (const folder of paths) if (isWithin(path, folder)) return folder
  return undefined
}
