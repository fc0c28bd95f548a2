import type { SqlValue } from './types.ts'

/** A statement with its values apart from its text. Made by {@link sql} only. */
export class BoundQuery {
  readonly parts: readonly string[]
  readonly values: readonly SqlValue[]

  constructor(parts: readonly string[], values: readonly SqlValue[]) {
    this.parts = parts
    this.values = values
  }

  /** The text with a placeholder for each value. */
  text(placeholder: (position: number) => string): string {
    return this.parts.map((part, index) => (index === 0 ? part : `${placeholder(index)}${part}`)).join('')
  }
}

/** Writes a statement in which each `${value}` is bound, never spliced: sql`SELECT name FROM faculty WHERE id = ${id}`. */
export function sql(parts: TemplateStringsArray, ...values: readonly SqlValue[]): BoundQuery {
  // Called as a function with an array made of texts it would splice them.
  if (!Object.isFrozen(parts) || !('raw' in parts)) throw new TypeError('sql is a tag: write sql`…`.')
  return new BoundQuery(parts, values)
}

/** Statements that would end the transaction of a session or change the connection for whoever has it next. */
const ofThePool =
  /^(?:BEGIN|START|COMMIT|END|ABORT|ROLLBACK(?!\s+(?:(?:WORK|TRANSACTION)\s+)?TO\b)|PREPARE\s+TRANSACTION|ATTACH|DETACH|DISCARD|LISTEN|RESET|SET(?!\s+(?:LOCAL|CONSTRAINTS|TRANSACTION)\b))\b/i

/** The word with which a statement takes over what belongs to the pool, or null. */
export function poolWord(text: string): string | null {
  const begun = text.replace(/^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|;)+/, '')
  return ofThePool.exec(begun)?.[0].toUpperCase() ?? null
}

/** A text without the values that stand in it, on one line, short enough to be shown and counted by. */
export function shownText(text: string): string {
  return text
    .slice(0, 4_000)
    .replaceAll(/'(?:[^']|'')*'?/g, '?')
    .replaceAll(/\$(\w*)\$[\s\S]*?(?:\$\1\$|$)/g, '?')
    .replaceAll(/(?<![\w$?])\d+(?:\.\d+)?(?:e[+-]?\d+)?\b/gi, '?')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 300)
}
