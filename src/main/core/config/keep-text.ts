import { isDeepStrictEqual } from 'node:util'
import { isMap, isNode, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml'
import { ConsoleError } from '#shared/problem.ts'
import type { BackupDefinition } from './types.ts'
import { readYaml } from './yaml-text.ts'

type Keep = BackupDefinition['keep']

/**
 * site.yaml with other rules of keeping (`backup.keep`). Where they stand already only the numbers change, every other character stays as it
 * was written. Throws a ConsoleError when the file cannot be read, or would change in another place.
 */
export function withKeep(siteText: string, keep: Keep): string {
  const document = parseDocument(siteText, { prettyErrors: false, version: '1.2', logLevel: 'error' })
  const root = document.contents
  if (document.errors.length > 0 || !isMap(root)) throw unreadable()
  const changed = changedText(siteText, root, keep)
  const read = readYaml(changed, 'site.yaml')
  const before = readYaml(siteText, 'site.yaml')
  if (!read.ok || !before.ok || !isDeepStrictEqual(withoutKeep(read.yaml.value), withoutKeep(before.yaml.value)))
    throw notEditable()
  return changed
}

function changedText(siteText: string, root: YAMLMap, keep: Keep): string {
  const backup = pairOf(root, 'backup')
  if (!backup) return `${siteText.trimEnd()}\n\nbackup:\n  keep: ${flow(keep)}\n`
  if (!isMap(backup.value)) throw notEditable()
  const rules = pairOf(backup.value, 'keep')
  if (!rules) return withFirst(siteText, backup.value, `keep: ${flow(keep)}`)
  if (isMap(rules.value)) {
    const inPlace = withNumbers(siteText, rules.value, keep)
    if (inPlace !== null) return inPlace
  }
  const range = rangeOf(rules.value)
  if (!range) throw notEditable()
  const end = siteText.slice(0, range[1]).trimEnd().length
  return siteText.slice(0, range[0]) + flow(keep) + siteText.slice(end)
}

/** Null when a number is not there to be changed. */
function withNumbers(siteText: string, rules: YAMLMap, keep: Keep): string | null {
  const edits: { start: number; end: number; text: string }[] = []
  for (const [name, count] of Object.entries(keep)) {
    const value = pairOf(rules, name)?.value
    const range = rangeOf(value)
    if (!isScalar(value) || !range) return null
    if (value.value !== count) edits.push({ start: range[0], end: range[1], text: String(count) })
  }
  return edits
    .toSorted((a, b) => b.start - a.start)
    .reduce((text, { start, end, text: number }) => text.slice(0, start) + number + text.slice(end), siteText)
}

/** Puts an entry before the first one of a map that has one. */
function withFirst(siteText: string, map: YAMLMap, entry: string): string {
  const first = rangeOf(map.items[0]?.key)
  if (!first) throw notEditable()
  const start = siteText.lastIndexOf('\n', first[0] - 1) + 1
  const indent = siteText.slice(start, first[0])
  const rest = siteText.slice(first[0])
  const between = map.flow ? ', ' : `\n${indent}`
  if (!map.flow && indent.trim() !== '') throw notEditable()
  return siteText.slice(0, first[0]) + entry + between + rest
}

function flow(keep: Keep): string {
  const { last, hourly, daily, weekly, monthly, yearly } = keep
  return `{ last: ${last}, hourly: ${hourly}, daily: ${daily}, weekly: ${weekly}, monthly: ${monthly}, yearly: ${yearly} }`
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((item) => isScalar(item.key) && item.key.value === key)
}

function rangeOf(node: unknown): readonly [number, number, number] | null {
  return isNode(node) ? (node.range ?? null) : null
}

function withoutKeep(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const backup = 'backup' in value && typeof value.backup === 'object' ? value.backup : {}
  return { ...value, backup: { ...backup, keep: null } }
}

function unreadable(): ConsoleError {
  return new ConsoleError(
    'site-yaml-unreadable',
    'site.yaml cannot be read at present, so the rules of keeping in it cannot be changed from here.',
    'Correct the file in an editor; Settings names its mistakes with their lines.',
  )
}

function notEditable(): ConsoleError {
  return new ConsoleError(
    'keep-not-editable',
    'The rules of keeping in site.yaml are written in a way that cannot be changed from here.',
    'Write `keep: { last: 10, daily: 7 }` below `backup:` in an editor, then reload.',
  )
}
