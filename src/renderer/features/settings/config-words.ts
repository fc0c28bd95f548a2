import type { ConfigSource, ConfigValueView } from '#shared/contract/index.ts'

/** Sources as they are chosen from, the one that wins last. */
export const sourceWords: Readonly<Record<ConfigSource, string>> = {
  default: 'default',
  'site-file': 'site.yaml',
  include: 'included file',
  profile: 'profile',
  environment: 'environment',
  http: 'HTTP source',
  database: 'database',
  override: 'set here',
}

/** A value in one line. */
export function valueWords({ value, hidden }: Pick<ConfigValueView, 'value' | 'hidden'>): string {
  if (hidden) return 'hidden'
  return typeof value === 'string' ? value : JSON.stringify(value ?? null)
}

/** Where a value comes from: its layer, and the line there. */
export function placeWords({ kind, source, file, line }: ConfigValueView): string {
  if (kind === 'environment') return file?.replace('environment variable ', '') ?? source
  if (kind === 'override') return 'set here'
  return line === null ? source : `${source}:${line}`
}

/** The values that hold all of the words, in path, value or source. */
export function matching(
  values: readonly ConfigValueView[],
  words: string,
  source: ConfigSource | null,
): readonly ConfigValueView[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  return values.filter((value) => {
    if (source !== null && value.kind !== source) return false
    const text = `${value.path} ${valueWords(value)} ${placeWords(value)}`.toLowerCase()
    return wanted.every((word) => text.includes(word))
  })
}

/** Whether a value can only be changed in site.yaml: it says what the file is, or is read before what was set is known. */
export function isFixed(path: string): boolean {
  return /^(wheelhouse|site|name|include|sources|backup\.folder|backup\.target)(\.|\[|$)/.test(path)
}
