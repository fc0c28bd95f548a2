import { createHash } from 'node:crypto'
import type { RouteLimit } from '#core/config/index.ts'
import { type Expression, type Expressions, reasonOf } from './expressions.ts'
import type { IncomingMessage } from './incoming-message.ts'
import type { TopicMistake } from './topic-filter.ts'

/** Longest key that is remembered as it is, in characters; of a longer one its hash is. */
const longestKey = 128

/** What a stage goes by: each topic, the route as a whole, or each value of an expression. */
export type KeyRule = RouteLimit['per']

/** Tells the key of a message. */
export class MessageKey {
  /** Whether it depends on the payload. */
  readonly needsPayload: boolean
  readonly #name: string
  readonly #per: KeyRule
  readonly #expression: Expression | null

  /** `name` is the entry of the route that says it: `limit.per`. */
  constructor(name: string, per: KeyRule, expression: Expression | null) {
    this.#name = name
    this.#per = per
    this.#expression = expression
    this.needsPayload = expression?.needsPayload ?? false
  }

  /** Throws a sentence when it cannot be told. */
  of(message: IncomingMessage): string {
    if (this.#per === 'topic') return message.topicName
    if (this.#per === 'route' || this.#expression === null) return ''
    let value: unknown
    try {
      value = this.#expression.run(message)
    } catch (error) {
      throw new Error(`"${this.#name}" failed: ${reasonOf(error)}`)
    }
    switch (typeof value) {
      case 'string':
        return boundedKey(value)
      case 'number':
      case 'bigint':
      case 'boolean':
        return String(value)
      default:
        throw new Error(`"${this.#name}" gave neither a text, nor a number, nor true or false`)
    }
  }
}

/**
 * A key as it is remembered: of a long one its hash, and of one that the store would give back as another. UTF-8 has one replacement for
 * all halves of characters, and a text in the store ends at NUL. Of UTF-16, as half characters are one in UTF-8 as well.
 */
export function boundedKey(text: string): string {
  const stays = text.length <= longestKey && text.isWellFormed() && !text.includes('\0')
  return stays ? text : createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('hex')
}

/** Compiles a key, or says what is wrong with its expression. */
export function compileKey(
  name: string,
  per: KeyRule,
  expressions: Expressions,
): { readonly key: MessageKey } | { readonly mistake: TopicMistake } {
  if (typeof per === 'string') return { key: new MessageKey(name, per, null) }
  const compiled = expressions.key(per.expression)
  return 'mistake' in compiled ? compiled : { key: new MessageKey(name, per, compiled.expression) }
}

/** What is counted or gathered by itself, in words that follow others: " for each topic"; nothing for the route as a whole. */
export function eachInWords(per: KeyRule): string {
  if (per === 'route') return ''
  if (per === 'topic' || per.expression === 'client') return ` for each ${per === 'topic' ? per : 'client'}`
  return ` for each value of \`${per.expression}\``
}
