import type { ServiceDefinition } from '#core/config/index.ts'

/** A server of databases that the site has, and the port at which one of the sandbox stands in its place. */
export interface MovedServer {
  /** The service that declares the database. */
  readonly service: string
  readonly host: string
  readonly port: number
  /** On 127.0.0.1. */
  readonly fresh: number
}

/**
 * A service as it reaches the databases of the sandbox: addresses of the site's servers, and variables that name host and port apart
 * (`PGHOST` and `PGPORT`, `DB_HOST` and `DB_PORT`), lead there. `portOf` writes the port. Pure.
 */
export function withMovedDatabases(
  service: ServiceDefinition,
  servers: readonly MovedServer[],
  portOf: (server: MovedServer) => string,
): ServiceDefinition {
  if (servers.length === 0) return service
  const text = (given: string) => servers.reduce((done, server) => movedText(done, server, portOf(server)), given)
  const { database } = service
  return {
    ...service,
    run: service.run.map(text),
    env: movedEnv(service.env, servers, portOf, text),
    probes: Object.fromEntries(
      Object.entries(service.probes).map(([name, probe]) => [
        name,
        probe && { ...probe, check: movedCheck(probe.check, text) },
      ]),
    ) as ServiceDefinition['probes'],
    database:
      database?.target.engine === 'postgres'
        ? { ...database, target: { engine: 'postgres', url: text(database.target.url) } }
        : database,
  }
}

function movedCheck<C extends { readonly type: string }>(check: C, text: (given: string) => string): C {
  return check.type === 'postgres' && 'url' in check && typeof check.url === 'string'
    ? { ...check, url: text(check.url) }
    : check
}

function movedText(text: string, { host, port }: MovedServer, fresh: string): string {
  const name = escaped(host.includes(':') ? `[${host}]` : host)
  const coded = escaped(encodeURIComponent(host))
  // Where an address names no port it means the usual one.
  const ports = port === 5432 ? '(?::5432)?' : `:${port}`
  const url = new RegExp(`(postgres(?:ql)?://(?:[^\\s/@]*@)?)(?:${name}|${coded})${ports}(?=[/?\\s,'"]|$)`, 'gi')
  return text.replace(url, (_, before: string) => `${before}127.0.0.1:${fresh}`)
}

function movedEnv(
  env: ServiceDefinition['env'],
  servers: readonly MovedServer[],
  portOf: (server: MovedServer) => string,
  text: (given: string) => string,
): ServiceDefinition['env'] {
  const moved: Record<string, string> = Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, text(value)]),
  )
  for (const [name, value] of Object.entries(env)) {
    const [, prefix] = /^(.*)HOST$/.exec(name) ?? []
    if (prefix === undefined) continue
    const port = env[`${prefix}PORT`] ?? (prefix === 'PG' ? '5432' : undefined)
    const server = servers.find((one) => one.host === value && String(one.port) === port)
    if (!server) continue
    moved[name] = '127.0.0.1'
    moved[`${prefix}PORT`] = portOf(server)
  }
  return moved
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
