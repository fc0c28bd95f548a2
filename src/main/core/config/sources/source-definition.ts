import type { SourcesEntry } from './source-schema.ts'

/** A document that is asked for over HTTP. */
export interface HttpSourceDefinition {
  readonly url: string
  /** As it is written, a reference to a secret; null: none is sent. */
  readonly token: string | null
  readonly everyMs: number
  readonly withinMs: number
}

/** Where values of the configuration come from besides files. */
export interface SourcesDefinition {
  readonly http: HttpSourceDefinition | null
}

export function toSources({ http }: SourcesEntry): SourcesDefinition {
  return {
    http: http ? { url: http.url, token: http.token ?? null, everyMs: http.every, withinMs: http.within } : null,
  }
}
