import { stringify } from 'yaml'
import { isMap } from '../documents.ts'
import { isSecretText } from '../layers/values.ts'
import type { SiteComposition } from '../types.ts'
import type { DocumentPath } from '../yaml-text.ts'

/** How a configuration can be written out. */
export const exportFormats = ['yaml', 'json', 'ini', 'env'] as const
export type ExportFormat = (typeof exportFormats)[number]

/**
 * The configuration in use as one document, all layers put together, without the profiles that were not chosen and without `include` and
 * `sources`: what
 * it says is in it. Values that must not be shown are left out, and named in a comment where the format has comments. The result is read
 * back as it was written: YAML and JSON as a site.yaml, INI as a file of `include`, env as variables of the console.
 */
export function exportConfig(
  { composed }: SiteComposition,
  format: ExportFormat,
): { readonly text: string; readonly leftOut: readonly string[] } {
  const leftOut: string[] = []
  const {
    profiles: _profiles,
    include: _include,
    sources: _sources,
    ...rest
  } = isMap(composed.value) ? composed.value : {}
  const shown = withoutSecrets(rest, [], leftOut)
  const document = isMap(shown) ? shown : {}
  const note = leftOut.length === 0 ? [] : [`Left out, because they must not be shown: ${leftOut.join(', ')}.`]
  switch (format) {
    case 'yaml':
      return { text: `${commented(note, '#')}${stringify(document, { lineWidth: 0, version: '1.2' })}`, leftOut }
    case 'json':
      return { text: `${JSON.stringify(document, null, 2)}\n`, leftOut }
    case 'ini':
      return { text: `${commented(note, ';')}${iniText(document)}`, leftOut }
    case 'env':
      return { text: `${commented(note, '#')}${envText(document)}`, leftOut }
  }
}

function withoutSecrets(value: unknown, path: DocumentPath, leftOut: string[]): unknown {
  if (isMap(value)) {
    const entries = Object.entries(value).flatMap(([key, inner]) => {
      const kept = withoutSecrets(inner, [...path, key], leftOut)
      return kept === undefined ? [] : [[key, kept] as const]
    })
    return Object.fromEntries(entries)
  }
  if (!isSecretText(value, path)) return value
  leftOut.push(path.join('.'))
  return undefined
}

function commented(lines: readonly string[], sign: string): string {
  return lines.map((line) => `${sign} ${line}\n`).join('')
}

/** Keys that only site.yaml itself may have are left out: an included file must not have them. */
function iniText(document: Readonly<Record<string, unknown>>): string {
  const sections = new Map<string, string[]>()
  for (const { path, value } of leaves(document)) {
    const section = path.slice(0, -1).join('.')
    const lines = sections.get(section) ?? []
    lines.push(`${path.at(-1)} = ${iniValue(value)}`)
    sections.set(section, lines)
  }
  return [...sections]
    .toSorted(([one], [other]) => (one === '' ? -1 : other === '' ? 1 : 0))
    .map(([section, lines]) => `${section === '' ? '' : `[${section}]\n`}${lines.join('\n')}\n`)
    .join('\n')
}

function iniValue(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  // In quotes a value stays the text that it is.
  return /^[A-Za-z][\w ./:@+-]*$/.test(value) && !/^(true|false|on|off)$/.test(value) ? value : `"${value}"`
}

function envText(document: Readonly<Record<string, unknown>>): string {
  return leaves(document)
    .map(({ path, value }) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      const steps = path.map((step, index) => (path[index - 1] === 'env' ? step : step.replaceAll('-', '_')))
      return `WHEELHOUSE_SITE__${steps.join('__')}='${text.replaceAll("'", `'\\''`)}'\n`
    })
    .join('')
}

const fixed = ['wheelhouse', 'site', 'sources']

function leaves(
  document: Readonly<Record<string, unknown>>,
  path: readonly string[] = [],
): readonly { readonly path: readonly string[]; readonly value: unknown }[] {
  return Object.entries(document).flatMap(([key, value]) => {
    if (path.length === 0 && fixed.includes(key)) return []
    const here = [...path, key]
    // A JSON Schema is one value, whatever its keys are called.
    if (isMap(value) && Object.keys(value).length > 0 && key !== 'validate') return leaves(value, here)
    return value === null ? [] : [{ path: here, value }]
  })
}
