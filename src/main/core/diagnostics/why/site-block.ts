import type { Evidence } from '#shared/contract/diagnostics.ts'
import type { Fix } from '#shared/contract/state.ts'
import { chainOf, type WhyFacts } from './facts.ts'
import { cardEvidence, cardsOf, distinctFixes, eventsEvidence, goTo, stateEvidence } from './finding.ts'
import { bare, counted, inside } from './words.ts'

/** What keeps a whole site from running. */
export interface SiteBlock {
  /** A clause without a full stop, to stand after "because". */
  readonly clause: string
  readonly evidence: readonly Evidence[]
  readonly fixes: readonly Fix[]
}

/** No site, one that was not trusted, or a site.yaml that cannot be used; null when services can be started. */
export function siteBlock(facts: WhyFacts): SiteBlock | null {
  const { site } = facts.shown.site
  if (!site) return noSite(facts)
  if (site.trust) {
    const count = site.trust.commands.length
    return {
      clause: `nobody has trusted this site yet: it came from elsewhere and would run ${counted(count, 'command')}`,
      evidence: [
        stateEvidence('site', `Nothing of ${site.name} runs until what it would run has been looked at and trusted.`, {
          at: site.since,
        }),
        ...site.trust.commands
          .slice(0, 5)
          .map(({ service, of, command }) => stateEvidence(`service:${service}`, `Would run for ${of}: ${command}`)),
      ],
      fixes: [goTo('Look at what it would run', '/trust')],
    }
  }
  if (site.config.valid || Object.keys(facts.shown.services).length > 0) return null
  return mistakes(facts)
}

/** The mistakes of site.yaml as what is behind something. */
export function mistakes(facts: WhyFacts): SiteBlock {
  const problems = facts.shown.site.site?.config.problems ?? []
  const [first] = problems
  const place = first ? `${first.file}${first.line === null ? '' : ` line ${first.line}`}` : 'site.yaml'
  const more = problems.length > 1 ? ` (the first of ${counted(problems.length, 'mistake')})` : ''
  const cards = cardsOf(facts, ({ id }) => id === 'site-yaml-invalid')
  const [card] = cards
  return {
    clause: `site.yaml cannot be used: ${place}: ${first ? bare(first.message) : 'it cannot be read'}${more}`,
    evidence: [
      ...problems.slice(0, 5).map(({ file, line, message, remedy }) => ({
        what: 'state' as const,
        subject: 'site',
        sentence: `${file}${line === null ? '' : ` line ${line}`}: ${message} ${remedy}`,
        at: facts.shown.site.site?.config.loadedAt ?? null,
        event: null,
        page: '/settings',
      })),
      ...cards.map(cardEvidence),
      ...eventsEvidence(chainOf(facts, card?.event ?? null)),
    ],
    fixes: distinctFixes([
      { label: 'Read site.yaml again', action: { type: 'reload-config' } },
      goTo('Show the mistakes', '/settings'),
      ...cards.flatMap(({ fixes }) => fixes),
    ]),
  }
}

function noSite({ shown }: WhyFacts): SiteBlock {
  const view = shown.console.console
  const clauses = {
    'could not open': view?.problem
      ? `the site could not be opened: ${inside(view.problem.message)}`
      : 'the site could not be opened',
    opening: 'the site is still being opened',
    closing: 'the site is being closed',
    open: 'no site is open',
    'no site': 'no site is open',
  }
  const clause = clauses[view?.phase ?? 'no site']
  const remedy = view?.problem?.remedy ?? 'Open a site first: your own, or the sample.'
  return {
    clause,
    evidence: [
      { ...stateEvidence('site', `${clause.charAt(0).toUpperCase()}${clause.slice(1)}. ${remedy}`), page: null },
    ],
    fixes: [],
  }
}
