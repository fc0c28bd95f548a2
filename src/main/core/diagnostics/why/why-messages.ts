import type { RouteView } from '#shared/contract/state.ts'
import type { Health } from '#shared/vocabulary.ts'
import { chainOf, historyOf, type WhyFacts } from './facts.ts'
import { cardEvidence, cardsOf, distinctFixes, eventsEvidence, type Finding, goTo, stateEvidence } from './finding.ts'
import { isTroubled } from './service-path.ts'
import { siteBlock } from './site-block.ts'
import { stageEnd } from './stage-end.ts'
import { type Trouble, troubleOf } from './why-service.ts'
import { bare, counted, inside, sentenceClock } from './words.ts'

/** Why the broker and the router are as they are. */
export function whyBroker(facts: WhyFacts): Finding {
  const { traffic } = facts.shown.traffic
  const title = 'MQTT broker and router'
  const absent = absence(facts)
  if (absent) return { subject: 'broker', title, ...absent }
  const state = traffic
    ? `The broker is ${traffic.broker.state}${traffic.broker.address ? ` at ${traffic.broker.address}` : ''}, the router ${traffic.router}.`
    : 'Nothing is known of the broker yet.'
  const well = traffic?.router === 'connected'
  const clients = traffic?.broker.state === 'running' ? `, with ${counted(traffic.broker.clients, 'client')}` : ''
  return {
    subject: 'broker',
    title,
    health: well ? 'healthy' : 'unknown',
    sentence: well
      ? `Nothing is wrong with the broker: the router is connected to it${traffic.broker.address ? ` at ${traffic.broker.address}` : ''}${clients}.`
      : 'Nothing is known of the broker yet.',
    root: 'broker',
    evidence: [
      stateEvidence('broker', state, { at: traffic?.at ?? null }),
      ...eventsEvidence(historyOf(facts, 'router').slice(0, 1)),
    ],
    fixes: [],
  }
}

/** Why nothing can be routed; null while the router has its broker. */
function absence(facts: WhyFacts): (Trouble & { readonly health: Health }) | null {
  const block = siteBlock(facts)
  if (block) {
    const sentence = `No message is routed because ${block.clause}.`
    return { health: 'unknown', sentence, root: 'site', evidence: block.evidence, fixes: block.fixes }
  }
  const { traffic } = facts.shown.traffic
  if (!traffic || traffic.router === 'connected') return null
  const own = stateEvidence('broker', `The broker is ${traffic.broker.state}, the router ${traffic.router}.`, {
    at: traffic.at,
  })
  const cards = cardsOf(facts, ({ subject }) => subject === 'router')
  const broker = facts.definition.broker
  const view = broker === null ? undefined : facts.shown.services[broker]
  if (broker !== null && view && isTroubled(view)) {
    const trouble = troubleOf(broker, facts)
    return {
      health: view.wanted ? 'unhealthy' : 'unknown',
      sentence: `The router has no broker: ${trouble.sentence}`,
      root: trouble.root,
      evidence: [own, ...cards.map(cardEvidence), ...trouble.evidence],
      fixes: trouble.fixes,
    }
  }
  const [last] = historyOf(facts, 'router').filter(({ kind }) => kind !== 'router.connected')
  const clock = sentenceClock(facts.zone, facts.now)
  const health = traffic.router === 'failed' ? 'unhealthy' : traffic.router === 'off' ? 'unknown' : 'degraded'
  const lost = last ? `: ${inside(last.message)} (${clock.at(last.at)})` : ''
  const states = {
    off: 'The router is off: this site names no broker, or its part is switched off in site.yaml',
    connecting: `The router is still connecting to the broker${lost}`,
    failed: `The router cannot reach the broker${lost}`,
  }
  return {
    health,
    sentence: `${states[traffic.router]}.`,
    root: 'broker',
    evidence: [own, ...cards.map(cardEvidence), ...eventsEvidence(last ? chainOf(facts, last.id) : [])],
    fixes: distinctFixes(cards.flatMap(({ fixes }) => fixes)),
  }
}

