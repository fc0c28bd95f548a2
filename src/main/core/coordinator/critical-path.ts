import type { ServiceDefinition } from '#core/config/index.ts'
import type { NeedCondition } from '#shared/vocabulary.ts'
import type { ServiceGraph } from './planner.ts'

/** From the moment at which a service could start until it ran, was ready and was healthy. Milliseconds. */
export interface StartDurations {
  readonly started: number
  readonly ready: number
  readonly healthy: number
}

/** When a service was begun and how far it came, on the monotonic clock; null for what it did not reach. */
export interface StartMarks {
  readonly begun: number
  readonly started: number | null
  readonly ready: number | null
  readonly healthy: number | null
}

/** A chain of services, each waiting for the one before, with the share of each. Milliseconds. */
export interface StartPath {
  readonly totalMs: number
  readonly links: readonly { readonly service: string; readonly ms: number }[]
}

/**
 * The critical path of starting these services when each takes as long as told and nothing else holds it up: the chain that no
 * more processors would shorten. The graph must be free of cycles.
 */
export function expectedPath(
  graph: ServiceGraph,
  services: readonly string[],
  durations: (service: string) => StartDurations,
): StartPath {
  const members = new Set(services)
  const begins = new Map<string, { readonly at: number; readonly gate: string | null }>()
  const beginOf = (id: string): { readonly at: number; readonly gate: string | null } => {
    const known = begins.get(id)
    if (known) return known
    let found: { readonly at: number; readonly gate: string | null } = { at: 0, gate: null }
    for (const [need, condition] of needsWithin(graph.services[id], members)) {
      const at = beginOf(need).at + durations(need)[goalOf(condition)]
      if (at > found.at || found.gate === null) found = { at, gate: need }
    }
    begins.set(id, found)
    return found
  }
  const endOf = (id: string) => beginOf(id).at + durations(id).started
  const last = lastOf(services, endOf)
  if (last === undefined) return { totalMs: 0, links: [] }
  const links: { service: string; ms: number }[] = []
  let end = endOf(last)
  for (let id: string | null = last; id !== null; id = beginOf(id).gate) {
    links.unshift({ service: id, ms: end - beginOf(id).at })
    end = beginOf(id).at
  }
  return { totalMs: endOf(last), links }
}

/**
 * The chain that decided how long a start took, from what was measured in it: the service that ran last, before it the need that
 * was met last, and so on. What was begun before the start is left out. `from` is when the start was ordered.
 */
export function measuredPath(graph: ServiceGraph, marks: ReadonlyMap<string, StartMarks>, from: number): StartPath {
  const members = new Set(
    [...marks].flatMap(([id, { begun, started }]) => (begun >= from && started !== null ? [id] : [])),
  )
  const reached = (id: string, goal: keyof StartDurations) => marks.get(id)?.[goal] ?? from
  const last = lastOf([...members], (id) => reached(id, 'started'))
  if (last === undefined) return { totalMs: 0, links: [] }
  const links: { service: string; ms: number }[] = []
  let end = reached(last, 'started')
  for (let id: string | undefined = last; id !== undefined; ) {
    const gates: readonly (readonly [string, number])[] = needsWithin(graph.services[id], members).map(
      ([need, condition]) => [need, reached(need, goalOf(condition))] as const,
    )
    const gate: string | undefined = lastOf(
      gates.map(([need]) => need),
      (need) => gates.find(([other]) => other === need)?.[1] ?? from,
    )
    const begun = gates.find(([need]) => need === gate)?.[1] ?? from
    links.unshift({ service: id, ms: Math.max(0, end - begun) })
    end = begun
    id = gate
  }
  return { totalMs: reached(last, 'started') - from, links }
}

/**
 * How long the start of these services goes on from the moment at which each of them is begun, when nothing else holds anything up: its
 * own time and that of the longest chain that waits for it. Milliseconds.
 */
export function remainingPaths(
  graph: ServiceGraph,
  services: readonly string[],
  durations: (service: string) => StartDurations,
): ReadonlyMap<string, number> {
  const members = new Set(services)
  const dependents = new Map<string, (readonly [string, NeedCondition])[]>()
  for (const id of services) {
    for (const [need, condition] of needsWithin(graph.services[id], members)) {
      dependents.set(need, [...(dependents.get(need) ?? []), [id, condition]])
    }
  }
  const known = new Map<string, number>()
  const remainingOf = (id: string): number => {
    const before = known.get(id)
    if (before !== undefined) return before
    const own = durations(id)
    let longest = own.started
    for (const [dependent, condition] of dependents.get(id) ?? []) {
      longest = Math.max(longest, own[goalOf(condition)] + remainingOf(dependent))
    }
    known.set(id, longest)
    return longest
  }
  for (const id of services) remainingOf(id)
  return known
}

/** What must be reached for a need; a service that is to complete counts as started when it has. */
function goalOf(condition: NeedCondition): keyof StartDurations {
  return condition === 'completed' ? 'started' : condition
}

function needsWithin(
  service: ServiceDefinition | undefined,
  members: ReadonlySet<string>,
): readonly (readonly [string, NeedCondition])[] {
  return Object.entries(service?.needs ?? {}).filter(([need]) => members.has(need))
}

/** The latest; of equals the first by name, so that the answer does not depend on an order of keys. */
function lastOf(services: readonly string[], when: (service: string) => number): string | undefined {
  let found: string | undefined
  for (const id of services.toSorted()) if (found === undefined || when(id) > when(found)) found = id
  return found
}
