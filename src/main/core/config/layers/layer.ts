import { childOf, isMap, merge } from '../documents.ts'
import type { DocumentPath, YamlText } from '../yaml-text.ts'

/** Where values come from, in the order in which they win: the last one does. */
export const sourceKinds = [
  'default',
  'site-file',
  'include',
  'profile',
  'environment',
  'http',
  'database',
  'override',
] as const
export type SourceKind = (typeof sourceKinds)[number]

/** Where something is written. Line and column are counted from 1, null where there are none. */
export interface Place {
  readonly file: string
  readonly line: number | null
  readonly column: number | null
}

/** One source of values, laid over those before it: maps deep, everything else replaced. */
export interface Layer {
  readonly kind: Exclude<SourceKind, 'default'>
  /** As people call it: `site.yaml`, `conf/lab.ini`, `profile development`. */
  readonly name: string
  readonly value: unknown
  /** When it came, for what comes from elsewhere: wall-clock milliseconds. */
  readonly at?: number
  /** Place of the value at the path, or of its key; undefined where the path is not written here. */
  find(path: DocumentPath, what: 'key' | 'value'): Place | undefined
}

/** The keys that only site.yaml itself may have: they say what the file is and where values come from. */
export const fixedKeys: readonly string[] = ['wheelhouse', 'site', 'include', 'sources']
const profileFixedKeys: readonly string[] = [...fixedKeys, 'profiles']

/** Which keys a layer has that it may not have. */
export function fixedKeysIn(kind: Layer['kind'], value: unknown): readonly string[] {
  if (kind === 'site-file' || !isMap(value)) return []
  return (kind === 'include' ? fixedKeys : profileFixedKeys).filter((key) => Object.hasOwn(value, key))
}

/** A file as a layer. `name` is what people call it, `file` its whole path. */
export function fileLayer(kind: 'site-file' | 'include' | 'http', name: string, file: string, text: YamlText): Layer {
  return {
    kind,
    name,
    value: text.value,
    find: (path, what) => {
      const position = text.find(path, what)
      return position && { file, ...position }
    },
  }
}

/** The layer that a profile of a file is; null when the file does not have it. */
export function profileLayer(file: Layer, profile: string): Layer | null {
  const overlay = childOf(childOf(file.value, 'profiles'), profile)
  if (overlay === undefined) return null
  return {
    kind: 'profile',
    name: `profile ${profile}`,
    value: overlay,
    find: (path, what) => file.find(['profiles', profile, ...path], what),
  }
}

/** The values of all layers in one document, and the way back from each to where it is written. */
export interface Composition {
  readonly value: unknown
  readonly layers: readonly Layer[]
  /** The layer that the value at the path comes from, or the nearest thing around it; undefined where nothing is written. */
  layerOf(path: DocumentPath): Layer | undefined
  /** Place of the value at the path, else of the nearest thing around it. */
  locate(path: DocumentPath, what: 'key' | 'value'): Place | undefined
}

/** Lays the layers over each other. */
export function compose(layers: readonly Layer[]): Composition {
  const value = layers.reduce<unknown>(
    (below, layer, index) => (index === 0 ? layer.value : merge(below, allowed(layer))),
    {},
  )
  const near = (path: DocumentPath, what: 'key' | 'value') => nearestIn(layers, path, what)
  return {
    value,
    layers,
    layerOf: (path) => near(path, 'key')?.layer,
    locate: (path, what) => near(path, what)?.place,
  }
}

function allowed({ kind, value }: Layer): unknown {
  const fixed = fixedKeysIn(kind, value)
  if (!isMap(value)) return {}
  if (fixed.length === 0) return value
  return Object.fromEntries(Object.entries(value).filter(([key]) => !fixed.includes(key)))
}

function nearestIn(layers: readonly Layer[], path: DocumentPath, what: 'key' | 'value') {
  let best: { depth: number; place: Place; layer: Layer } | undefined
  for (const layer of visible(layers, path)) {
    const found = deepest(layer, path, what)
    if (!found) continue
    // Where several have only something around the place, as for a key that is missing, the lowest is the one to correct.
    if (!best || found.depth > best.depth || (found.depth === path.length && found.depth > 0)) {
      best = { ...found, layer }
    }
  }
  return best
}

/** The layers that have a say at a path, lowest first: what replaces a list or a text hides what lies below it there. */
function visible(layers: readonly Layer[], path: DocumentPath): readonly Layer[] {
  let from = 0
  for (const [index, layer] of layers.entries()) {
    let here: unknown = allowedValue(layer)
    for (const step of path) {
      if (here === undefined) break
      if (!isMap(here)) {
        from = index
        break
      }
      here = childOf(here, step)
    }
  }
  return layers.slice(from)
}

function allowedValue(layer: Layer): unknown {
  return layer.kind === 'site-file' ? layer.value : allowed(layer)
}

function deepest(layer: Layer, path: DocumentPath, what: 'key' | 'value') {
  for (let depth = path.length; depth >= 0; depth--) {
    const place = layer.find(path.slice(0, depth), depth === path.length ? what : 'key')
    if (place) return { depth, place }
  }
  return undefined
}
