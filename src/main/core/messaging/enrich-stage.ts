import type { Expression, ExpressionContext, Expressions } from './expressions.ts'
import { isMissingKey, reasonOf } from './expressions.ts'
import type { IncomingMessage } from './incoming-message.ts'
import { payloadOf } from './payload-text.ts'
import type { Payload } from './targets.ts'
import type { TopicMistake } from './topic-filter.ts'

/** A message with fields that were added to its payload: what `map` sees, and what goes out without one. */
export interface Enriched {
  readonly context: ExpressionContext
  readonly payload: () => Payload
  readonly value: unknown
}

/** The `enrich` of a route: fields that are added to the payload, each the value of an expression. */
export class EnrichStage {
  readonly #fields: readonly (readonly [name: string, expression: Expression])[]

  constructor(fields: readonly (readonly [string, Expression])[]) {
    this.#fields = fields
  }

  /** Throws a sentence when the payload takes no fields, or one cannot be told. */
  enrich(message: IncomingMessage): Enriched {
    const { payload } = message
    if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
      throw new Error('"enrich" adds fields, but the payload is no JSON object')
    }
    const added = this.#fields.map(([name, expression]) => {
      try {
        return [name, expression.run(message)] as const
      } catch (error) {
        const why = isMissingKey(error)
          ? `${reasonOf(error)}; write \`.?key.orValue(…)\` where it may be missing`
          : reasonOf(error)
        throw new Error(`"enrich.${name}" failed: ${why}`)
      }
    })
    const enriched = { ...payload, ...Object.fromEntries(added) }
    const { topic, topicName, received, retained, qos, client, properties } = message
    return {
      context: { payload: enriched, topic, topicName, received, retained, qos, client, properties },
      payload: () => payloadOf(enriched),
      value: enriched,
    }
  }
}

/** Compiles the fields, or says what is wrong with the first bad one. */
export function compileEnrich(
  fields: Readonly<Record<string, string>>,
  expressions: Expressions,
): { readonly stage: EnrichStage } | { readonly field: string; readonly mistake: TopicMistake } {
  const compiled: [string, Expression][] = []
  for (const [field, text] of Object.entries(fields)) {
    const one = expressions.mapping(text)
    if ('mistake' in one) return { field, mistake: one.mistake }
    compiled.push([field, one.expression])
  }
  return { stage: new EnrichStage(compiled) }
}
