import { readFile, realpath, stat } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import {
  type DependencyDefinition,
  largestFallback,
  resolveDependencyHeaders,
  resolveDependencyUrl,
  type Secrets,
  type SiteDefinition,
  variablesOf,
} from '#core/config/index.ts'
import type { FallbackAnswer } from '#core/proxy/index.ts'
import type { ProxyPlan } from './protocol.ts'

export type Planned = Omit<ProxyPlan, 'records'>

export interface PlanParts {
  readonly directory: string
  readonly release: string
  readonly secrets: Secrets
  readonly token: (service: string) => string
}

/** What the proxy is to do for a definition, with references and secrets filled in. Never to be shown or logged. */
export async function planOf(definition: SiteDefinition, parts: PlanParts): Promise<Planned> {
  const variables = variablesOf(parts.directory, parts.release)
  const targets: Planned['targets'][number][] = []
  const unusable: Record<string, string> = {}
  for (const dependency of Object.values(definition.dependencies)) {
    try {
      targets.push({
        ...dependency,
        url: resolveDependencyUrl(dependency, definition, variables),
        headers: resolveDependencyHeaders(dependency, parts.secrets),
        fallback: await answerOf(dependency.fallback, parts.release),
        perCaller: placesOfOne(dependency.concurrency, usersOf(definition, dependency.id).length),
      })
    } catch (error) {
      unusable[dependency.id] = error instanceof Error ? error.message : String(error)
    }
  }
  const grants = Object.values(definition.services).flatMap(({ id, uses }) => {
    const dependencies = Object.keys(uses)
    return dependencies.length === 0 ? [] : [{ service: id, token: parts.token(id), dependencies }]
  })
  return { targets, unusable, grants }
}

/** Of the places of a dependency that several services use, one of them may take three quarters; of few, all but one. */
function placesOfOne(places: number, users: number): number {
  return users < 2 || places < 2 ? places : places - Math.max(1, Math.floor(places / 4))
}

/** The services that use a dependency. */
export function usersOf(definition: SiteDefinition, id: string) {
  return Object.values(definition.services).flatMap((service) => {
    const use = service.uses[id]
    return use === undefined ? [] : [{ service: service.id, required: use === 'required' }]
  })
}

async function answerOf(fallback: DependencyDefinition['fallback'], release: string): Promise<FallbackAnswer | null> {
  if (fallback === null) return null
  const { status, type, from } = fallback
  if ('body' in from) return { status, type, body: Buffer.from(from.body) }
  const file = await realpath(resolve(release, from.file))
  if (!file.startsWith(join(await realpath(release), sep)))
    throw new Error(`The fallback ${from.file} lies outside the release.`)
  // A site whose files alone are wrong is used all the same: reading a pipe would never end, and a huge file fill the memory.
  const found = await stat(file)
  if (!found.isFile() || found.size > largestFallback)
    throw new Error(`The fallback ${from.file} is no plain file of at most 1 MB.`)
  return { status, type, body: await readFile(file) }
}
