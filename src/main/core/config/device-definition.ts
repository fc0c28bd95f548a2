import type { DeviceEntry } from './device-schema.ts'
import type { DeviceDefinition } from './types.ts'

/** A device or a family of them with everything filled in. `home` is the site's first broker. */
export function toDevice(id: string, entry: DeviceEntry, home: string | undefined): DeviceDefinition {
  const { broker, topic = [], sparkplug = null, online, client = null, required, most } = entry
  return {
    id,
    title: entry.title ?? id,
    ...(broker !== undefined && broker !== home && { broker }),
    topics: typeof topic === 'string' ? [topic] : topic,
    sparkplug,
    online: online ? { ...online, value: online.value ?? null } : null,
    silentAfterMs: entry['silent-after'] ?? null,
    required,
    client,
    figures: Object.entries(entry.figures).map(([name, { value, unit = null, below = null, above = null }]) => ({
      name,
      value,
      unit,
      below,
      above,
    })),
    most,
  }
}
