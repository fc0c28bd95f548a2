import type { SiteDefinition } from '#core/config/index.ts'
import type { LeftOut } from '#shared/environment.ts'
import { nearest } from '#shared/nearest.ts'
import { ConsoleError } from '#shared/problem.ts'
import { allDependents, type ServiceGraph, startSet } from './planner.ts'

/** Which services a start of the console is for, as its command line says. */
export interface ServiceChoice {
  /** These with what they need, and no others; empty: all. */
  readonly only: readonly string[]
  /** Not these, nor what needs them. */
  readonly without: readonly string[]
  /** Those that are left out for another reason than the command line, with what needs them. */
  readonly also?: (graph: ServiceGraph) => readonly LeftOut[]
}

/**
 * Throws why a choice cannot be made in this site: `service-unknown` with the nearest id, or `choice-contradicts` when a service that was
 * asked for needs one that was left out.
 */
export function assertChoice(graph: ServiceGraph, { only, without }: ServiceChoice): void {
  const ids = Object.keys(graph.services)
  for (const [option, named] of [...only.map((id) => ['--only', id]), ...without.map((id) => ['--without', id])]) {
    if (named !== undefined && !ids.includes(named)) throw unknown(`${option}`, named, ids)
  }
  for (const id of without) {
    const asked = only.find((each) => startSet(graph, [each]).includes(id))
    if (asked === undefined) continue
    const needs = asked === id ? 'is itself left out' : `needs ${id}, which is left out`
    throw new ConsoleError(
      'choice-contradicts',
      `${asked} was asked for with --only, and ${needs} with --without.`,
      `Take --without ${id} away, or ask for other services.`,
      { params: { only: [...only], without: [...without] } },
    )
  }
}

/** What a choice leaves out, each with the reason. Ids that the site does not have (any more) are passed over. */
export function leftOutBy(graph: ServiceGraph, choice: ServiceChoice): readonly LeftOut[] {
  const has = (id: string) => Object.hasOwn(graph.services, id)
  const out = new Map<string, string>()
  const only = choice.only.filter(has)
  if (only.length > 0) {
    const kept = startSet(graph, only)
    const others = Object.keys(graph.services).filter((id) => !kept.includes(id))
    for (const id of others) out.set(id, `The console was started with --only ${only.join(' --only ')}.`)
  }
  for (const named of choice.without.filter(has)) {
    out.set(named, `The console was started with --without ${named}.`)
    for (const id of allDependents(graph, named)) {
      if (!choice.without.includes(id))
        out.set(id, `It needs ${named}, and the console was started with --without ${named}.`)
    }
  }
  for (const { service, why } of choice.also?.(graph) ?? []) {
    out.set(service, why)
    for (const id of allDependents(graph, service))
      if (!out.has(id)) out.set(id, `It needs ${service}, which is left out.`)
  }
  return [...out].map(([service, why]) => ({ service, why })).sort((a, b) => (a.service < b.service ? -1 : 1))
}

/** The definition as the parts work by it: what is left out is switched off, what was asked for by name is switched on. */
export function withChoice(definition: SiteDefinition, choice: ServiceChoice): SiteDefinition {
  const out = new Set(leftOutBy(definition, choice).map(({ service }) => service))
  const only = choice.only.length === 0 ? [] : choice.only
  if (out.size === 0 && only.length === 0) return definition
  const services = Object.entries(definition.services).map(([id, service]) => [
    id,
    { ...service, enabled: !out.has(id) && (service.enabled || only.includes(id)) },
  ])
  return { ...definition, services: Object.fromEntries(services) }
}

function unknown(option: string, named: string, ids: readonly string[]): ConsoleError {
  const near = nearest(named, ids)
  return new ConsoleError(
    'service-unknown',
    `${option} names ${named}, and this site has no such service.${near === undefined ? '' : ` Did you mean ${near}?`}`,
    `Its services are ${[...ids].sort().join(', ') || 'none'}.`,
    { params: { service: named } },
  )
}
