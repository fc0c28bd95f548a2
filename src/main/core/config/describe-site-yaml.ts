import { type Outline, siteOutline } from './schema-outline.ts'

/** The reference of site.yaml as Markdown, made from the schema: `docs/site-yaml.md` is exactly this. */
export function describeSiteYaml(): string {
  return `${[introduction, ...sectionsOf(siteOutline(), [])].join('\n\n')}\n`
}

const introduction = `# site.yaml

What a site is: its services, its message routes, its backups. This page is made from the schema that checks the file
(\`src/main/core/config/site-schema.ts\`).

- **Ids** (of services, routes, ports, profiles) start with a lowercase letter and go on with lowercase letters, digits and hyphens.
- **Durations** are \`500ms\`, \`10s\`, \`5m\`, \`2h\`, \`1d\`.
- **Paths** resolve against the release (what \`current\` leads to, else the site folder) and stay in the site folder.
- \`\${ports.NAME}\`, \`\${services.ID.ports.NAME}\`, \`\${data}\`, \`\${logs}\`, \`\${release}\` and \`\${site}\` stand for values in \`run\`, \`cwd\`, \`env\`,
  probes and \`pages\`, \`\${settings.NAME}\` for the site’s own values in all of a service, a dependency or a check; \`\${secrets.NAME}\` in \`env\` only. \`$\${x}\` is the text \`\${x}\`.
- A **profile** is merged over the file: maps deep, lists replaced.
- An unknown key is an error. Keys marked _later_ are accepted, but this version does not act on them.`

/** The map at a path, then the maps in it, each in a section of its own. */
function sectionsOf(outline: Outline, path: readonly string[]): string[] {
  const entries = Object.entries(outline.properties ?? {})
  const rows = entries.map(([key, inner]) => row(key, inner, outline.required?.includes(key) ?? false))
  const table = ['| key | what | type | default |', '| --- | --- | --- | --- |', ...rows].join('\n')
  const title = path.length === 0 ? '## The file' : `## \`${path.join('.')}\``
  const about = path.length > 0 && outline.description ? `${outline.description}\n\n` : ''
  const deeper = entries.flatMap(([key, inner]) => {
    const item = itemOf(inner)
    if (inner.properties && Object.keys(inner.properties).length > 0) return sectionsOf(inner, [...path, key])
    if (item?.properties && !inner.later) return sectionsOf(item, [...path, inner.items ? `${key}[]` : `${key}.<id>`])
    return []
  })
  return [`${title}\n\n${about}${table}`, ...deeper]
}

function row(key: string, outline: Outline, required: boolean): string {
  const what = `${outline.later ? '_Later._ ' : ''}${outline.description ?? ''}`
  return `| \`${key}\` | ${escaped(what)} | ${escaped(typeOf(outline))} | ${required ? 'must be given' : defaultOf(outline)} |`
}

function typeOf(outline: Outline): string {
  if (outline.words) return outline.words
  if (outline.const !== undefined) return String(outline.const)
  if (outline.enum) return outline.enum.map((value) => `\`${value}\``).join(', ')
  if (outline.type === 'object') return 'map'
  if (outline.type === 'array') return 'list'
  if (outline.type === 'integer') return `${outline.minimum} to ${outline.maximum}`
  if (outline.type === 'string') return 'text'
  return outline.type ?? '`on` or `off`'
}

function defaultOf({ default: value, properties }: Outline): string {
  if (value === undefined || properties) return ''
  if (typeof value === 'object') return 'none'
  if (typeof value === 'boolean') return value ? '`on`' : '`off`'
  return `\`${value}\``
}

function itemOf(outline: Outline): Outline | undefined {
  if (outline.items) return outline.items
  return typeof outline.additionalProperties === 'object' ? outline.additionalProperties : undefined
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|')
}
