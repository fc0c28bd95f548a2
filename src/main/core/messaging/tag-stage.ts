import type { RouteTags } from '#core/config/index.ts'
import { type Expression, type Expressions, isMissingKey, reasonOf } from './expressions.ts'
import type { IncomingMessage } from './incoming-message.ts'
import type { TopicMistake } from './topic-filter.ts'

/** The `tag` of a route: which of its targets a message is for. */
export class TagStage {
  /** Whether the tags depend on the payload. */
  readonly needsPayload: boolean
  readonly #expression: Expression
  readonly #targets: readonly (ReadonlySet<string> | null)[]

  constructor({ of }: RouteTags, expression: Expression) {
    this.#expression = expression
    this.needsPayload = expression.needsPayload
    this.#targets = of.map((tags) => (tags === null ? null : new Set(tags)))
  }

  /** For each target whether the message is for it: those without tags take every one. Throws a sentence when the tags cannot be told. */
  targetsOf(message: IncomingMessage): readonly boolean[] {
    const tags = this.#tagsOf(message)
    return this.#targets.map((wanted) => wanted === null || tags.some((tag) => wanted.has(tag)))
  }

  #tagsOf(message: IncomingMessage): readonly string[] {
    let value: unknown
    try {
      value = this.#expression.run(message)
    } catch (error) {
      if (isMissingKey(error)) return [] // what the message does not say is no tag
      throw new Error(`"tag" failed: ${reasonOf(error)}`)
    }
    const values: readonly unknown[] = Array.isArray(value) ? value : [value]
    return values.map((one) => {
      if (typeof one === 'string' || typeof one === 'number' || typeof one === 'bigint' || typeof one === 'boolean')
        return String(one)
      throw new Error('"tag" gave neither a text, a number, true or false, nor a list of those')
    })
  }
}

/** Compiles the tags of a route, or says what is wrong with their expression. */
export function compileTags(
  tags: RouteTags,
  expressions: Expressions,
): { readonly stage: TagStage } | { readonly mistake: TopicMistake } {
  const compiled = expressions.mapping(tags.expression)
  return 'mistake' in compiled ? compiled : { stage: new TagStage(tags, compiled.expression) }
}
