import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseDefinition, SiteDefinition } from '#core/config/index.ts'
import type { PostgresServer } from './postgres.ts'
import { serviceOf, siteOf } from './site-definition.ts'

const terms: Omit<DatabaseDefinition, 'target'> = {
  pool: { size: 2, overflow: 2, recycleMs: 3_600_000, timeoutMs: 30_000, statementMs: 30_000, ping: true },
  recover: 'ask',
  check: 'off',
  backup: true,
  admin: null,
}

/** A site folder with a few files. */
export function makeFiles(site: string): void {
  mkdirSync(join(site, 'data'), { recursive: true })
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\n')
  writeFileSync(join(site, 'data', 'grades.txt'), '1.0')
}

/** The definition of a site whose service `records` is the database `app` of this server, and another service that needs it. */
export function recordsOf(
  server: Pick<PostgresServer, 'url'>,
  more: Partial<Omit<DatabaseDefinition, 'target'>> = {},
): SiteDefinition {
  const target = { engine: 'postgres', url: server.url } as const
  return siteOf([
    serviceOf('records', {
      title: 'Records',
      kind: 'builtin',
      use: 'database',
      run: [],
      env: { PGPASSWORD: `\${secrets.RECORDS}` },
      database: { ...terms, ...more, target },
    }),
    serviceOf('api', { needs: { records: 'healthy' } }),
  ])
}

export function recordsSecret(server: Pick<PostgresServer, 'password'>): (name: string) => string {
  return (name) => {
    if (name === 'RECORDS') return server.password
    throw new Error(`no secret ${name}`)
  }
}