/** Why a route is as it is: not loaded, without a broker, quarantining, dropping. */
export function whyRoute(id: string, facts: WhyFacts): Finding {
  const subject = `route:${id}`
  const route = facts.shown.routes[id]
  const finding = (health: Health, found: Trouble): Finding => ({
    subject,
    title: route?.title ?? id,
    health,
    ...found,
    fixes: distinctFixes(found.fixes),
  })
  const history = historyOf(facts, subject)
  // Cards about it have events of their own, which say nothing of how it is.
  const newest = history.find(({ kind }) => kind.startsWith('route.'))
  const cards = cardsOf(facts, (card) => card.subject === subject)
  const [card] = cards
  if (!route) {
    const sentence = `${id} is not a route of this site any more.`
    return finding('unknown', { sentence, root: subject, evidence: eventsEvidence(history.slice(0, 1)), fixes: [] })
  }
  const own = stateEvidence(subject, countsOf(route), { at: route.lastAt, event: newest?.id ?? null })
  if (!route.on) {
    const sentence = `${id} routes nothing because it is switched off in site.yaml (on: false).`
    return finding('unknown', { sentence, root: subject, evidence: [own], fixes: [] })
  }
  if (newest?.kind === 'route.refused' && route.lastError !== null) {
    const sentence = `${id} routes nothing because it was not loaded: ${inside(route.lastError)}.`
    const fixes = [
      goTo('See site.yaml', '/settings'),
      { label: 'Read site.yaml again', action: { type: 'reload-config' as const } },
    ]
    return finding('unhealthy', { sentence, root: subject, evidence: [own, ...eventsEvidence([newest])], fixes })
  }
  const absent = absence(facts)
  if (absent) {
    const sentence = `${id} routes nothing, as ${inside(absent.sentence)}.`
    return finding(absent.health, { ...absent, sentence, evidence: [own, ...absent.evidence] })
  }
  const losses = lossesOf(route)
  const end = stageEnd(facts.shown.stages[id])
  if (losses === null) {
    const counts = `${countsOf(route).charAt(0).toLowerCase()}${bare(countsOf(route)).slice(1)}`
    const sentence = end?.all
      ? `Nothing is wrong with ${id}, but nothing reaches its targets: ${end.clause}.`
      : `Nothing is wrong with ${id}: ${counts}.`
    return finding('healthy', { sentence, root: subject, evidence: [own], fixes: [] })
  }
  const failing = newest?.kind === 'route.failing'
  const clock = sentenceClock(facts.zone, facts.now)
  const reason =
    route.lastError ?? route.targets.find(({ lastError }) => lastError !== null)?.lastError ?? card?.why ?? null
  const because = reason === null ? '' : `, last because ${inside(reason)}`
  const sentence = failing
    ? `${id} cannot handle some messages since ${clock.at(newest.at)}: ${end?.failed ? end.clause : `${losses}${because}`}.`
    : `${id} handles its messages now; ${losses} earlier${because}.`
  return finding(failing ? 'degraded' : 'healthy', {
    sentence,
    root: subject,
    evidence: [
      own,
      ...route.targets
        .filter(({ lastError }) => lastError !== null)
        .map(({ kind, name, lastError }) =>
          stateEvidence(subject, `To ${kind} ${name}: ${lastError ?? ''}`, { at: route.lastAt }),
        ),
      ...cards.map(cardEvidence),
      ...eventsEvidence(newest ? chainOf(facts, newest.id) : []),
    ],
    fixes: [
      ...(route.quarantined > 0 ? [goTo('Look at the quarantine', '/messages/quarantine')] : []),
      ...cards.flatMap(({ fixes }) => fixes),
    ],
  })
}

/** What a route lost or set aside; null when nothing. */
function lossesOf({ quarantined, targets }: RouteView): string | null {
  const dropped = targets.reduce((all, target) => all + target.dropped, 0)
  const parts = [
    ...(quarantined > 0 ? [`${counted(quarantined, 'message')} went to quarantine`] : []),
    ...(dropped > 0 ? [`${counted(dropped, 'message was', 'messages were')} dropped`] : []),
  ]
  return parts.length === 0 ? null : parts.join(' and ')
}

function countsOf({ received, filtered, limit, limited, held, quarantined, targets }: RouteView): string {
  const sum = (of: 'delivered' | 'queued' | 'dropped') => targets.reduce((all, target) => all + target[of], 0)
  const soon = limit === null ? '' : ` ${limited} too soon after another, ${held} waiting for their turn,`
  return `${counted(received, 'message')} came in: ${filtered} filtered,${soon} ${quarantined} quarantined; deliveries: ${sum('delivered')} done, ${sum('queued')} queued, ${sum('dropped')} dropped.`
}
