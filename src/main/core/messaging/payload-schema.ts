import { Ajv2020 } from 'ajv/dist/2020.js'
import type { TopicMistake } from './topic-filter.ts'
import { dangerIn } from './topic-pattern.ts'

/** A JSON Schema (2020-12), compiled once. */
export interface PayloadSchema {
  /** Why a payload does not fit, the end of a sentence; null when it does. */
  misfit(payload: unknown): string | null
}

/** Longest schema, in characters of its JSON. */
const longest = 64 * 1024

/**
 * Compiles a schema. Keywords that JSON Schema does not have are mistakes, as a slip of the pen would let everything through;
 * `format` says nothing about what fits, as by default in JSON Schema. Nothing outside the schema is referred to.
 */
export function compileSchema(
  schema: Readonly<Record<string, unknown>>,
): { readonly schema: PayloadSchema } | { readonly mistake: TopicMistake } {
  if (JSON.stringify(schema).length > longest) {
    return { mistake: { message: `The schema is longer than ${longest} characters.`, position: 0 } }
  }
  try {
    const ajv = new Ajv2020({
      strict: true,
      strictTypes: false,
      strictRequired: false,
      strictTuples: false,
      validateFormats: false,
      logger: false,
      code: { regExp: harmlessPattern },
    })
    const fits = ajv.compile<unknown>(schema)
    return {
      schema: { misfit: (payload) => (fits(payload) ? null : ajv.errorsText(fits.errors, { dataVar: 'payload' })) },
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { mistake: { message: `The schema cannot be used: ${message.replace(/\.$/, '')}.`, position: 0 } }
  }
}

/** Patterns run on payloads, so they must be harmless. */
const harmlessPattern = Object.assign(
  (pattern: string, flags: string): RegExp => {
    const danger = dangerIn(pattern)
    if (danger) throw new Error(`the pattern ${pattern} could take too long: ${danger.message}`)
    return new RegExp(pattern, flags)
  },
  { code: 'new RegExp' },
)
