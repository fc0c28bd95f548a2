import type { Evidence } from '#shared/contract/diagnostics.ts'
import type { Fix, ServiceView } from '#shared/contract/state.ts'
import { drillBehind, drillWords } from './drill-behind.ts'
import { episodeOf } from './episode.ts'
import { historyOf, type WhyFacts } from './facts.ts'
import { distinctFixes, eventsEvidence, type Finding, goTo, stateEvidence } from './finding.ts'
import { faultOf, serviceEvidence, stateWords } from './service-fault.ts'
import { isTroubled, type PathStep, pathOf, type ServicePath } from './service-path.ts'
import { siteBlock } from './site-block.ts'
import { blockingDependency, cannotCallWords, dependencyFault } from './why-dependency.ts'
import { bare, counted, sentenceClock, times } from './words.ts'

/** Why a service is as it is. */
export function whyService(id: string, facts: WhyFacts): Finding {
  const subject = `service:${id}`
  const view = facts.shown.services[id]
  if (!view) return notThere(id, facts)
  const trouble = isTroubled(view) ? troubleOf(id, facts) : null
  if (!trouble) return well(view, facts)
  return { subject, title: view.title, health: view.health, ...trouble }
}

/** The trouble of a service, told from it down to its root; others that depend on it tell it in their own sentence. */
export interface Trouble {
  readonly sentence: string
  readonly root: string
  readonly evidence: readonly Evidence[]
  readonly fixes: readonly Fix[]
}

/** Walks down from a service that is not well. */
export function troubleOf(id: string, facts: WhyFacts): Trouble {
  const path = pathOf(id, facts)
  const root = path.steps.at(-1)
  const states = path.steps.flatMap(({ view }) => (view ? [serviceEvidence(view)] : []))
  if (path.circle) return circle(path.circle, states)
  if (!root?.view) return missing(path, states)
  const clock = sentenceClock(facts.zone, facts.now)
  const blocking = blockingDependency(root.view, facts.shown)
  const fault = blocking ? dependencyFault(blocking, facts) : faultOf(root.view, facts, clock)
  const [first] = path.steps
  const caller = path.steps.length === 1 ? 'it' : root.id
  const hops = [...path.steps.slice(1).map(hopWords), ...(blocking ? [cannotCallWords(caller, blocking, clock)] : [])]
  const opening = first?.view && hops.length > 0 ? `${stateWords(first.view)} because ${joined(hops)}: ` : ''
  return {
    sentence: `${opening}${fault.clause}.`,
    root: blocking ? `dependency:${blocking.id}` : `service:${root.id}`,
    evidence: [...states, ...fault.evidence],
    fixes: distinctFixes(fault.fixes),
  }
}

/** "api is not healthy"; what is met and unwell all the same is called by its state. */
function hopWords({ id, view, need }: PathStep): string {
  if (!need) return id
  if (need.met && view) return stateWords(view)
  switch (need.condition) {
    case 'started':
      return `${id} does not run`
    case 'ready':
      return `${id} is not ready`
    case 'healthy':
      return `${id} is not healthy`
    case 'completed':
      return `${id} has not run to its end`
  }
}

function joined(hops: readonly string[]): string {
  const [first = '', ...more] = hops
  if (more.length === 0) return first
  const last = more.at(-1) ?? ''
  const between = more.length - 1
  const steps = between > 0 ? `, by way of ${counted(between, 'more service')},` : ''
  return `${first}, and that${steps} because ${last}`
}

function circle(ids: readonly string[], states: readonly Evidence[]): Trouble {
  const [first = ''] = ids
  const ring = ids.length > 2 ? `${ids.slice(0, -1).join(' needs ')} needs ${first}` : `${first} needs itself`
  return {
    sentence: `${states[0]?.subject.slice('service:'.length) ?? first} cannot start because services need each other in a circle: ${ring}. Take one of these needs out of site.yaml.`,
    root: `service:${first}`,
    evidence: states,
    fixes: [goTo('See site.yaml', '/settings')],
  }
}

function missing({ steps }: ServicePath, states: readonly Evidence[]): Trouble {
  const gone = steps.at(-1)?.id ?? ''
  const above = steps.at(-2)
  const [first] = steps
  const opening = first?.view && steps.length > 2 ? `${stateWords(first.view)} because ` : ''
  return {
    sentence: `${opening}${above?.id ?? ''} waits for ${gone}, which this site does not have.`,
    root: `service:${gone}`,
    evidence: states,
    fixes: [{ label: 'Read site.yaml again', action: { type: 'reload-config' } }, goTo('See site.yaml', '/settings')],
  }
}

/** How long ago trouble still belongs to the answer. Milliseconds. */
const recentMs = 3_600_000

function well(view: ServiceView, facts: WhyFacts): Finding {
  const { id, title, health, since, state } = view
  const clock = sentenceClock(facts.zone, facts.now)
  const history = historyOf(facts, `service:${id}`)
  const exits = history.filter(({ kind, at }) => kind === 'service.exited' && facts.now - at < recentMs)
  const [lastExit] = exits
  const drill = lastExit && drillBehind([lastExit], history)
  const inDrill = drill ? `: ${drillWords(drill, facts)}` : ''
  const before = lastExit ? `, after it exited ${times(exits.length)}, last ${clock.when(lastExit.at)}${inDrill}` : ''
  const passing = view.probes.filter(({ passing: passes }) => passes === true).length
  const probes =
    passing === 0
      ? ''
      : `, ${passing === 1 ? 'its probe passes' : `${passing === view.probes.length ? 'all ' : ''}${passing} probes pass`}`
  const sentence =
    state === 'completed'
      ? `Nothing is wrong with ${id}: it ran to its end as it should ${clock.when(since)}.`
      : `Nothing is wrong with ${id}: it is healthy since ${clock.at(since)}${before}${probes}.`
  return {
    subject: `service:${id}`,
    title,
    health,
    sentence,
    root: `service:${id}`,
    evidence: [
      serviceEvidence(view),
      ...view.probes
        .filter(({ passing: passes }) => passes === true)
        .map(({ name, what, answer, at }) => ({
          what: 'probe' as const,
          subject: `service:${id}`,
          sentence: `The ${name} check (${what}) passes: ${bare(answer)}.`,
          at,
          event: null,
          page: `/services/${id}`,
        })),
      ...eventsEvidence(lastExit ? [lastExit] : []),
    ],
    fixes: [],
  }
}

/** A service that the console knows nothing of now: the site was not loaded, or it was taken out of site.yaml. */
function notThere(id: string, facts: WhyFacts): Finding {
  const subject = `service:${id}`
  const block = siteBlock(facts)
  if (block) {
    return {
      subject,
      title: id,
      health: 'unknown',
      sentence: `${id} does not run because ${block.clause}.`,
      root: 'site',
      evidence: block.evidence,
      fixes: block.fixes,
    }
  }
  const history = historyOf(facts, subject)
  const [last] = history
  const clock = sentenceClock(facts.zone, facts.now)
  const { began } = episodeOf(history)
  return {
    subject,
    title: id,
    health: 'unknown',
    sentence: `${id} is not a service of this site any more: it was taken out of site.yaml${last ? `, and was last heard of ${clock.when(last.at)}` : ''}.`,
    root: subject,
    evidence: [
      stateEvidence('site', 'site.yaml, as it is in use, does not name it.', {
        at: facts.shown.site.site?.config.loadedAt ?? null,
      }),
      ...eventsEvidence([...(last ? [last] : []), ...(began && began !== last ? [began] : [])]),
    ],
    fixes: [{ label: 'Read site.yaml again', action: { type: 'reload-config' } }],
  }
}
