import { isMap } from '../documents.ts'
import { pathText } from '../problem-report.ts'
import { type Outline, siteOutline } from '../schema-outline.ts'
import type { SiteComposition } from '../types.ts'
import type { DocumentPath } from '../yaml-text.ts'
import type { Composition, SourceKind } from './layer.ts'

/** One value in use, and where it comes from. */
export interface ConfigValue {
  /** `services.api.env.LOG`. */
  readonly path: string
  /** As it is written; lists as a whole. Null with `hidden`. */
  readonly value: unknown
  /** Whether it is something that must not be shown. */
  readonly hidden: boolean
  readonly kind: SourceKind
  /** `site.yaml`, `conf/lab.ini`, `profile development`, `default`. */
  readonly source: string
  readonly file: string | null
  readonly line: number | null
}

/** More values than a person could look through. */
export const mostValues = 20_000

/** Every value in use, in the order of the documents, those that nobody wrote (defaults) behind the others of their map. */
export function valuesInUse({ composed }: SiteComposition): readonly ConfigValue[] {
  const values: ConfigValue[] = []
  walk(composed.value, siteOutline(), [], composed, values)
  return values.slice(0, mostValues)
}

function walk(
  here: unknown,
  outline: Outline | undefined,
  path: DocumentPath,
  composed: Composition,
  values: ConfigValue[],
): void {
  if (path[0] === 'profiles' || values.length > mostValues) return
  const isOpen = outline?.properties !== undefined || typeof outline?.additionalProperties === 'object'
  if (!isMap(here) || (!isOpen && Object.keys(here).length === 0) || path.length > 16) {
    values.push(written(here, path, composed))
    return
  }
  const open = typeof outline?.additionalProperties === 'object' ? outline.additionalProperties : undefined
  for (const [key, value] of Object.entries(here)) {
    walk(value, outline?.properties?.[key] ?? open, [...path, key], composed, values)
  }
  for (const [key, inner] of Object.entries(outline?.properties ?? {})) {
    if (!Object.hasOwn(here, key)) defaults(inner, [...path, key], values)
  }
}

/** What holds where nothing is written. */
function defaults(outline: Outline, path: DocumentPath, values: ConfigValue[]): void {
  if (outline.properties && isMap(outline.default)) {
    for (const [key, inner] of Object.entries(outline.properties)) defaults(inner, [...path, key], values)
  } else if (outline.default !== undefined && !isEmptyMap(outline.default)) {
    values.push({
      path: pathText(path),
      value: outline.default,
      hidden: false,
      kind: 'default',
      source: 'default',
      file: null,
      line: null,
    })
  }
}

function isEmptyMap(value: unknown): boolean {
  return isMap(value) && Object.keys(value).length === 0
}

function written(value: unknown, path: DocumentPath, composed: Composition): ConfigValue {
  const place = composed.locate(path, 'value')
  const layer = composed.layerOf(path)
  const hidden = isSecretText(value, path)
  return {
    path: pathText(path),
    value: hidden ? null : value,
    hidden,
    kind: layer?.kind ?? 'site-file',
    source: layer?.name ?? 'site.yaml',
    file: place?.file ?? null,
    line: place?.line ?? null,
  }
}

const secretName = /pass(word|phrase|wd)?$|secret|token|api-?_?key|private-?_?key|credential/i

/** Whether a value must not be shown: what is named like a secret and is no reference to one, and addresses with a log-in in them. */
export function isSecretText(value: unknown, path: DocumentPath): boolean {
  if (Array.isArray(value)) return value.some((item) => isSecretText(item, path))
  if (isMap(value)) return Object.entries(value).some(([key, inner]) => isSecretText(inner, [...path, key]))
  if (typeof value !== 'string' || value === '') return false
  if (/:\/\/[^/\s]*:[^/\s]*@/.test(value)) return true
  const name = path.findLast((step) => typeof step === 'string')
  return typeof name === 'string' && secretName.test(name) && !/\$\{[^}]*\}/.test(value)
}
