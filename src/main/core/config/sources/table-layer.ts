import { z } from 'zod'
import type { Layer } from '../layers/layer.ts'
import { type PathValue, pathLayer, stepsOfPath } from '../layers/texts.ts'
import { typedText } from '../layers/typed-text.ts'

/** Rows of a table as they are kept: JSON of pairs of key and value. */
const rowsSchema = z.array(z.tuple([z.string(), z.unknown()]))

/** `table config of db`. */
export function tableName({ service, table }: { readonly service: string; readonly table: string }): string {
  return `table ${table} of ${service}`
}

/** More rows than a person sets. */
export const mostSourceRows = 2_000

/**
 * The rows of a table (`services.api.env.LOG`, `debug`) as a layer; or why they are none, as the end of a sentence. A value that is a text
 * becomes what site.yaml wants at its place.
 */
export function tableLayer(name: string, text: string): { readonly layer: Layer } | { readonly why: string } {
  const values: PathValue[] = []
  const seen = new Set<string>()
  for (const [key, value] of rowsSchema.parse(JSON.parse(text))) {
    const path = stepsOfPath(key)
    if (path.length > 16 || path.some((step) => step === ''))
      return { why: `its key ${JSON.stringify(key)} is no path.` }
    if (seen.has(path.join('.'))) return { why: `its key ${JSON.stringify(key)} stands twice.` }
    seen.add(path.join('.'))
    const place = { file: `${name}, row ${key}`, line: null, column: null }
    values.push({ path, value: typeof value === 'string' ? typedText(value, path) : value, place })
  }
  return { layer: pathLayer('database', name, values) }
}
