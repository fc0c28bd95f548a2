import { type ASTNode, Environment, EvaluationError, ParseError, TypeError as TypeMistake } from '@marcbachmann/cel-js'
import { registerBoundedMatches, withBoundedMatches } from './bounded-matches.ts'
import { LookupTables } from './lookup/lookup-tables.ts'
import type { ShownProperties } from './message-properties.ts'
import type { TopicMistake } from './topic-filter.ts'
import { dangerIn } from './topic-pattern.ts'

/** What an expression can see of a message. Numbers in `payload` are doubles; see docs/routes.md. */
export interface ExpressionContext {
  readonly payload: unknown
  /** Levels of the topic. */
  readonly topic: readonly string[]
  readonly topicName: string
  /** When the router received it: ISO 8601, UTC. */
  readonly received: string
  readonly retained: boolean
  readonly qos: bigint
  /** Which client of the embedded broker published it; empty where that is not known. */
  readonly client: string
  /** What a message of MQTT 5 brings besides. */
  readonly properties: ShownProperties
}

/** An expression, parsed and checked once. */
export interface Expression {
  /** Whether it looks at the payload, so that the payload must be decoded. */
  readonly needsPayload: boolean
  /** Evaluates it; throws what the engine throws. */
  readonly run: (context: ExpressionContext) => unknown
}

/** What the expression of a batch can see: the payloads in the order in which their messages came. */
export interface BatchContext {
  readonly items: readonly unknown[]
  /** What `per` gave for them; empty without. */
  readonly key: string
  /** Topic of the newest. */
  readonly topic: readonly string[]
  readonly topicName: string
  /** When the oldest and the newest were received: ISO 8601, UTC. */
  readonly first: string
  readonly last: string
}

/** An expression over a batch, parsed and checked once. */
export interface BatchExpression {
  readonly run: (context: BatchContext) => unknown
}

/** Longest expression, in characters. */
const longest = 4_000

/** What a key may be; `dyn` is known only when a message is there. */
const keyTypes: ReadonlySet<string> = new Set(['string', 'int', 'double', 'bool', 'dyn'])

/** Macros that go over a list, and so could multiply with each other. */
const loops = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])

/** Expressions that are kept compiled; of more the oldest are forgotten, and compiled again when they are needed. */
const mostKept = 2_000

type Compiled =
  | {
      readonly expression: Expression
      readonly type: string
      readonly run: (context: ExpressionContext | BatchContext) => unknown
    }
  | { readonly mistake: TopicMistake }

/** Compiles expressions against one environment: variables, unit constants, arithmetic between the two kinds of number. */
export class Expressions {
  readonly #environment: Environment
  readonly #summaries: Environment
  readonly #known = new Map<Environment, Map<string, Compiled>>()

  /** `tables` are what `lookup` looks things up in; to check an expression none are needed. */
  constructor(tables: LookupTables = new LookupTables()) {
    this.#environment = newEnvironment(tables, messageVariables)
    this.#summaries = withFigures(newEnvironment(tables, batchVariables))
  }

  /** Compiles a condition: an expression that gives true or false. */
  condition(text: string): { readonly expression: Expression } | { readonly mistake: TopicMistake } {
    const compiled = this.#compile(text)
    if ('mistake' in compiled) return compiled
    if (compiled.type !== 'bool' && compiled.type !== 'dyn') {
      return {
        mistake: { message: `A condition must give true or false, but this gives ${compiled.type}.`, position: 0 },
      }
    }
    return compiled
  }

  /** Compiles a mapping: an expression that gives the new payload. */
  mapping(text: string): { readonly expression: Expression } | { readonly mistake: TopicMistake } {
    return this.#compile(text)
  }

  /** Compiles a key: an expression that gives a text, a number, or true or false. */
  key(text: string): { readonly expression: Expression } | { readonly mistake: TopicMistake } {
    const compiled = this.#compile(text)
    if ('mistake' in compiled || keyTypes.has(compiled.type)) return compiled
    return {
      mistake: {
        message: `A key must be a text, a number, or true or false, but this gives ${compiled.type}.`,
        position: 0,
      },
    }
  }

