import {
  type ASTNode,
  type Environment,
  EvaluationError,
  ParseError,
  TypeError as TypeMistake,
} from '@marcbachmann/cel-js'

/** Bounds of a condition in site.yaml. */
export const celLimits = {
  maxAstNodes: 200,
  maxDepth: 30,
  maxListElements: 50,
  maxMapEntries: 50,
  maxCallArguments: 8,
}

const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
}

/** Lets doubles be reckoned with literals such as 20, which are integers; the language defines no arithmetic between the two. */
export function registerMixedArithmetic(environment: Environment): void {
  for (const [operator, apply] of Object.entries(arithmetic)) {
    const mixed = (a: unknown, b: unknown) => apply(Number(a), Number(b))
    environment.registerOperator(`double ${operator} int`, mixed)
    environment.registerOperator(`int ${operator} double`, mixed)
  }
}

/** What the language says is wrong, without its full stop. */
export function celReason(error: unknown): string {
  if (error instanceof ParseError || error instanceof TypeMistake || error instanceof EvaluationError) {
    return error.summary.replace(/\.$/, '')
  }
  return error instanceof Error ? error.message : String(error)
}

/** Names of variables in an expression, in order, as often as they stand there. */
export function celNames(node: unknown): readonly string[] {
  if (Array.isArray(node)) return node.flatMap(celNames)
  if (!isCelNode(node)) return []
  return node.op === 'id' && typeof node.args === 'string' ? [node.args] : celNames(node.args)
}

/** Whether something is a part of a parsed expression. */
export function isCelNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}
