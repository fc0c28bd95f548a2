import { referencesIn } from '../references.ts'
import type { SourcesEntry } from './source-schema.ts'

/** A document that is asked for over HTTP. */
export interface HttpSourceDefinition {
  readonly url: string
  /** Name of the secret; null: none is sent. */
  readonly token: string | null
  readonly everyMs: number
  readonly withinMs: number
}

/** A table of one of the site's databases. */
export interface TableSourceDefinition {
  readonly service: string
  readonly table: string
  readonly everyMs: number
}

/** Where values of the configuration come from besides files. */
export interface SourcesDefinition {
  readonly http: HttpSourceDefinition | null
  readonly database: TableSourceDefinition | null
}

export function toSources({ http, database }: SourcesEntry): SourcesDefinition {
  return {
    http: http ? { url: http.url, token: secretOf(http.token), everyMs: http.every, withinMs: http.within } : null,
    database: database ? { service: database.of, table: database.table, everyMs: database.every } : null,
  }
}

/** The secret that a text refers to; the file's rules have seen that it does. */
function secretOf(text = ''): string | null {
  const [reference] = referencesIn(text)
  return reference?.target.to === 'secret' ? reference.target.secret : null
}
