import type { AttentionView, BackupsView, ServiceView } from '#shared/contract/state.ts'
import type { Health } from '#shared/vocabulary.ts'

/** The whole site in one health, one true sentence and the page that proves it. */
export interface SiteHealth {
  readonly health: Health
  readonly sentence: string
  /** Page address of the evidence. */
  readonly evidence: string | null
}

/** What the sentence is made from. `now` in wall-clock milliseconds. */
export interface SiteFacts {
  readonly services: readonly ServiceView[]
  readonly attention: readonly AttentionView[]
  readonly backups: BackupsView | undefined
  readonly configValid: boolean
  readonly trusted: boolean
  readonly now: number
}

/**
 * The worst thing first: an untrusted or invalid site, a failed or unhealthy service, one on its way, then all well. Services
 * that are not wanted do not make a site unwell, and neither do optional ones, which are named all the same.
 */
export function siteHealth(facts: SiteFacts): SiteHealth {
  if (!facts.trusted) {
    return {
      health: 'unknown',
      sentence: 'Not started: look at what this site would run and trust it.',
      evidence: '/trust',
    }
  }
  if (!facts.configValid && facts.services.length === 0) {
    return {
      health: 'unhealthy',
      sentence: 'site.yaml has mistakes, so nothing can be started.',
      evidence: '/settings',
    }
  }
  const wanted = facts.services.filter((service) => service.wanted || service.state === 'external')
  if (wanted.length === 0) {
    // Such as a start that the store could not take: nobody wanted it to stand still.
    const held = facts.attention.find((card) => card.subject === 'site' && card.severity === 'critical')
    if (held && !held.dismissed) return { health: 'unhealthy', sentence: `${held.title}: ${held.why}`, evidence: '/' }
    const all = facts.services.length
    return {
      health: 'unknown',
      sentence: all === 0 ? 'The site has no services.' : `Stopped: none of the ${all} services is wanted running.`,
      evidence: '/services',
    }
  }
  const worst = worstOf(wanted.filter(({ optional }) => !optional))
  if (worst) {
    const others = wanted.filter((service) => service !== worst && troubleOf(service) > 0).length
    const more = others > 0 ? ` ${others} more ${others === 1 ? 'is' : 'are'} not well.` : ''
    return {
      health: troubleOf(worst) >= 3 ? 'unhealthy' : 'degraded',
      sentence: `${worst.title} ${inWords(worst)}${more}`,
      evidence: `/services/${worst.id}`,
    }
  }
  const optional = new Set(facts.services.flatMap((service) => (service.optional ? [`service:${service.id}`] : [])))
  const urgent = facts.attention.find(
    (card) =>
      !card.dismissed &&
      card.shelved !== true &&
      !optional.has(card.subject) &&
      (card.severity === 'critical' || card.severity === 'error'),
  )
  if (urgent) return { health: 'degraded', sentence: `${urgent.title}: ${urgent.why}`, evidence: '/' }
  return { health: 'healthy', sentence: allWell(wanted, facts), evidence: '/services' }
}

function allWell(wanted: readonly ServiceView[], { backups, services, now, configValid }: SiteFacts): string {
  const off = services.length - wanted.length
  const lacking = wanted.filter((service) => troubleOf(service) > 0)
  const parts = lacking.length > 0 ? neededWell(wanted, lacking) : [wellWords(wanted.length)]
  if (off > 0) parts.push(`${off} not wanted`)
  if (backups?.lastVerifiedAt) parts.push(`last verified backup ${age(now - backups.lastVerifiedAt)} ago`)
  else if (backups) parts.push('no verified backup yet')
  if (!configValid) parts.push('site.yaml on disk has mistakes and is not in use')
  return `${parts.join(' · ')}.`
}

function wellWords(count: number): string {
  return count === 1 ? 'The one service is healthy' : `All ${count} services healthy`
}

/** Only what the site is healthy without is not well. */
function neededWell(wanted: readonly ServiceView[], lacking: readonly ServiceView[]): string[] {
  const needed = wanted.filter(({ optional }) => !optional).length
  const names = lacking.slice(0, 3).map(({ title }) => title)
  const more = lacking.length - names.length
  const well = needed === 1 ? 'The one needed service is healthy' : `All ${needed} needed services healthy`
  return [
    needed === 0 ? 'The site needs none of its services' : well,
    `optional and not well: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
  ]
}

function worstOf(services: readonly ServiceView[]): ServiceView | undefined {
  return services
    .filter((service) => troubleOf(service) > 0)
    .toSorted(
      (a, b) => troubleOf(b) - troubleOf(a) || b.dependents.length - a.dependents.length || a.since - b.since,
    )[0]
}

/** 0 well, 1 on its way, 2 waiting or degraded, 3 being brought back, 4 failed. */
function troubleOf(service: ServiceView): number {
  if (service.state === 'failed') return 4
  if (service.state === 'backing-off') return 3
  if (service.state === 'running' || service.state === 'external') {
    if (service.health === 'unhealthy') return 3
    return service.health === 'healthy' ? 0 : service.health === 'degraded' ? 2 : 1
  }
  if (service.state === 'waiting') return 2
  return service.state === 'completed' ? 0 : 1
}

function inWords({ state, health, reason, nextStartAt }: ServiceView): string {
  switch (state) {
    case 'running':
    case 'external':
      return `is ${health}: ${reason}`
    case 'failed':
      return `has failed: ${reason}`
    case 'waiting':
      return reason.startsWith('Waits ') ? `w${reason.slice(1)}` : `waits: ${reason}`
    case 'backing-off':
      // Without a time for its next start something holds it back, and the reason says what.
      return nextStartAt === null ? `is down: ${reason}` : `exited and will be started again: ${reason}`
    default:
      return `is ${state}: ${reason}`
  }
}

function age(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return 'less than a minute'
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`
}
