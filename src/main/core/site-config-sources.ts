import type { Attention } from './attention/index.ts'
import {
  type AskedSource,
  askSource,
  type HttpSourceDefinition,
  type Layer,
  type LoadedSite,
  type Secrets,
  type SourcesDefinition,
  type TableSourceDefinition,
  tableName,
} from './config/index.ts'
import type { SessionSource } from './databases/index.ts'
import type { Clock, Logger } from './platform/index.ts'
import { type AskedOf, ConfigSource } from './site-config-source.ts'
import { askTable } from './site-config-table.ts'

interface AskedSourcesOptions {
  readonly directory: string
  readonly clock: Clock
  readonly logger: Logger
  readonly attention: Attention
  readonly secrets: Secrets
  /** Sessions on a database of the site; throws while its service does not run. */
  readonly sessions: (service: string) => SessionSource
  readonly zone: () => string
  /** The site as it would be with this answer of a source. */
  readonly check: (kind: AskedSource, layer: Layer) => Promise<LoadedSite>
}

/** The sources of the configuration that are asked: an HTTP server, and a table of a database. */
export class AskedSources implements AsyncDisposable {
  readonly #http: ConfigSource<HttpSourceDefinition & AskedOf>
  readonly #database: ConfigSource<TableSourceDefinition & AskedOf>

  constructor({ secrets, sessions, check, ...common }: AskedSourcesOptions) {
    const { clock } = common
    this.#http = new ConfigSource({
      ...common,
      kind: 'http',
      check: (layer) => check('http', layer),
      ask: async ({ url, token, withinMs }, etag, signal) => {
        try {
          const sent = token === null ? null : secrets(token)
          return await askSource({ url, token: sent, etag, withinMs, clock, signal })
        } catch (error) {
          return { kind: 'bad', why: 'its token is missing.', remedy: error instanceof Error ? error.message : '' }
        }
      },
    })
    this.#database = new ConfigSource({
      ...common,
      kind: 'database',
      check: (layer) => check('database', layer),
      ask: ({ service, table }, _etag, signal) => askTable({ sessions: () => sessions(service), table, signal }),
    })
  }

  /** Asks from now on. */
  begin(): void {
    this.#http.begin()
    this.#database.begin()
  }

  /** These are asked from now on. */
  follow({ http, database }: SourcesDefinition): void {
    this.#http.follow(http && { ...http, name: http.url })
    this.#database.follow(database && { ...database, name: tableName(database) })
  }

  /** Resolves when the questions that are under way have their answers. */
  async settled(): Promise<void> {
    await Promise.all([this.#http.settled(), this.#database.settled()])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#http[Symbol.asyncDispose](), this.#database[Symbol.asyncDispose]()])
  }
}
