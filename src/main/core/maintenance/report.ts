import type { AttentionView } from '#shared/contract/state.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import type { Period, Report } from './types.ts'

// What is reckoned and said about a maintenance: functions from data to data.

/** Kinds of the events that stand for something held back. */
export const heldKinds = {
  restart: 'service.held-back',
  recovery: 'recovery.held-back',
  card: 'attention.raised',
} as const

/** Whether somebody stopped everything: then it is not started at the end either. */
export function stopsAll({ kind, data }: EventRecord): boolean {
  if (kind === 'site.emergency-stopped') return true
  return kind === 'job.started' && data.kind === 'services.stop' && data.subject === 'site'
}

/**
 * Milliseconds that are left, reckoned by the time that the console has seen pass: a clock that is set neither ends a maintenance nor
 * makes it last. At most the whole length, never negative.
 */
export function leftMs({ beganSeenMs, forMs }: Period, seenMs: number): number {
  return Math.min(forMs, Math.max(0, forMs - (seenMs - beganSeenMs)))
}

/** What was held back, from the events since it began and the cards that are open at its end. */
export function reportOf(period: Period, events: readonly EventRecord[], open: readonly AttentionView[]): Report {
  const kept = open.filter(({ shelved, dismissed }) => shelved === true && !dismissed)
  const restarts = new Map<string, string>()
  const recoveries: string[] = []
  const raised = new Set<string>()
  for (const { kind, subject, message, data } of events) {
    if (kind === heldKinds.restart) restarts.set(subject.replace(/^service:/, ''), message)
    if (kind === heldKinds.recovery) recoveries.push(message)
    if (kind === heldKinds.card && typeof data.id === 'string') raised.add(data.id)
  }
  for (const { id } of open) raised.delete(id)
  return {
    restarts: [...restarts].map(([service, what]) => ({ service, what })),
    recoveries,
    cards: kept.map(({ id, title }) => ({ id, title })),
    passed: raised.size,
    startDeferred: period.startDeferred,
  }
}

export function heldNothing({ restarts, recoveries, cards, startDeferred }: Report): boolean {
  return restarts.length === 0 && recoveries.length === 0 && cards.length === 0 && !startDeferred
}

/** The report in words: one sentence for each kind of thing, with the list. */
export function reportSentence(report: Report): string {
  const { restarts, recoveries, cards, passed, startDeferred } = report
  if (heldNothing(report)) return 'It held nothing back.'
  const said = [
    startDeferred && 'The site was not started when the console was; it is started now.',
    restarts.length > 0 &&
      `${counted(restarts.length, 'restart')} held back, made up for now: ${listed(restarts.map(({ service }) => service))}.`,
    recoveries.length > 0 && `${counted(recoveries.length, 'recovery', 'recoveries')} held back: ${listed(recoveries)}`,
    cards.length > 0 && `${counted(cards.length, 'card')} kept, shown now: ${listed(cards.map(({ title }) => title))}.`,
    passed > 0 && `${counted(passed, 'more card')} came and passed.`,
  ]
  return said.filter((sentence) => sentence !== false).join(' ')
}

/** "for 45 min", "for 2 h 30 min". */
export function lengthWords(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000))
  const hours = Math.floor(minutes / 60)
  if (hours >= 48) return `${Math.round(hours / 24)} days`
  const rest = minutes % 60
  if (hours === 0) return `${rest} min`
  return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`
}

function listed(all: readonly string[]): string {
  const shown = all.slice(0, 8)
  const more = all.length - shown.length
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
