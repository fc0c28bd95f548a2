import { join } from 'node:path'
import { postgresAddress, resolveDatabase, type SiteDefinition, variablesOf } from '#core/config/index.ts'
import { whereOf } from '#core/databases/index.ts'
import type { DatabaseAccess } from './access-record.ts'

export type { DatabaseAccess } from './access-record.ts'

/** A PostgreSQL database that site.yaml names. */
export interface SiteDatabaseSource {
  readonly service: string
  readonly title: string
  /** `host:port/name`, as it is shown. */
  readonly where: string
  /** Null when its address cannot be read; `problem` says why. */
  readonly access: DatabaseAccess | null
  readonly problem: string | null
  /** False: site.yaml says that snapshots do not hold it. */
  readonly held: boolean
}

/** The PostgreSQL databases that a site declares, in the order of site.yaml. `directory`: the site folder. */
export function postgresOf(
  definition: SiteDefinition | null | undefined,
  directory: string,
): readonly SiteDatabaseSource[] {
  if (!definition) return []
  return Object.values(definition.services).flatMap((service): readonly SiteDatabaseSource[] => {
    const { database } = service
    if (database?.target.engine !== 'postgres' || !service.enabled) return []
    const common = { service: service.id, title: service.title, held: database.backup }
    const unreadable = (problem: string) => [{ ...common, where: 'unknown', access: null, problem }]
    try {
      const target = resolveDatabase(database, service, definition, variablesOf(directory, join(directory, 'current')))
      if (target.engine !== 'postgres') return []
      const reading = postgresAddress(target.url)
      if (!reading.ok) return unreadable(`its address is one ${reading.why}`)
      const { host, port, name, tls } = reading.address
      const { user, secret } = database.admin ?? {
        user: reading.address.user,
        secret: secretIn(service.env.PGPASSWORD),
      }
      const access = { service: service.id, host, port, user, tls, name, secret }
      return [{ ...common, where: whereOf(reading.address), access, problem: null }]
    } catch (error) {
      return unreadable(error instanceof Error ? error.message : String(error))
    }
  })
}

/** `host:port/name`, as it is shown. */
export function shownAccess(access: DatabaseAccess): string {
  return whereOf(access)
}

/** The rules of site.yaml have seen that it is one reference to a secret. */
function secretIn(text: string | undefined): string | null {
  return /^\$\{\s*secrets\.([^}\s]+)\s*\}$/.exec(text ?? '')?.[1] ?? null
}
