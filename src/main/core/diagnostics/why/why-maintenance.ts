import type { MaintenanceView } from '#shared/contract/maintenance.ts'
import { chainOf, historyOf, type WhyFacts } from './facts.ts'
import { eventsEvidence, type Finding, stateEvidence } from './finding.ts'
import { whatBegan } from './origin.ts'
import { counted, inside, type SentenceClock, sentenceClock, stopped } from './words.ts'

/** Why maintenance is on or off: who switched it on for what and until when, or what the last one held back. */
export function whyMaintenance(facts: WhyFacts): Finding {
  const view = facts.shown.maintenance.maintenance
  const clock = sentenceClock(facts.zone, facts.now)
  const finding = (found: Pick<Finding, 'health' | 'sentence' | 'evidence' | 'fixes'>): Finding => ({
    subject: 'maintenance',
    title: 'Maintenance',
    root: 'maintenance',
    ...found,
  })
  if (!view?.on) {
    const ended = historyOf(facts, 'site').find(({ kind }) => kind === 'maintenance.ended')
    const last = view?.last ? ` The last one ended ${clock.when(view.last.at)}. ${stopped(view.last.sentence)}` : ''
    return finding({
      health: 'healthy',
      sentence: `No maintenance is on: what exits is started again, and recovery acts.${last}`,
      evidence: eventsEvidence(ended ? chainOf(facts, ended.id) : []),
      fixes: [],
    })
  }
  return finding({
    health: 'degraded',
    sentence: `Maintenance is on ${spanWords(view, clock)}${becauseWords(view, facts, clock)}. Until then nothing is started again or recovered by itself; ${heldWords(view)}.`,
    evidence: [maintenanceEvidence(view, clock), ...eventsEvidence(chainOf(facts, view.event))],
    fixes: [{ label: 'End maintenance', action: { type: 'end-maintenance' } }],
  })
}

/** The state of maintenance as evidence, for what it holds back. */
export function maintenanceEvidence(view: MaintenanceView, clock: SentenceClock) {
  const reason = view.reason === '' ? '' : `: ${view.reason}`
  return stateEvidence('maintenance', `Maintenance is on ${spanWords(view, clock)}${reason}.`, {
    at: view.since,
    event: view.event,
  })
}

function spanWords({ since, until }: MaintenanceView, clock: SentenceClock): string {
  const from = since === null ? '' : `since ${clock.at(since)}`
  return until === null ? from : `${from} until ${clock.at(until)}`.trim()
}

function becauseWords({ event, reason }: MaintenanceView, facts: WhyFacts, clock: SentenceClock): string {
  const chain = chainOf(facts, event)
  const began = chain[0]?.cause.type === 'operator' ? 'an operator switched it on' : whatBegan(chain, clock)
  const said = reason === '' ? '' : `“${inside(reason)}”`
  if (began === null || began === undefined) return said === '' ? '' : `: ${said}`
  return ` because ${began}${said === '' ? '' : `: ${said}`}`
}

function heldWords({ held }: MaintenanceView): string {
  const parts = [
    held.restarts > 0 ? counted(held.restarts, 'restart') : '',
    held.recoveries > 0 ? counted(held.recoveries, 'step of recovery', 'steps of recovery') : '',
    held.cards > 0 ? counted(held.cards, 'card') : '',
  ].filter((part) => part !== '')
  const last = parts.pop()
  if (last === undefined) return 'so far it has held nothing back'
  return `so far it has held back ${parts.length > 0 ? `${parts.join(', ')} and ` : ''}${last}`
}
