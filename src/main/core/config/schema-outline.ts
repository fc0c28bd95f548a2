import { z } from 'zod'
import { isMap } from './documents.ts'
import { siteSchema } from './site-schema.ts'
import type { DocumentPath } from './yaml-text.ts'

/** What the schema says about one place of site.yaml: a small part of JSON Schema, plus our own words. */
export interface Outline {
  readonly description?: string
  readonly default?: unknown
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, Outline>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Outline | boolean
  readonly items?: Outline
  /** The type in words, where JSON Schema has none for it. */
  readonly words?: string
  /** Accepted, but without effect in this version. */
  readonly later?: boolean
}

const outlineSchema: z.ZodType<Outline> = z.lazy(() =>
  z.object({
    description: z.string().exactOptional(),
    default: z.unknown().optional(),
    type: z.string().exactOptional(),
    enum: z.array(z.unknown()).exactOptional(),
    const: z.unknown().optional(),
    minimum: z.number().exactOptional(),
    maximum: z.number().exactOptional(),
    properties: z.record(z.string(), outlineSchema).exactOptional(),
    required: z.array(z.string()).exactOptional(),
    additionalProperties: z.union([z.boolean(), outlineSchema]).exactOptional(),
    items: outlineSchema.exactOptional(),
    words: z.string().exactOptional(),
    later: z.boolean().exactOptional(),
  }),
)

let outline: Outline | undefined

/** The schema of site.yaml as data: for its documentation and for naming known keys. Worked out once: the schema never changes, and it takes 30 ms. */
export function siteOutline(): Outline {
  outline ??= outlineSchema.parse(z.toJSONSchema(siteSchema, { io: 'input', unrepresentable: 'any' }))
  return outline
}

/** The keys that may stand in the map at a path. */
export function knownKeys(outline: Outline, path: DocumentPath): readonly string[] {
  let here: Outline | undefined = outline
  for (const step of path) {
    if (typeof step === 'number') here = here?.items
    else {
      const open: Outline | boolean | undefined = here?.additionalProperties
      here = here?.properties?.[step] ?? (typeof open === 'object' ? open : undefined)
    }
  }
  return Object.keys(here?.properties ?? {})
}

/** The places of a document whose keys are accepted, but without effect in this version. */
export function laterPaths(outline: Outline, document: unknown, path: DocumentPath = []): readonly DocumentPath[] {
  if (outline.later === true) return [path]
  const open = typeof outline.additionalProperties === 'object' ? outline.additionalProperties : undefined
  if (!isMap(document)) return []
  return Object.entries(document).flatMap(([key, value]) => {
    const inner = outline.properties?.[key] ?? open
    return inner ? laterPaths(inner, value, [...path, key]) : []
  })
}
