import type { AttentionView, Fix, ServiceView } from '#shared/contract/state.ts'
import { severities } from '#shared/vocabulary.ts'
import { chainOf, type WhyFacts } from './facts.ts'
import { cardEvidence, cardsOf, distinctFixes, eventsEvidence, type Finding, stateEvidence } from './finding.ts'
import { jobOf, whoStopped } from './origin.ts'
import { holdingRestore, stopOf } from './service-fault.ts'
import { isTroubled, pathOf, troubleBegan } from './service-path.ts'
import { mistakes, siteBlock } from './site-block.ts'
import { type Trouble, troubleOf } from './why-service.ts'
import { bare, counted, inside, sentenceClock } from './words.ts'

/** Why the site as a whole is as it is: the first failing thing of all its services, else what needs attention. */
export function whySite(facts: WhyFacts): Finding {
  const { site } = facts.shown.site
  const title = site?.name ?? 'The site'
  const finding = (found: Omit<Finding, 'subject' | 'title' | 'health'>): Finding => ({
    subject: 'site',
    title,
    health: site?.health ?? 'unknown',
    ...found,
    fixes: distinctFixes(found.fixes),
  })
  const block = siteBlock(facts)
  if (block || !site) {
    const clause = block?.clause ?? 'no site is open'
    const sentence = site ? `${title} does not run because ${clause}.` : `Nothing runs because ${clause}.`
    return finding({ sentence, root: 'site', evidence: block?.evidence ?? [], fixes: block?.fixes ?? [] })
  }
  const own = stateEvidence('site', `${title} is ${site.health}: ${site.sentence}`, { at: site.since })
  const restore = holdingRestore(facts)
  if (restore) {
    return finding({
      sentence: `Services of ${title} are stopped while “${restore.title}” puts files into place; what ran before is started again when that is done.`,
      root: `job:${restore.id}`,
      evidence: [own, { ...stateEvidence(`job:${restore.id}`, restore.title, { at: restore.startedAt }) }],
      fixes: [],
    })
  }
  const services = Object.values(facts.shown.services)
  const wanted = services.filter((view) => view.wanted || view.state === 'external')
  if (wanted.length === 0 && services.length > 0) {
    const rest = atRest(services, facts)
    return finding({ ...rest, sentence: `Nothing of ${title} runs${rest.sentence}`, evidence: [own, ...rest.evidence] })
  }
  const worst = firstFailing(wanted, facts)
  if (worst) {
    const trouble = troubleOf(worst.id, facts)
    const others = wanted.filter((view) => view !== worst && isTroubled(view)).length
    const more = others > 0 ? ` ${counted(others, 'more service')} ${others === 1 ? 'is' : 'are'} not well.` : ''
    const because = worst.optional
      ? `${title} is ${site.health}: what is not well is optional. ${sentenceOf(trouble)}`
      : `${title} is ${site.health} because ${bare(trouble.sentence)}.`
    const sentence = `${because}${more}`
    return finding({ ...trouble, sentence, evidence: [own, ...trouble.evidence] })
  }
  const urgent = cardsOf(facts, (card) => !card.dismissed && isGrave(card)).toSorted(byGravity)[0]
  if (urgent) {
    const root = urgent.subject
    return finding({
      sentence: `${title} is ${site.health} because of this: ${urgent.title}: ${inside(urgent.why)}.`,
      root,
      evidence: [own, cardEvidence(urgent), ...eventsEvidence(chainOf(facts, urgent.event))],
      fixes: urgent.fixes,
    })
  }
  if (!site.config.valid) {
    const { clause, evidence, fixes } = mistakes(facts)
    const sentence = `${title} is ${site.health}, but ${clause}; the last valid one stays in use.`
    return finding({ sentence, root: 'site', evidence: [own, ...evidence], fixes })
  }
  const clock = sentenceClock(facts.zone, facts.now)
  const count = services.length
  const sentence =
    count === 0
      ? `${title} has no services yet: site.yaml names none.`
      : `Nothing is wrong with ${title}: ${wantedWords(wanted.length, count)} well since ${clock.at(site.since)}.`
  const resting = services.filter((view) => !wanted.includes(view))
  if (resting.length === 0) return finding({ sentence, root: 'site', evidence: [own], fixes: [] })
  // Nobody is told that all is well without hearing of what stands still.
  const rest = atRest(resting, facts)
  const still = `${counted(resting.length, 'other')} ${resting.length === 1 ? 'does' : 'do'} not run${rest.sentence}`
  return finding({ ...rest, sentence: `${sentence} ${still}`, evidence: [own, ...rest.evidence] })
}

function wantedWords(wanted: number, all: number): string {
  if (all === 1) return 'its one service is'
  return wanted === 1 ? 'the one wanted service is' : `all ${wanted} wanted services are`
}

/** Why nothing runs, to stand behind "Nothing of ConsultEase runs": who stopped it all, or the one that took the rest along. */
function atRest(services: readonly ServiceView[], facts: WhyFacts): Trouble {
  const fixes: readonly Fix[] = [{ label: 'Start all', action: { type: 'start-all' } }]
  const last = services
    .map((view) => ({ view, chain: chainOf(facts, stopOf(view, facts)) }))
    .toSorted((a, b) => (b.chain[0]?.seq ?? 0) - (a.chain[0]?.seq ?? 0))[0]
  const chain = last?.chain ?? []
  const target = jobOf(chain)?.data.subject
  const took = services.find(({ id }) => target === `service:${id}`)
  if (took) {
    const trouble = troubleOf(took.id, facts)
    return { ...trouble, sentence: `: ${trouble.sentence}`, fixes: [...fixes, ...trouble.fixes] }
  }
  const who = last ? whoStopped(last.view.id, chain, sentenceClock(facts.zone, facts.now)) : null
  const since = who !== null && last?.view.event === null ? ', and nothing has started it since' : ''
  return {
    sentence: ` because ${who ?? 'nothing has started it yet'}${since}.`,
    root: 'site',
    evidence: eventsEvidence(chain),
    fixes,
  }
}

/** Of all services in trouble, those that the site needs before optional ones, the one whose end of the walk is deepest, and has been in trouble for longest. */
function firstFailing(services: readonly ServiceView[], facts: WhyFacts): ServiceView | undefined {
  return services
    .filter(isTroubled)
    .map((view) => ({ view, path: pathOf(view.id, facts) }))
    .toSorted(
      (a, b) =>
        Number(a.view.optional) - Number(b.view.optional) ||
        gravity(b.view) - gravity(a.view) ||
        b.path.steps.length - a.path.steps.length ||
        troubleBegan(a.path.steps.at(-1), facts) - troubleBegan(b.path.steps.at(-1), facts),
    )[0]?.view
}

/** What has failed matters more than what waits for it, and that more than what is still on its way. */
function gravity({ state, health }: ServiceView): number {
  if (state === 'failed' || state === 'backing-off' || health === 'unhealthy') return 3
  if (state === 'waiting' || health === 'degraded') return 2
  return state === 'starting' ? 0 : 1
}

/** To stand alone: ids begin with a small letter and stay as they are, other words do not. */
function sentenceOf({ sentence }: Trouble): string {
  return sentence.replace(/^(the|what) /, (word) => word.charAt(0).toUpperCase() + word.slice(1))
}

function isGrave({ severity }: AttentionView): boolean {
  return severities.indexOf(severity) >= severities.indexOf('error')
}

function byGravity(a: AttentionView, b: AttentionView): number {
  return severities.indexOf(b.severity) - severities.indexOf(a.severity) || a.since - b.since
}
