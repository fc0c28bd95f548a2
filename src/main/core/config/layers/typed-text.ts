import { parseDocument } from 'yaml'
import { isMap } from '../documents.ts'
import { type Outline, siteOutline } from '../schema-outline.ts'
import type { DocumentPath } from '../yaml-text.ts'

/**
 * A text from a source that knows only texts (environment, INI, database) as the value that the schema wants at the path: numbers and
 * switches as such, lists and maps written in YAML or JSON (`[ a, b ]`), everything else as it is written.
 */
export function typedText(text: string, path: DocumentPath): unknown {
  if (path.includes('env')) return text
  const outline = outlineAt(path)
  switch (outline?.type) {
    case 'string':
      return text
    case 'integer':
    case 'number':
      return asNumber(text) ?? text
    case 'boolean':
      return asToggle(text) ?? text
    case 'array':
    case 'object':
      return asFlow(text) ?? text
    default:
      return asFlow(text) ?? asToggle(text) ?? asNumber(text) ?? text
  }
}

/** What the schema says of a path; undefined where it knows none. */
export function outlineAt(path: DocumentPath): Outline | undefined {
  let here: Outline | undefined = siteOutline()
  for (const step of path) {
    const open: Outline | boolean | undefined = here?.additionalProperties
    here =
      typeof step === 'number'
        ? here?.items
        : (here?.properties?.[step] ?? (typeof open === 'object' ? open : undefined))
  }
  return here
}

function asNumber(text: string): number | undefined {
  return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) ? Number(text) : undefined
}

function asToggle(text: string): boolean | undefined {
  if (text === 'true' || text === 'on') return true
  if (text === 'false' || text === 'off') return false
  return undefined
}

function asFlow(text: string): unknown {
  if (!/^\s*[[{]/.test(text) || text.length > 64_000) return undefined
  const document = parseDocument(text, { prettyErrors: false, version: '1.2', logLevel: 'error' })
  if (document.errors.length > 0) return undefined
  try {
    const value: unknown = document.toJS({ maxAliasCount: 0 })
    return Array.isArray(value) || isMap(value) ? value : undefined
  } catch {
    return undefined
  }
}
