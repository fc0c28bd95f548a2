import { Ajv2020 } from 'ajv/dist/2020.js'
import { troubleIn } from './schema-survey.ts'
import type { TopicMistake } from './topic-filter.ts'
import { dangerIn } from './topic-pattern.ts'

/** A JSON Schema (2020-12), compiled once. */
export interface PayloadSchema {
  /** Why a payload does not fit, the end of a sentence; null when it does. Throws when it cannot be told. */
  misfit(payload: unknown): string | null
}

/** Longest schema, in characters of its JSON. */
const longest = 64 * 1024

/** Texts up to this long are held against a `pattern`, and so many repetitions may be in it: cost is length to the power of them. */
const longestMatched = 256
const mostRepetitions = 2

/**
 * Compiles a schema. Keywords that JSON Schema does not have are mistakes, as a slip of the pen would let everything through;
 * `format` says nothing about what fits, as by default in JSON Schema. Nothing outside the schema is referred to.
 */
export function compileSchema(
  schema: Readonly<Record<string, unknown>>,
): { readonly schema: PayloadSchema } | { readonly mistake: TopicMistake } {
  const trouble = troubleIn(schema)
  if (trouble !== undefined) return mistaken(`The schema cannot be used: ${trouble}.`)
  if (JSON.stringify(schema).length > longest) return mistaken(`The schema is longer than ${longest} characters.`)
  try {
    const ajv = new Ajv2020({
      strict: true,
      strictTypes: false,
      strictRequired: false,
      strictTuples: false,
      validateFormats: false,
      ownProperties: true,
      // 19.99 is a multiple of 0.01, whatever binary fractions say.
      multipleOfPrecision: 9,
      logger: false,
      code: { regExp: harmlessPattern },
    })
    // Of JSON Schema, and resolved, but not in the list of what ajv knows.
    ajv.addVocabulary(['$anchor'])
    const fits = ajv.compile<unknown>(schema)
    return {
      schema: { misfit: (payload) => (fits(payload) ? null : ajv.errorsText(fits.errors, { dataVar: 'payload' })) },
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return mistaken(`The schema cannot be used: ${message.replace(/\.$/, '')}.`)
  }
}

function mistaken(message: string): { readonly mistake: TopicMistake } {
  return { mistake: { message, position: 0 } }
}

/** Patterns run on payloads, so they must be harmless. */
const harmlessPattern = Object.assign(
  (source: string, flags: string) => {
    const danger = dangerIn(source, mostRepetitions)
    if (danger) throw new Error(`the pattern ${source} could take too long: ${danger.message}`)
    const pattern = new RegExp(source, flags)
    return {
      test(text: string): boolean {
        if (text.length > longestMatched)
          throw new Error(
            `a text of ${text.length} characters is too long for a pattern, which takes ${longestMatched}`,
          )
        return pattern.test(text)
      },
      toString: () => pattern.toString(),
    }
  },
  { code: 'new RegExp' },
)
