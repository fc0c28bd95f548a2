import { type ASTNode, Environment, EvaluationError, ParseError, TypeError as TypeMistake } from '@marcbachmann/cel-js'

/** A condition over the figures that a service pushes, such as `fps > 20 && dropped < 5`. */
export interface FigureCondition {
  /** The figures that it looks at, in order. */
  readonly figures: readonly string[]
  /** Whether these figures meet it. Throws a sentence when they do not say. */
  holds(figures: Readonly<Record<string, number>>): boolean
}

export type FigureConditionReading =
  | { readonly ok: true; readonly condition: FigureCondition }
  /** Why it cannot be used, as the end of a sentence. */
  | { readonly ok: false; readonly why: string }

/** Longest condition, in characters. */
const longest = 1_000

/** Reads a condition in CEL. Figures are numbers; every other name is an unknown one. */
export function figureCondition(text: string): FigureConditionReading {
  if (text.length > longest) return { ok: false, why: `it is longer than ${longest} characters` }
  try {
    const parsed = environment().parse(text)
    const checked = parsed.check()
    if (!checked.valid) return { ok: false, why: whyOf(checked.error) }
    if (checked.type !== 'bool' && checked.type !== 'dyn') {
      return { ok: false, why: `it gives ${checked.type ?? 'something'}, not true or false` }
    }
    const figures = [...new Set(namesIn(parsed.ast))]
    if (figures.length === 0) return { ok: false, why: 'it looks at no figure' }
    return { ok: true, condition: { figures, holds: (values) => heldBy(parsed, values) } }
  } catch (error) {
    return { ok: false, why: whyOf(error) }
  }
}

function heldBy(
  parsed: (values: Record<string, number>) => unknown,
  values: Readonly<Record<string, number>>,
): boolean {
  try {
    const held = parsed({ ...values })
    if (typeof held === 'boolean') return held
    throw new Error('the condition gives neither true nor false')
  } catch (error) {
    throw new Error(whyOf(error))
  }
}

function environment(): Environment {
  const limits = { maxAstNodes: 200, maxDepth: 30, maxListElements: 50, maxMapEntries: 50, maxCallArguments: 8 }
  const made = new Environment({ unlistedVariablesAreDyn: true, limits })
  // Figures are doubles and literals such as 20 are integers; the language defines no arithmetic between the two.
  const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
    '+': (a, b) => a + b,
    '-': (a, b) => a - b,
    '*': (a, b) => a * b,
    '/': (a, b) => a / b,
  }
  for (const [operator, apply] of Object.entries(arithmetic)) {
    const mixed = (a: unknown, b: unknown) => apply(Number(a), Number(b))
    made.registerOperator(`double ${operator} int`, mixed)
    made.registerOperator(`int ${operator} double`, mixed)
  }
  return made
}

function namesIn(node: unknown): readonly string[] {
  if (Array.isArray(node)) return node.flatMap(namesIn)
  if (!isNode(node)) return []
  return node.op === 'id' && typeof node.args === 'string' ? [node.args] : namesIn(node.args)
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}

function whyOf(error: unknown): string {
  if (error instanceof ParseError || error instanceof TypeMistake || error instanceof EvaluationError) {
    return error.summary.replace(/\.$/, '')
  }
  return error instanceof Error ? error.message : String(error)
}
