import type { ServiceView } from '#shared/contract/state.ts'
import { episodeOf } from './episode.ts'
import { historyOf, type ShownFacts, type WhyFacts } from './facts.ts'

/** One step down: a service, and how the one above needs it. */
export interface PathStep {
  readonly id: string
  /** Undefined when the site has no such service. */
  readonly view: ServiceView | undefined
  /** How the service above needs it; null for the first. */
  readonly need: ServiceView['needs'][number] | null
}

/** From a service down to the first failing thing. */
export interface ServicePath {
  /** The service asked for first, the root last; one step when nothing is behind it. */
  readonly steps: readonly PathStep[]
  /** Set when the needs lead back to a service of the path: they wait for each other. */
  readonly circle: readonly string[] | null
}

/** Whether a service is not as it is wanted. What nobody wants running is in nobody's way. */
export function isTroubled(view: ServiceView): boolean {
  switch (view.state) {
    case 'completed':
      return false
    case 'running':
    case 'external':
      return view.health !== 'healthy'
    default:
      return true
  }
}

/**
 * Walks from a service through the needs that are unmet or not well. Of several ways down it takes the longest, and of equally
 * long ones that whose end has been in trouble for longest: that is what failed first.
 */
export function pathOf(id: string, facts: WhyFacts): ServicePath {
  return longest(walk({ id, view: facts.shown.services[id], need: null }, [], facts), facts)
}

/** Every service that the walk may come by, from the shown state alone: what facts are fetched for. */
export function servicesBehind(ids: readonly string[], shown: ShownFacts, most: number): readonly string[] {
  const found = new Set<string>()
  const visit = (id: string) => {
    if (found.has(id) || found.size >= most) return
    found.add(id)
    const view = shown.services[id]
    if (view) for (const need of needsInTrouble(view, shown)) visit(need.service)
  }
  for (const id of ids) visit(id)
  return [...found]
}

/** The needs that keep a service from being well: unmet, or not well themselves. */
export function needsInTrouble(view: ServiceView, shown: ShownFacts): ServiceView['needs'] {
  // What was stopped on purpose does not wait for anything; what is well lacks nothing.
  if (!isTroubled(view) || (view.state === 'stopped' && !view.wanted)) return []
  return view.needs.filter(({ service, met }) => {
    const need = shown.services[service]
    return !met || !need || isTroubled(need)
  })
}

/** Most ways that are followed: a site has tens of services, and the answer needs one way only. */
const mostWays = 500

function walk(step: PathStep, above: readonly PathStep[], facts: WhyFacts): readonly ServicePath[] {
  const steps = [...above, step]
  const repeated = above.findIndex(({ id }) => id === step.id)
  if (repeated >= 0) return [{ steps: above, circle: steps.slice(repeated).map(({ id }) => id) }]
  const needs = step.view ? causingNeeds(step.view, facts) : []
  if (needs.length === 0) return [{ steps, circle: null }]
  const ways: ServicePath[] = []
  for (const need of needs) {
    if (ways.length >= mostWays) break
    ways.push(...walk({ id: need.service, view: facts.shown.services[need.service], need }, steps, facts))
  }
  return ways
}

/** How much later than its consequence a need's trouble may have been noticed: probes have their own intervals. Milliseconds. */
const noticedMs = 30_000

/** The needs that explain a service's trouble. One that went wrong by itself is not explained by what went wrong later. */
function causingNeeds(view: ServiceView, facts: WhyFacts): ServiceView['needs'] {
  const needs = needsInTrouble(view, facts.shown)
  const ownTrouble = view.health === 'unhealthy' || view.health === 'degraded'
  if (!ownTrouble) return needs
  const began = troubleBegan({ id: view.id, view, need: null }, facts)
  return needs.filter((need) => {
    const other = { id: need.service, view: facts.shown.services[need.service], need }
    return troubleBegan(other, facts) <= began + noticedMs
  })
}

function longest(ways: readonly ServicePath[], facts: WhyFacts): ServicePath {
  const [best = { steps: [], circle: null }] = ways.toSorted(
    (a, b) =>
      blame(b) - blame(a) ||
      b.steps.length - a.steps.length ||
      troubleBegan(a.steps.at(-1), facts) - troubleBegan(b.steps.at(-1), facts),
  )
  return best
}

/** A need that is merely on its way explains less than one that has failed, is stopped, or does not exist. */
function blame({ steps, circle }: ServicePath): number {
  const root = steps.at(-1)?.view
  if (circle || !root) return 2
  const onItsWay =
    root.state === 'starting' || (root.health === 'unknown' && (root.state === 'running' || root.state === 'external'))
  return onItsWay ? 1 : 2
}

/** Wall-clock time since when a service is in trouble. */
export function troubleBegan(step: PathStep | undefined, facts: WhyFacts): number {
  if (!step?.view) return 0
  const began = episodeOf(historyOf(facts, `service:${step.id}`)).began?.at
  return Math.min(step.view.since, began ?? step.view.since)
}
