import { postgresAddress } from './postgres-address.ts'
import type { Fault } from './problem-report.ts'
import { isSecret, referencesIn, replaceReferences } from './references.ts'
import type { ServiceEntry } from './service-schema.ts'

/** What the keys of a service with `use: database` must have to do with each other. */
export function databaseFaults(id: string, entry: ServiceEntry): readonly Fault[] {
  const path = ['services', id, 'database']
  const { database } = entry
  if (!database) {
    const message = `Service ${id} is a database without \`database\`, which says which one.`
    const remedy =
      'Add `database: { sqlite: data/app.db }` or `database: { postgres: "postgres://app@127.0.0.1:5432/app" }`.'
    return [{ code: 'value-missing', path, message, remedy }]
  }
  const { sqlite, postgres } = database
  if ((sqlite === undefined) === (postgres === undefined)) {
    const found = sqlite === undefined ? 'neither' : 'both'
    const message = `Service ${id} must have one of \`sqlite\` and \`postgres\` in \`database\`, but has ${found}.`
    return [
      { code: 'database-unclear', path, at: 'key', message, remedy: 'Keep one; make a further service of the other.' },
    ]
  }
  return [...addressFaults(id, postgres), ...adminFaults(id, database), ...environmentFaults(id, entry)]
}

function adminFaults(id: string, { admin, postgres }: NonNullable<ServiceEntry['database']>): readonly Fault[] {
  if (!admin) return []
  if (postgres === undefined) {
    const message = `Service ${id} has \`admin\` in \`database\`, which a SQLite database does not use.`
    const path = ['services', id, 'database', 'admin']
    return [{ code: 'key-not-for-kind', path, at: 'key', message, remedy: 'Remove it.' }]
  }
  if (admin.password === undefined || isSecret(admin.password)) return []
  const message = `The password of the role ${admin.user} of the database ${id} stands in site.yaml itself, where everybody who may read the file sees it.`
  const remedy = 'Keep it as a secret, and write `password: "${secrets.NAME}"`.'
  return [{ code: 'password-in-file', path: ['services', id, 'database', 'admin', 'password'], message, remedy }]
}

function addressFaults(id: string, postgres: string | undefined): readonly Fault[] {
  if (postgres === undefined) return []
  // The form does not depend on what the references stand for.
  const reading = postgresAddress(
    replaceReferences(postgres, ({ target }) => (target.to === 'folder' ? 'folder' : '1')),
  )
  if (reading.ok) return []
  const path = ['services', id, 'database', 'postgres']
  if (reading.what === 'password') {
    // The message is shown and logged: it must not repeat the address.
    const message = `The address of the database ${id} has a password in it, where everybody who may read site.yaml sees it.`
    return [{ code: 'password-in-file', path, message, remedy: reading.remedy }]
  }
  const message = `The address of the database ${id} is “${postgres}”, ${reading.why}.`
  return [{ code: 'address-bad', path, message, remedy: reading.remedy }]
}

/**
 * The password and nothing else, and only as a secret: whatever the console does not use would only look as if it counted. Callbacks
 * have the service's environment, so where there are any it is theirs to use.
 */
function environmentFaults(id: string, { env, database, hooks }: ServiceEntry): readonly Fault[] {
  const isForHooks = Object.values(hooks).some((hook) => hook !== undefined)
  return Object.entries(env).flatMap(([name, value]): readonly Fault[] => {
    const path = ['services', id, 'env', name]
    if (database?.postgres === undefined || name !== 'PGPASSWORD') {
      if (isForHooks) return []
      const message = `Service ${id} has ${name} in \`env\`, which a ${database?.postgres === undefined ? 'SQLite' : 'PostgreSQL'} database does not use.`
      const remedy =
        'Remove it; of the environment only PGPASSWORD counts, for PostgreSQL, unless the service has `hooks` that use it.'
      return [{ code: 'key-not-for-kind', path, at: 'key', message, remedy }]
    }
    const [reference, ...others] = referencesIn(value)
    const whole = reference?.target.to === 'secret' && others.length === 0 && /^\$\{[^}]*\}$/.test(value)
    if (whole) return []
    const message = `The password of the database ${id} stands in site.yaml itself, where everybody who may read the file sees it.`
    const remedy = 'Keep it as a secret, and write `PGPASSWORD: "${secrets.NAME}"`.'
    return [{ code: 'password-in-file', path, message, remedy }]
  })
}
