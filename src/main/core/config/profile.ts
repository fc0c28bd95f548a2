import type { DocumentPath, Position, YamlText } from './yaml-text.ts'

/** The file's data with one profile merged over it, and the way back from a merged value to where it is written. */
export interface Profiled {
  readonly value: unknown
  /** Place of the value at the path, else of the nearest thing around it. */
  locate(path: DocumentPath, what: 'key' | 'value'): Position | undefined
  /** Whether the value at the path, or the nearest thing around it, is written in the profile. */
  inProfile(path: DocumentPath): boolean
}

/** The keys that say what the file is; a profile cannot change them. */
const fixedKeys: readonly string[] = ['wheelhouse', 'site', 'profiles']

/** Merges a profile over the file: maps deep, everything else replaced. `null` is the file as it is. */
export function withProfile(text: YamlText, profile: string | null): Profiled {
  const base = text.value
  const overlay = profile === null ? undefined : childOf(childOf(base, 'profiles'), profile)
  const ground: DocumentPath = profile === null ? [] : ['profiles', profile]
  const near = (path: DocumentPath, what: 'key' | 'value') => {
    const inBase = deepest(text, [], path, what)
    const inOverlay = overlay === undefined ? undefined : deepest(text, ground, path, what)
    // Where both have only something around the place, as for a key that is missing, the file itself is the one to correct.
    const depth = inOverlay?.depth ?? 0
    const fromProfile = inOverlay !== undefined && (depth === path.length || depth > (inBase?.depth ?? 0)) && depth > 0
    return { fromProfile, position: fromProfile ? inOverlay.position : inBase?.position }
  }
  return {
    value: overlay === undefined ? base : merge(base, withoutFixed(overlay)),
    locate: (path, what) => near(path, what).position,
    inProfile: (path) => near(path, 'key').fromProfile,
  }
}

/** Keys of a profile that a profile may not have. */
export function fixedKeysIn(overlay: unknown): readonly string[] {
  return isMap(overlay) ? fixedKeys.filter((key) => Object.hasOwn(overlay, key)) : []
}

function withoutFixed(overlay: unknown): unknown {
  if (!isMap(overlay)) return {}
  return Object.fromEntries(Object.entries(overlay).filter(([key]) => !fixedKeys.includes(key)))
}

/** Maps deep, everything else replaced. */
export function merge(base: unknown, overlay: unknown): unknown {
  if (!isMap(base) || !isMap(overlay)) return overlay
  // Object.fromEntries defines keys instead of assigning them: `__proto__` stays a key.
  const merged = new Map(Object.entries(base))
  for (const [key, value] of Object.entries(overlay))
    merged.set(key, merged.has(key) ? merge(merged.get(key), value) : value)
  return Object.fromEntries(merged)
}

function deepest(
  text: YamlText,
  ground: DocumentPath,
  path: DocumentPath,
  what: 'key' | 'value',
): { depth: number; position: Position } | undefined {
  for (let depth = path.length; depth >= 0; depth--) {
    const whole = depth === path.length
    const position = text.find([...ground, ...path.slice(0, depth)], whole ? what : 'key')
    if (position) return { depth, position }
  }
  return undefined
}

/** A plain map, as YAML gives it. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What stands under a key, or nothing when there is no map or no such key. */
export function childOf(value: unknown, key: string | number): unknown {
  if (Array.isArray(value)) return typeof key === 'number' ? value[key] : undefined
  return isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined
}
