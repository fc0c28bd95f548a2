import type { ServiceDefinition, SiteDefinition } from '#core/config/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { PhasePlan } from './types.ts'

/** The part of a site that plans are made from. */
export type ServiceGraph = Pick<SiteDefinition, 'services'>

/** What is wrong with a graph, so that nothing can be planned. */
export type GraphProblem =
  | {
      readonly problem: 'cycle' /** The way round, first service repeated at the end. */
      readonly path: readonly string[]
    }
  | { readonly problem: 'missing-need'; readonly service: string; readonly need: string }

/** Everything wrong with the graph: needs that do not exist, then cycles, each cycle once. */
export function graphProblems(graph: ServiceGraph): readonly GraphProblem[] {
  const problems: GraphProblem[] = []
  for (const service of Object.values(graph.services)) {
    for (const need of needsOf(service)) {
      if (!Object.hasOwn(graph.services, need)) problems.push({ problem: 'missing-need', service: service.id, need })
    }
  }
  return [...problems, ...cycles(graph).map((path) => ({ problem: 'cycle', path }) as const)]
}

/** Throws the ConsoleError (`services-cycle`, `need-missing`) for the first problem of the graph. */
export function assertPlannable(graph: ServiceGraph): void {
  const [first] = graphProblems(graph)
  if (!first) return
  if (first.problem === 'cycle') {
    const way = first.path.join(' → ')
    throw new ConsoleError(
      'services-cycle',
      `The services need each other in a circle, so none of them can be first: ${way}.`,
      'Remove one of these needs in site.yaml.',
      { params: { path: [...first.path] } },
    )
  }
  throw new ConsoleError(
    'need-missing',
    `Service ${first.service} needs ${first.need}, which does not exist.`,
    `Correct \`needs\` of ${first.service} in site.yaml, or define ${first.need}.`,
    { params: { service: first.service, need: first.need } },
  )
}

/** Services in waves: each wave needs only earlier ones, and is as early as can be. Ids in a wave are sorted. */
export function planWaves(graph: ServiceGraph): readonly (readonly string[])[] {
  assertPlannable(graph)
  const depths = new Map<string, number>()
  const depthOf = (id: string): number => {
    const known = depths.get(id)
    if (known !== undefined) return known
    const needs = knownNeeds(graph, id)
    const depth = needs.length === 0 ? 0 : 1 + Math.max(...needs.map(depthOf))
    depths.set(id, depth)
    return depth
  }
  const waves: string[][] = []
  for (const id of Object.keys(graph.services).sort()) {
    const depth = depthOf(id)
    waves[depth] ??= []
    waves[depth].push(id)
  }
  return waves
}

/** The services and everything that they need, directly or not, in the order in which they start. */
export function startSet(graph: ServiceGraph, services: readonly string[]): readonly string[] {
  return inOrder(
    graph,
    closure(services, (id) => knownNeeds(graph, id)),
  )
}

/** These services under the headings of the site, in its order; those without one come last. */
export function inPhases(
  { services, phases }: Pick<SiteDefinition, 'services' | 'phases'>,
  ids: readonly string[],
): readonly PhasePlan[] {
  const under = (phase: string | null) => ids.filter((id) => (services[id]?.phase ?? null) === phase)
  const named = phases.map(({ id, title }) => ({ id, title, services: under(id) }))
  const others = {
    id: 'no-phase',
    title: named.some((each) => each.services.length > 0) ? 'Other services' : 'Services',
    services: under(null),
  }
  return [...named, others].filter((each) => each.services.length > 0)
}

/** The services and everything that needs them, directly or not, in the order in which they stop. */
export function stopSet(graph: ServiceGraph, services: readonly string[]): readonly string[] {
  return inOrder(
    graph,
    closure(services, (id) => dependentsOf(graph, id)),
  ).toReversed()
}

/** The services that are restarted after this one, directly or not, itself left out, in the order in which they start. */
export function followSet(graph: ServiceGraph, id: string): readonly string[] {
  const followers = (need: string) =>
    Object.values(graph.services).flatMap((service) => (service.follows.includes(need) ? [service.id] : []))
  return inOrder(graph, closure([id], followers)).filter((other) => other !== id)
}

/** The services that name this one among their needs, sorted. */
export function dependentsOf(graph: ServiceGraph, id: string): readonly string[] {
  return Object.values(graph.services)
    .filter((service) => Object.hasOwn(service.needs, id))
    .map((service) => service.id)
    .sort()
}

/** Everything that needs this service, directly or not, itself left out, in the order in which they stop. */
export function allDependents(graph: ServiceGraph, id: string): readonly string[] {
  return stopSet(graph, [id]).filter((other) => other !== id)
}

function inOrder(graph: ServiceGraph, ids: ReadonlySet<string>): readonly string[] {
  return planWaves(graph)
    .flat()
    .filter((id) => ids.has(id))
}

function closure(from: readonly string[], next: (id: string) => readonly string[]): ReadonlySet<string> {
  const found = new Set(from)
  for (const id of found) for (const other of next(id)) found.add(other) // a set's iteration meets what is added on the way
  return found
}

function needsOf(service: ServiceDefinition): readonly string[] {
  return Object.keys(service.needs).sort()
}

function knownNeeds(graph: ServiceGraph, id: string): readonly string[] {
  const service = graph.services[id]
  return service ? needsOf(service).filter((need) => Object.hasOwn(graph.services, need)) : []
}

/** Depth first, without recursion into what was already found to be free of cycles. */
function cycles(graph: ServiceGraph): readonly (readonly string[])[] {
  const done = new Set<string>()
  const found: (readonly string[])[] = []
  const visit = (id: string, way: readonly string[]): void => {
    const at = way.indexOf(id)
    if (at >= 0) {
      found.push([...way.slice(at), id])
      return
    }
    if (done.has(id)) return
    for (const need of knownNeeds(graph, id)) visit(need, [...way, id])
    done.add(id)
  }
  for (const id of Object.keys(graph.services).sort()) visit(id, [])
  return found
}