  /** Compiles what makes one payload of a batch. */
  summary(text: string): { readonly expression: BatchExpression } | { readonly mistake: TopicMistake } {
    const compiled = this.#compile(text, this.#summaries)
    return 'mistake' in compiled ? compiled : { expression: { run: compiled.run } }
  }

  /** Many routes say the same: what is compiled once is shared, which also keeps it in the processor's caches. */
  #compile(text: string, environment = this.#environment): Compiled {
    const known = this.#known.get(environment)?.get(text)
    if (known) return known
    const compiled = this.#compileAnew(text, environment)
    const kept = this.#known.get(environment) ?? new Map<string, Compiled>()
    const [oldest] = kept.keys()
    if (kept.size >= mostKept && oldest !== undefined) kept.delete(oldest)
    this.#known.set(environment, kept.set(text, compiled))
    return compiled
  }

  #compileAnew(text: string, environment: Environment): Compiled {
    if (text.length > longest) {
      return { mistake: { message: `The expression is longer than ${longest} characters.`, position: longest } }
    }
    try {
      const parsed = environment.parse(text)
      const checked = parsed.check()
      if (!checked.valid) return { mistake: mistakeOf(checked.error) }
      const found = survey(parsed.ast)
      if (found.mistake) return { mistake: found.mistake }
      const type = checked.type ?? 'dyn'
      const bounded = withBoundedMatches(text, parsed.ast)
      const run = bounded === text ? parsed : environment.parse(bounded)
      return { expression: { needsPayload: found.needsPayload, run }, type, run }
    } catch (error) {
      return { mistake: mistakeOf(error) }
    }
  }
}

/** Whether an evaluation failed because the message lacks something that the expression names. */
export function isMissingKey(error: unknown): boolean {
  return error instanceof EvaluationError && (error.code === 'no_such_key' || error.code === 'index_out_of_bounds')
}

/** Why an evaluation failed, in a few words. */
export function reasonOf(error: unknown): string {
  if (error instanceof EvaluationError) return error.summary.replace(/\.$/, '')
  return error instanceof Error ? error.message : String(error)
}

const messageVariables = {
  payload: 'dyn',
  topic: 'list<string>',
  topicName: 'string',
  received: 'string',
  retained: 'bool',
  qos: 'int',
  client: 'string',
  properties: 'dyn',
} as const

const batchVariables = {
  items: 'list<dyn>',
  key: 'string',
  topic: 'list<string>',
  topicName: 'string',
  first: 'string',
  last: 'string',
} as const

function newEnvironment(tables: LookupTables, variables: Readonly<Record<string, string>>): Environment {
  const environment = new Environment({
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
    limits: { maxAstNodes: 2_000, maxDepth: 60, maxListElements: 500, maxMapEntries: 500, maxCallArguments: 16 },
  }).registerFunction('lookup(string, dyn): dyn', (table: string, key: unknown) => tables.find(table, key))
  for (const [name, type] of Object.entries(variables)) environment.registerVariable(name, type)
  const units = { KB: 10n ** 3n, MB: 10n ** 6n, GB: 10n ** 9n, KiB: 2n ** 10n, MiB: 2n ** 20n, GiB: 2n ** 30n }
  for (const [name, value] of Object.entries(units)) environment.registerConstant(name, 'int', value)
  // JSON numbers are doubles and literals such as 1 are integers; the language defines no arithmetic between the two.
  const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
    '+': (a, b) => a + b,
    '-': (a, b) => a - b,
    '*': (a, b) => a * b,
    '/': (a, b) => a / b,
    '%': (a, b) => a % b,
  }
  for (const [operator, apply] of Object.entries(arithmetic)) {
    const mixed = (a: unknown, b: unknown) => apply(Number(a), Number(b))
    environment.registerOperator(`double ${operator} int`, mixed)
    environment.registerOperator(`int ${operator} double`, mixed)
  }
  registerBoundedMatches(environment)
  environment.registerOperator('double % double', (a: number, b: number) => a % b)
  return environment
}

