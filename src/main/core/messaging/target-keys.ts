import type { RouteDefinition } from '#core/config/index.ts'
import type { Expressions } from './expressions.ts'
import type { IncomingMessage } from './incoming-message.ts'
import { compileKey, type MessageKey } from './message-key.ts'
import type { TopicMistake } from './topic-filter.ts'

/** What the targets of a route keep the order of their messages by, of those that have an expression for it. */
export class TargetKeys {
  /** Whether one of them looks at the payload. */
  readonly needsPayload: boolean
  readonly #keys: readonly (MessageKey | null)[]

  constructor(keys: readonly (MessageKey | null)[]) {
    this.#keys = keys
    this.needsPayload = keys.some((key) => key?.needsPayload ?? false)
  }

  /** The key of a message for each target; null where it has none, or is not for it. Throws a sentence when one cannot be told. */
  of(message: IncomingMessage, wanted: readonly boolean[] | null): readonly (string | null)[] {
    return this.#keys.map((key, index) => (key === null || wanted?.[index] === false ? null : key.of(message)))
  }
}

/** Compiles the keys of a route's targets; null where none has an expression. Or says what is wrong with which. */
export function compileTargetKeys(
  { to }: Pick<RouteDefinition, 'to'>,
  expressions: Expressions,
): { readonly keys: TargetKeys | null } | { readonly mistake: TopicMistake; readonly index: number } {
  const keys: (MessageKey | null)[] = []
  for (const [index, target] of to.entries()) {
    const text = target.kind === 'mqtt' || target.kind === 'webhook' ? target.key : undefined
    if (text === undefined) {
      keys.push(null)
      continue
    }
    const compiled = compileKey('to.key', { expression: text }, expressions)
    if ('mistake' in compiled) return { ...compiled, index }
    keys.push(compiled.key)
  }
  return { keys: keys.every((key) => key === null) ? null : new TargetKeys(keys) }
}
