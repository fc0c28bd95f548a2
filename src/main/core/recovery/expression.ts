import { type ASTNode, Environment, EvaluationError, ParseError, TypeError as TypeMistake } from '@marcbachmann/cel-js'

/** A condition on named figures, parsed and checked once. */
export interface FigureCondition {
  /** The figures that it looks at. */
  readonly names: readonly string[]
  /** Whether it holds; null when that cannot be said, because a figure is missing or of another kind. */
  readonly holds: (figures: Readonly<Record<string, number>>) => boolean | null
}

export type CompiledCondition = { readonly condition: FigureCondition } | { readonly mistake: string }

const longest = 1_000

/**
 * Compiles a CEL condition on figures. Each name in it is a figure, a double; figures and whole numbers may be compared and
 * reckoned with. `known` bounds the names; null lets any be one.
 */
export function compileCondition(text: string, known: readonly string[] | null): CompiledCondition {
  if (text.length > longest) return { mistake: `The condition is longer than ${longest} characters.` }
  try {
    const names = namesIn(new Environment({ unlistedVariablesAreDyn: true, limits }).parse(text).ast)
    const strange = known && names.find((name) => !known.includes(name))
    if (strange) return { mistake: `It names ${strange}; there are ${known.join(', ')}.` }
    if (names.length === 0) return { mistake: 'It names no figure, so it would hold always or never.' }
    const environment = new Environment({ limits })
    for (const name of names) environment.registerVariable(name, 'double')
    for (const [operator, apply] of Object.entries(arithmetic)) {
      const mixed = (a: unknown, b: unknown) => apply(Number(a), Number(b))
      environment.registerOperator(`double ${operator} int`, mixed)
      environment.registerOperator(`int ${operator} double`, mixed)
    }
    const parsed = environment.parse(text)
    const checked = parsed.check()
    if (!checked.valid) return { mistake: reasonOf(checked.error) }
    if (checked.type !== 'bool') return { mistake: `A condition gives true or false, but this gives ${checked.type}.` }
    return { condition: { names, holds: (figures) => evaluated(parsed, names, figures) } }
  } catch (error) {
    return { mistake: reasonOf(error) }
  }
}

const limits = { maxAstNodes: 200, maxDepth: 20, maxListElements: 50, maxMapEntries: 0, maxCallArguments: 4 }

const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
}

function evaluated(
  parsed: (figures: Record<string, number>) => unknown,
  names: readonly string[],
  figures: Readonly<Record<string, number>>,
): boolean | null {
  if (!names.every((name) => Number.isFinite(figures[name]))) return null
  try {
    const outcome = parsed({ ...figures })
    return typeof outcome === 'boolean' ? outcome : null
  } catch {
    return null
  }
}

function namesIn(node: unknown, found = new Set<string>()): readonly string[] {
  if (Array.isArray(node)) for (const part of node) namesIn(part, found)
  else if (isNode(node)) {
    if (node.op === 'id') found.add(node.args)
    else namesIn(node.args, found)
  }
  return [...found]
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}

function reasonOf(error: unknown): string {
  if (error instanceof ParseError || error instanceof TypeMistake || error instanceof EvaluationError) {
    return `${error.summary.replace(/\.$/, '')}.`
  }
  return error instanceof Error ? error.message : String(error)
}
