import { childOf, isMap, merge } from '../documents.ts'
import { knownKeys, siteOutline } from '../schema-outline.ts'
import type { DocumentPath } from '../yaml-text.ts'
import type { Layer, Place } from './layer.ts'

/** One value of a source that is a list of paths: an environment variable, a row of a table, a value set on screen. */
export interface PathValue {
  readonly path: DocumentPath
  readonly value: unknown
  readonly place: Place
}

/** A source that is a list of paths as a layer. Of two values of one path the last one counts. */
export function pathLayer(kind: Layer['kind'], name: string, values: readonly PathValue[]): Layer {
  const value = values.reduce<unknown>((below, { path, value: set }) => merge(below, nested(path, set)), {})
  return {
    kind,
    name,
    value,
    find: (path) => {
      // A value that is a map or a list has its parts at its own place.
      const own = values.findLast(
        (one) =>
          one.path.every((step, index) => path[index] === step) && existsIn(one.value, path.slice(one.path.length)),
      )
      return own?.place ?? values.find((one) => path.every((step, index) => one.path[index] === step))?.place
    },
  }
}

function existsIn(value: unknown, path: DocumentPath): boolean {
  return path.length === 0 || path.reduce<unknown>(childOf, value) !== undefined
}

function nested(path: DocumentPath, value: unknown): unknown {
  return path.toReversed().reduce<unknown>((inner, step) => Object.fromEntries([[step, inner]]), value)
}

/** `services.api.env.LOG` as steps; ids hold no dots. Names of variables below `env` may hold anything else. */
export function stepsOfPath(text: string): DocumentPath {
  return text.split('.').map((step) => step.trim())
}

/**
 * The path that the name of an environment variable means: steps between two underscores, each the key of that name, in any case, with a
 * hyphen where the name has one underscore (names of variables can hold none).
 */
export function pathOfName(steps: readonly string[], document: unknown): DocumentPath {
  const path: string[] = []
  let here = document
  for (const step of steps) {
    const known = [...(isMap(here) ? Object.keys(here) : []), ...knownKeys(siteOutline(), path)]
    const written = step.toLowerCase()
    const key =
      known.find((one) => one === step) ??
      known.find((one) => one.toLowerCase() === written) ??
      known.find((one) => one.toLowerCase() === written.replaceAll('_', '-')) ??
      (path.at(-1) === 'env' ? step : written.replaceAll('_', '-'))
    path.push(key)
    here = childOf(here, key)
  }
  return path
}
