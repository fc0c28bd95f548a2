import { createHash } from 'node:crypto'

/** An identifier of SQL, whatever is in it. PostgreSQL manual, 4.1.1. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** What a database beside the site's own is for: one being restored, one that was replaced, one that is only tried. */
export type BesidePurpose = 'restore' | 'before'

/**
 * The name of a database beside the one called `name`: plain ASCII of at most 63 bytes whatever that name is, because longer ones are cut by
 * the server. `job` is the restore's.
 */
export function besideName(name: string, purpose: BesidePurpose, job: string): string {
  const readable = name.replace(/[^A-Za-z0-9_]/g, '_').slice(0, 24)
  // Two databases whose readable parts are the same must not meet in one restore.
  const told = createHash('sha256').update(name).digest('hex').slice(0, 6)
  return `${readable}_${told}__${purpose}_${job.replace(/[^a-z0-9]/g, '').slice(-16)}`
}

/** Whether a name is one that {@link besideName} makes: nothing else is ever dropped. */
export function isBesideName(name: string): boolean {
  return /^[A-Za-z0-9_]{1,24}_[0-9a-f]{6}__(restore|before)_[a-z0-9]{4,16}$/.test(name)
}
