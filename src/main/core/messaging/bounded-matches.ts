import type { ASTNode, Environment } from '@marcbachmann/cel-js'
import { dangerIn } from './topic-pattern.ts'

/**
 * Longest text that `matches()` looks through, in characters, by how many of `*`, `+` and `{` its expression has: the engine backtracks
 * and cannot be interrupted, and what it costs grows with the length to the power of those and one more.
 */
const longestText = [262_144, 8_192, 512, 256] as const

/** Expressions that are remembered compiled. */
const mostPatterns = 1_000

/** What `matches` is called inside: as long as the name that it takes the place of, so that mistakes keep their positions. */
const bounded = 'matched'

/** Teaches an environment the bounded form. */
export function registerBoundedMatches(environment: Environment): void {
  const patterns = new Map<string, { readonly expression: RegExp; readonly longest: number }>()
  environment.registerFunction(`string.${bounded}(string): bool`, (text: string, source: string) => {
    let pattern = patterns.get(source)
    if (pattern === undefined) {
      if (patterns.size >= mostPatterns) patterns.clear()
      pattern = { expression: new RegExp(source), longest: longestText[repetitionsIn(source)] }
      patterns.set(source, pattern)
    }
    if (text.length > pattern.longest) {
      throw new Error(
        `matches() was given ${text.length} characters, and "${source}" is tried on at most ${pattern.longest}`,
      )
    }
    return pattern.expression.test(text)
  })
}

/** The text of an expression with every call of `matches` bounded. */
export function withBoundedMatches(text: string, ast: ASTNode): string {
  let changed = text
  for (const end of callsIn(ast)) {
    const at = text.lastIndexOf('matches', end)
    if (at >= 0) changed = changed.slice(0, at) + bounded + changed.slice(at + bounded.length)
  }
  return changed
}

/** Where the argument of each call begins: the name stands before it. */
function callsIn(node: unknown): readonly number[] {
  if (Array.isArray(node)) return node.flatMap(callsIn)
  if (typeof node !== 'object' || node === null || !('op' in node) || !('args' in node)) return []
  const { args } = node
  const own: number[] = []
  if (node.op === 'rcall' && Array.isArray(args) && args[0] === 'matches' && Array.isArray(args[2])) {
    const first: unknown = args[2][0]
    if (typeof first === 'object' && first !== null && 'start' in first && typeof first.start === 'number') {
      own.push(first.start)
    }
  }
  return [...own, ...callsIn(args)]
}

function repetitionsIn(source: string): 0 | 1 | 2 | 3 {
  return ([0, 1, 2] as const).find((most) => dangerIn(source, most) === undefined) ?? 3
}
