import type { Database, Schema, Statement } from '#core/store/index.ts'
import type { DeviceFacts } from './device-facts.ts'

/** What was known of devices last, one JSON text for each; bounded by the devices that are kept. */
export const devicesSchema: Schema = {
  owner: 'devices',
  migrations: [
    {
      version: 1,
      what: 'what was known of each device',
      sql: 'CREATE TABLE device (key TEXT PRIMARY KEY, facts TEXT NOT NULL) STRICT, WITHOUT ROWID;',
    },
  ],
}

/** What an earlier run knew; rows that cannot be read are left out. */
export function readDevices(database: Database): readonly DeviceFacts[] {
  return database.all<{ facts: string }>({ sql: 'SELECT facts FROM device' }).flatMap(({ facts }) => {
    try {
      const read: unknown = JSON.parse(facts)
      return isFacts(read) ? [read] : []
    } catch {
      return []
    }
  })
}

export function writeDevice(facts: DeviceFacts): Statement {
  const sql = 'INSERT INTO device (key, facts) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET facts = excluded.facts'
  return { sql, values: [facts.key, JSON.stringify(facts)] }
}

export function deleteDevice(key: string): Statement {
  return { sql: 'DELETE FROM device WHERE key = ?', values: [key] }
}

function isFacts(value: unknown): value is DeviceFacts {
  return (
    typeof value === 'object' &&
    value !== null &&
    'key' in value &&
    typeof value.key === 'string' &&
    'family' in value &&
    typeof value.family === 'string' &&
    'since' in value &&
    typeof value.since === 'number' &&
    'figures' in value &&
    Array.isArray(value.figures)
  )
}
