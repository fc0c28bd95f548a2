/** Maps deep, everything else replaced. */
export function merge(base: unknown, overlay: unknown): unknown {
  if (!isMap(base) || !isMap(overlay)) return overlay
  // Object.fromEntries defines keys instead of assigning them: `__proto__` stays a key.
  const merged = new Map(Object.entries(base))
  for (const [key, value] of Object.entries(overlay))
    merged.set(key, merged.has(key) ? merge(merged.get(key), value) : value)
  return Object.fromEntries(merged)
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
