import { environmentLayer } from './environment.ts'
import { type Composition, compose, type Layer, profileLayer } from './layer.ts'
import { type PathValue, pathLayer } from './texts.ts'

/** What is laid over the files of a site. */
export interface GivenSources {
  /** Variables of the console's environment. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** A document from elsewhere, as it was last fetched. */
  readonly http?: Layer | null
  /** Rows of a table. */
  readonly database?: Layer | null
  /** What was set on screen or by `config set`. */
  readonly overrides?: readonly PathValue[]
}

/** All layers of a site over each other: files, profile, environment, HTTP, database, overrides. */
export function composeSite(
  files: readonly Layer[],
  profile: string | null,
  { environment = {}, http = null, database = null, overrides = [] }: GivenSources = {},
): Composition {
  const profiles = profile === null ? [] : files.flatMap((file) => profileLayer(file, profile) ?? [])
  const written = [...files, ...profiles]
  const ofEnvironment = environmentLayer(environment, compose(written).value)
  const more = [ofEnvironment, http, database].filter((layer) => layer !== null)
  const set = overrides.length === 0 ? [] : [pathLayer('override', 'set on screen', overrides)]
  return compose([...written, ...more, ...set])
}
