import { ConsoleError } from '#shared/problem.ts'
import { isHeaderText } from './dependency-rules.ts'
import { replaceReferences } from './references.ts'
import type { Secrets } from './secrets.ts'
import type { DependencyDefinition, SiteDefinition, Variables } from './types.ts'
import { resolvePorts } from './variables.ts'

/** The address of a dependency without a final slash. Of references only ports of services stand in it. */
export function resolveDependencyUrl(
  { id, url }: DependencyDefinition,
  definition: SiteDefinition,
  variables: Variables,
): string {
  const text = replaceReferences(url, ({ name, target }) => {
    const service = target.to === 'port' ? definition.services[target.service] : undefined
    const port = service && target.to === 'port' ? resolvePorts(service, variables)[target.port] : undefined
    if (port !== undefined) return String(port)
    throw unknownVariable(id, name)
  })
  return new URL(text).href.replace(/\/$/, '')
}

/**
 * Headers that the console adds to calls of a dependency, names in lower case, with their secrets. Never to be shown or logged. Throws what
 * the secret source throws.
 */
export function resolveDependencyHeaders(
  { id, headers }: DependencyDefinition,
  secrets: Secrets,
): Readonly<Record<string, string>> {
  const filled = Object.entries(headers).map(([name, text]) => {
    const value = replaceReferences(text, (reference) => {
      if (reference.target.to === 'secret') return secrets(reference.target.secret)
      throw unknownVariable(id, reference.name)
    })
    if (!isHeaderText(value)) throw unusableHeader(id, name)
    return [name.toLowerCase(), value]
  })
  return Object.fromEntries(filled)
}

function unusableHeader(id: string, name: string): ConsoleError {
  return new ConsoleError(
    'header-bad',
    `Dependency ${id} cannot be called: the secret in its header ${name} holds a line break or another character that may not stand in a header.`,
    'Put the secret right in secrets.json, often by taking a line break from its end, then reload site.yaml.',
    { params: { dependency: id, header: name } },
  )
}

function unknownVariable(id: string, name: string): ConsoleError {
  return new ConsoleError(
    'variable-unknown',
    `Dependency ${id} uses \${${name}}, which refers to nothing.`,
    'Correct the name in site.yaml: there is ${services.ID.ports.NAME} in `url`, and ${secrets.NAME} in `headers`.',
    { params: { dependency: id, variable: name } },
  )
}
