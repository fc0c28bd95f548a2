import type { z } from 'zod'
import { childOf, isMap } from './documents.ts'
import { readExpectation } from './expectation.ts'
import { nearest } from './nearest.ts'
import { type Fault, inWords, pathText } from './problem-report.ts'
import { knownKeys, type Outline, siteOutline } from './schema-outline.ts'
import { type SiteFile, siteSchema } from './site-schema.ts'
import type { DocumentPath } from './yaml-text.ts'

/** A file checked against the schema. */
export interface Checked {
  readonly faults: readonly Fault[]
  /**
   * The file with everything faulty left out (a key, or the whole entry that misses one), so that the rules can go on and
   * all mistakes are told at once. Null when nothing of it could be used.
   */
  readonly usable: SiteFile | null
}

type Issue = z.core.$ZodIssue

/** Checks a document against the schema. */
export function checkSchema(value: unknown): Checked {
  const first = siteSchema.safeParse(value)
  if (first.success) return { faults: [], usable: first.data }
  const outline = siteOutline()
  const faults = first.error.issues.flatMap((issue) => faultsOf(issue, value, outline))
  let rest = value
  let issues: readonly Issue[] = first.error.issues
  for (let round = 0; round < 8; round++) {
    rest = withStandIns(issues.reduce(withoutIssue, rest))
    const again = siteSchema.safeParse(rest)
    if (again.success) return { faults, usable: again.data }
    issues = again.error.issues
  }
  return { faults, usable: null }
}

function faultsOf(issue: Issue, document: unknown, outline: Outline): readonly Fault[] {
  const path = pathOf(issue)
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, path, outline))
  if (issue.code === 'invalid_key') return [badKey(path, issue.issues[0]?.message ?? '')]
  const { code, what } = readExpectation(issue.message) ?? { code: 'value-wrong', what: issue.message }
  const value = valueAt(document, path)
  const name = path.at(-1)
  if (value === undefined && name !== undefined) {
    const owner = path.length > 1 ? pathText(path.slice(0, -1)) : 'site.yaml'
    const message = `${owner} has no \`${name}\`, which it must have.`
    return [{ code: 'value-missing', path, message, remedy: `Add \`${name}\`: it must be ${what}.` }]
  }
  const where = path.length === 0 ? 'site.yaml' : pathText(path)
  const message = `${where} is ${inWords(value)}, but must be ${what}.`
  const near = code === 'value-unknown' && typeof value === 'string' ? nearest(value, choices(what)) : undefined
  const remedy = near === undefined ? `Write ${what}.` : `Write \`${near}\`, if that is what was meant.`
  return [{ code, path, message, remedy }]
}

function unknownKey(key: string, path: DocumentPath, outline: Outline): Fault {
  const known = knownKeys(outline, path)
  const near = nearest(key, known)
  const where = path.length === 0 ? 'site.yaml' : pathText(path)
  return {
    code: 'key-unknown',
    path: [...path, key],
    at: 'key',
    message: `${where} has the key \`${key}\`, which Wheelhouse does not know.`,
    remedy:
      near === undefined
        ? `Remove it. Known here: ${known.map((name) => `\`${name}\``).join(', ')}.`
        : `Write \`${near}\`, which is the nearest known key, or remove it.`,
  }
}

function badKey(path: DocumentPath, message: string): Fault {
  const name = String(path.at(-1))
  const what = readExpectation(message)?.what ?? 'an id'
  const example = what.startsWith('an id') ? 'desk-units' : 'LOG_LEVEL'
  const sentence = `${pathText(path)}: “${name}” must be ${what}.`
  return { code: 'id-bad', path, at: 'key', message: sentence, remedy: `Write it like \`${example}\`.` }
}

/** The words in backquotes of an expectation. */
function choices(what: string): readonly string[] {
  return [...what.matchAll(/`([^`]+)`/g)].map(([, word]) => word ?? '')
}

function withoutIssue(document: unknown, issue: Issue): unknown {
  const path = pathOf(issue)
  if (issue.code === 'unrecognized_keys')
    return issue.keys.reduce<unknown>((rest, key) => without(rest, [...path, key]), document)
  // A value that is missing cannot be left out: its entry is. Of a list nothing is, for its items keep their places.
  const whole = valueAt(document, path) === undefined || typeof path.at(-1) === 'number'
  return without(document, whole ? path.slice(0, -1) : path)
}

function without(document: unknown, path: DocumentPath): unknown {
  const [step, ...rest] = path
  if (step === undefined) return undefined
  if (Array.isArray(document)) {
    return document.map((item: unknown, index) => (index === step ? without(item, rest) : item))
  }
  if (!isMap(document)) return document
  const entries = Object.entries(document).map(
    ([key, value]) => [key, key === step ? without(value, rest) : value] as const,
  )
  return Object.fromEntries(rest.length === 0 ? entries.filter(([key]) => key !== step) : entries)
}

/** What every file must have: with these in place the rest of a faulty one can still be looked at. */
function withStandIns(document: unknown): unknown {
  const rest = isMap(document) ? document : {}
  return { ...rest, wheelhouse: rest.wheelhouse ?? 1, site: rest.site ?? 'site' }
}

function valueAt(document: unknown, path: DocumentPath): unknown {
  return path.reduce<unknown>((value, step) => childOf(value, step), document)
}

function pathOf(issue: Issue): DocumentPath {
  return issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
}
