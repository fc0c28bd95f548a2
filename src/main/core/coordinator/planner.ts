import type { SiteDefinition } from '#core/config/index.ts'
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
  return problemsOf(graph, needsIn(graph))
}

function problemsOf(graph: ServiceGraph, needs: Links): readonly GraphProblem[] {
  const problems: GraphProblem[] = []
  for (const service of Object.values(graph.services)) {
    for (const need of Object.keys(service.needs).sort()) {
      if (!Object.hasOwn(graph.services, need)) problems.push({ problem: 'missing-need', service: service.id, need })
    }
  }
  return [...problems, ...cycles(needs).map((path) => ({ problem: 'cycle', path }) as const)]
}

/** Throws the ConsoleError (`services-cycle`, `need-missing`) for the first problem of the graph. */
export function assertPlannable(graph: ServiceGraph): void {
  plannable(graph, needsIn(graph))
}

function plannable(graph: ServiceGraph, needs: Links): void {
  const [first] = problemsOf(graph, needs)
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
  return wavesOf(graph, needsIn(graph))
}

function wavesOf(graph: ServiceGraph, needs: Links): readonly (readonly string[])[] {
  plannable(graph, needs)
  const depths = new Map<string, number>()
  const depthOf = (id: string): number => {
    const known = depths.get(id)
    if (known !== undefined) return known
    let depth = 0
    for (const need of needs.get(id) ?? []) depth = Math.max(depth, 1 + depthOf(need))
    depths.set(id, depth)
    return depth
  }
  const waves: string[][] = []
  for (const id of needs.keys()) {
    const depth = depthOf(id)
    waves[depth] ??= []
    waves[depth].push(id)
  }
  return waves
}

/** The services and everything that they need, directly or not, in the order in which they start. */
export function startSet(graph: ServiceGraph, services: readonly string[]): readonly string[] {
  const needs = needsIn(graph)
  return inOrder(
    wavesOf(graph, needs),
    closure(services, (id) => needs.get(id) ?? []),
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
  const needs = needsIn(graph)
  const dependents = Map.groupBy(
    [...needs].flatMap(([id, each]) => each.map((need) => ({ need, id }))),
    ({ need }) => need,
  )
  return inOrder(
    wavesOf(graph, needs),
    closure(services, (id) => (dependents.get(id) ?? []).map((each) => each.id)),
  ).toReversed()
}

/** The services that are restarted after this one, directly or not, itself left out, in the order in which they start. */
export function followSet(graph: ServiceGraph, id: string): readonly string[] {
  const followers = (need: string) =>
    Object.values(graph.services).flatMap((service) => (service.follows.includes(need) ? [service.id] : []))
  return inOrder(planWaves(graph), closure([id], followers)).filter((other) => other !== id)
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

function inOrder(waves: readonly (readonly string[])[], ids: ReadonlySet<string>): readonly string[] {
  return waves.flat().filter((id) => ids.has(id))
}

function closure(from: readonly string[], next: (id: string) => readonly string[]): ReadonlySet<string> {
  const found = new Set(from)
  for (const id of found) for (const other of next(id)) found.add(other) // a set's iteration meets what is added on the way
  return found
}

/** What each service needs of those that exist, sorted; services in the order of their ids. */
type Links = ReadonlyMap<string, readonly string[]>

function needsIn({ services }: ServiceGraph): Links {
  return new Map(
    Object.keys(services)
      .sort()
      .map((id) => {
        const needs = Object.keys(services[id]?.needs ?? {})
        return [id, needs.filter((need) => Object.hasOwn(services, need)).sort()]
      }),
  )
}

/** Depth first; what was already found to be free of cycles is not walked again. */
function cycles(needs: Links): readonly (readonly string[])[] {
  const done = new Set<string>()
  const found: (readonly string[])[] = []
  const way: string[] = []
  const onWay = new Set<string>()
  const visit = (id: string): void => {
    if (onWay.has(id)) {
      found.push([...way.slice(way.indexOf(id)), id])
      return
    }
    if (done.has(id)) return
    way.push(id)
    onWay.add(id)
    for (const need of needs.get(id) ?? []) visit(need)
    way.pop()
    onWay.delete(id)
    done.add(id)
  }
  for (const id of needs.keys()) visit(id)
  return found
}
