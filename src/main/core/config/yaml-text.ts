import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml'
import type { ConfigProblem } from '#shared/contract/state.ts'

/** Where a value stands in a document: keys and list positions from the root. */
export type DocumentPath = readonly (string | number)[]

/** Line and column, counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** A YAML text as plain data, with the place of each value. */
export interface YamlText {
  readonly value: unknown
  /** Place of the value at the path, or of its key; undefined where the path does not exist. */
  find(path: DocumentPath, what: 'key' | 'value'): Position | undefined
}

/** More levels than a person writes; the parser itself would exhaust the stack long after. */
const deepest = 64

/** Below these keys scalars are texts as written: `phone: 0917` keeps its zero, `env: { A: 1.10 }` its digits. */
const writtenAsText = new Set(['env', 'run', 'command', 'name', 'title', 'phone', 'email'])

/** A text that was read, or everything that is wrong with it. */
export type YamlReading =
  | { readonly ok: true; readonly yaml: YamlText }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

/** Reads YAML 1.2. Every fault of the text is told at once; data is given only when there is none. */
export function readYaml(text: string, file: string): YamlReading {
  const counter = new LineCounter()
  const problem = (offset: number | null, code: string, message: string, remedy: string): ConfigProblem => {
    const at = offset === null ? undefined : counter.linePos(offset)
    return { code, file, line: at?.line ?? null, column: at?.col ?? null, path: '', message, remedy }
  }
  const deepLine = tooDeep(text)
  if (deepLine !== undefined) {
    const message = `${file} is nested more than ${deepest} levels deep in line ${deepLine}.`
    const remedy = 'Write it flatter; no key of site.yaml lies that deep.'
    return {
      ok: false,
      problems: [{ code: 'yaml-too-deep', file, line: deepLine, column: 1, path: '', message, remedy }],
    }
  }
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, version: '1.2', logLevel: 'error' })
  const faults = [...document.errors, ...document.warnings].map((error) => {
    const { code, sentence, remedy } = yamlFault(error, file)
    return problem(error.pos[0], code, sentence, remedy)
  })
  // After the first fault of syntax the parser guesses; what it says of the rest is noise.
  const syntax = faults.findIndex((fault) => fault.code === 'yaml-invalid')
  const told = faults.filter((fault, index) => fault.code !== 'yaml-invalid' || index === syntax)
  if (told.length > 0) return { ok: false, problems: told }
  keepWritten(document)
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 })
    return { ok: true, yaml: { value, find: (path, what) => positionOf(document, counter, path, what) } }
  } catch {
    const first = text.search(/[&*][\w-]/)
    const message = `${file} uses aliases (\`*name\`) that unfold to far more than is written.`
    const at = first < 0 ? null : first
    const remedy = 'Write the values out instead of repeating them through aliases.'
    return { ok: false, problems: [problem(at, 'yaml-alias-bomb', message, remedy)] }
  }
}

/** First line that opens more levels than a person would; undefined when there is none. Quotes and comments are not looked at. */
function tooDeep(text: string): number | undefined {
  let flow = 0
  for (const [index, line] of text.split('\n').entries()) {
    const lead = /^(?:\s|[-?] )*/.exec(line)?.[0] ?? ''
    if (lead.length > deepest * 8 || lead.replaceAll(/\s/g, '').length > deepest) return index + 1
    for (const char of line) {
      if (char === '[' || char === '{') flow++
      else if (char === ']' || char === '}') flow = Math.max(0, flow - 1)
      if (flow > deepest) return index + 1
    }
  }
  return undefined
}

function yamlFault(error: YAMLError, file: string): { code: string; sentence: string; remedy: string } {
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return {
        code: 'yaml-tab',
        sentence: `A line of ${file} is indented with a tab, which YAML does not allow.`,
        remedy: 'Indent with spaces; set the editor to insert two spaces for the Tab key.',
      }
    case 'DUPLICATE_KEY':
      return {
        code: 'key-twice',
        sentence: `A key stands twice in the same map of ${file}.`,
        remedy: 'Remove or rename one of the two.',
      }
    case 'MULTIPLE_DOCS':
      return {
        code: 'yaml-many-documents',
        sentence: `${file} holds more than one YAML document (a line \`---\` in the middle).`,
        remedy: 'Keep one document: remove the line `---` and what does not belong to the site.',
      }
    case 'TAG_RESOLVE_FAILED':
      return {
        code: 'yaml-tag',
        sentence: `${file} uses a YAML tag (\`!…\`) that means nothing here.`,
        remedy: 'Remove the tag, or put the text in quotes if it is meant to start with “!”.',
      }
    default:
      return {
        code: 'yaml-invalid',
        sentence: `${file} is not valid YAML: ${error.message.replace(/\.?$/, '.')}`,
        remedy: 'Check indentation, quotes and brackets at this line and the one before it.',
      }
  }
}

function keepWritten(document: Document): void {
  visit(document, {
    Pair(_, pair, path) {
      const name = nameOf(pair)
      // A JSON Schema is no text of ours: a `const` in it may be a number under any name.
      if (name === 'validate' && path.filter(isPair).map(nameOf).at(-2) === 'routes') return visit.SKIP
      if (name === undefined || !writtenAsText.has(name)) return undefined
      const [above, parent] = path.filter(isPair).map(nameOf).slice(-2)
      const value = pair.value
      if (isMap(value)) {
        if (name === 'env' && above === 'services') for (const { value: inner } of value.items) asWritten(inner)
      } else if (parent !== 'ports') {
        if (isSeq(value)) for (const item of value.items) asWritten(item)
        else asWritten(value)
      }
      return undefined
    },
  })
}

function nameOf(pair: Pair): string | undefined {
  return isScalar(pair.key) && typeof pair.key.value === 'string' ? pair.key.value : undefined
}

function asWritten(node: unknown): void {
  if (!isScalar(node)) return
  const { value, source } = node
  if ((typeof value === 'number' || typeof value === 'boolean') && source !== undefined) node.value = source
}

function positionOf(
  document: Document,
  counter: LineCounter,
  path: DocumentPath,
  what: 'key' | 'value',
): Position | undefined {
  let node: unknown = document.contents
  let key: unknown = document.contents
  for (const step of path) {
    const within = isAlias(node) ? node.resolve(document) : node
    if (isMap(within)) {
      const pair = within.items.find(
        (item) => (isScalar(item.key) ? String(item.key.value) : String(item.key)) === String(step),
      )
      if (!pair) return undefined
      key = pair.key
      node = pair.value ?? pair.key
    } else if (isSeq(within) && typeof step === 'number') {
      node = within.items[step]
      key = node
      if (node === undefined) return undefined
    } else return undefined
  }
  const found = what === 'key' ? key : node
  if (!isNode(found) || !found.range) return undefined
  const { line, col } = counter.linePos(found.range[0])
  return { line, column: col }
}
