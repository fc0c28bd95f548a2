import { isDeepStrictEqual } from 'node:util'
import { isMap } from '../documents.ts'
import { isSecretText } from '../layers/values.ts'
import { pathText } from '../problem-report.ts'
import type { DocumentPath } from '../yaml-text.ts'

/** A value that differs between two documents; undefined where it is not there. */
export interface ConfigChange {
  readonly path: string
  readonly before: unknown
  readonly after: unknown
  /** Whether the values must not be shown, and are null therefore. */
  readonly hidden: boolean
}

/** More changes than a person looks through. */
export const mostChanges = 2_000

/** What differs between two documents, value by value; lists as a whole. */
export function changesBetween(before: unknown, after: unknown): readonly ConfigChange[] {
  const changes: ConfigChange[] = []
  walk(before, after, [], changes)
  return changes
}

function walk(before: unknown, after: unknown, path: DocumentPath, changes: ConfigChange[]): void {
  if (changes.length >= mostChanges || isDeepStrictEqual(before, after)) return
  const bothMaps = (isMap(before) || before === undefined) && (isMap(after) || after === undefined)
  const keys = [...new Set([...keysOf(before), ...keysOf(after)])]
  if (!bothMaps || keys.length === 0) {
    const hidden = isSecretText(before, path) || isSecretText(after, path)
    changes.push({ path: pathText(path), before: hidden ? null : before, after: hidden ? null : after, hidden })
    return
  }
  for (const key of keys) walk(childOf(before, key), childOf(after, key), [...path, key], changes)
}

function keysOf(value: unknown): readonly string[] {
  return isMap(value) ? Object.keys(value) : []
}

function childOf(value: unknown, key: string): unknown {
  return isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined
}