/** Figures of a list of numbers; other elements are a mistake of whoever sent them, and named. */
function withFigures(environment: Environment): Environment {
  const figures: Readonly<Record<string, (numbers: readonly number[]) => number>> = {
    sum: (numbers) => numbers.reduce((all, one) => all + one, 0),
    mean: (numbers) => numbers.reduce((all, one) => all + one, 0) / numbers.length,
    min: (numbers) => numbers.reduce((least, one) => Math.min(least, one), Number.POSITIVE_INFINITY),
    max: (numbers) => numbers.reduce((most, one) => Math.max(most, one), Number.NEGATIVE_INFINITY),
  }
  for (const [name, figure] of Object.entries(figures)) {
    environment.registerFunction(`${name}(list<dyn>): double`, (list: readonly unknown[]) =>
      figure(list.map((one) => numberOf(one, name))),
    )
  }
  return environment
}

function numberOf(value: unknown, figure: string): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
  throw new Error(`${figure}() goes over numbers, but one element is ${value === null ? 'null' : typeof value}`)
}

interface Survey {
  needsPayload: boolean
  mistake: TopicMistake | undefined
}

/** Looks over a parsed expression: what it reads, and what in it could take too long. */
function survey(ast: ASTNode): Survey {
  const found: Survey = { needsPayload: false, mistake: undefined }
  visit(ast, [], found)
  return found
}

function visit(node: unknown, loopVariables: readonly string[], found: Survey): void {
  if (Array.isArray(node)) {
    for (const part of node) visit(part, loopVariables, found)
    return
  }
  if (!isNode(node)) return
  if (node.op === 'id' && node.args === 'payload') found.needsPayload = true
  if (node.op === 'rcall') {
    const [name, receiver, args] = node.args
    const [variable] = args
    if (loops.has(name) && variable?.op === 'id') {
      // A loop in a loop is linear when the inner one goes over a part of the outer one's element.
      if (loopVariables.length > 0 && !mentions(receiver, loopVariables)) {
        found.mistake ??= {
          message: `A loop inside a loop must go over a part of the outer element, as in "${loopVariables[0]}.items.${name}(…)".`,
          position: node.start,
        }
      }
      visit(receiver, loopVariables, found)
      visit(args.slice(1), [...loopVariables, variable.args], found)
      return
    }
    if (name === 'matches') checkPattern(args[0], node.start, found)
  }
  if (node.op === 'call' && node.args[0] === 'matches') checkPattern(node.args[1][1], node.start, found)
  visit(node.args, loopVariables, found)
}

/** Regular expressions in `matches` run on payloads, so they must be written out and harmless. */
function checkPattern(argument: ASTNode | undefined, position: number, found: Survey): void {
  if (argument?.op !== 'value' || typeof argument.args !== 'string') {
    found.mistake ??= { message: 'The regular expression of matches() must be written out as text.', position }
    return
  }
  const danger = dangerIn(argument.args)
  if (danger) found.mistake ??= { message: danger.message, position: argument.start + 1 + danger.position }
}

function mentions(node: unknown, names: readonly string[]): boolean {
  if (Array.isArray(node)) return node.some((part) => mentions(part, names))
  if (!isNode(node)) return false
  return node.op === 'id' ? names.includes(node.args) : mentions(node.args, names)
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}

function mistakeOf(error: unknown): TopicMistake {
  if (error instanceof ParseError || error instanceof TypeMistake || error instanceof EvaluationError) {
    return { message: `${error.summary.replace(/\.$/, '')}.`, position: error.range?.start ?? 0 }
  }
  return { message: error instanceof Error ? error.message : String(error), position: 0 }
}
