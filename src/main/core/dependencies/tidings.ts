import type { Attention } from '#core/attention/index.ts'
import type { DependencyDefinition } from '#core/config/index.ts'
import type { EventLog, EventRef } from '#core/events/index.ts'
import type { BreakerState } from '#core/proxy/index.ts'
import type { Fix } from '#shared/contract/state.ts'
import type { Cause, Severity } from '#shared/vocabulary.ts'
import { stateSentence } from './breaker-words.ts'
import { dependencyEvents } from './event-kinds.ts'
import type { TargetReport } from './protocol.ts'

export const cardPrefix = 'dependency-open:'

export interface TidingsParts {
  readonly events: EventLog
  readonly attention: Attention
}

/** What is said of one breaker as it changes: an event each time, and a card until it is closed again. */
export class Tidings {
  readonly #parts: TidingsParts
  readonly #id: string
  /** What began the present trouble: the cause of what follows from it. */
  #trouble: EventRef | null = null

  constructor(id: string, parts: TidingsParts) {
    this.#id = id
    this.#parts = parts
  }

  /** Tells a change of state. `order`: what an operator asked for, if that was it. Returns the cause of what follows. */
  changed(
    definition: DependencyDefinition,
    report: TargetReport,
    users: readonly string[],
    order: Cause | null,
  ): Cause {
    const { state } = report.record
    const sentence = stateSentence(definition, report)
    const observed: Cause = { type: 'observation', what: report.figures.lastError?.sentence ?? sentence }
    const cause = order ?? this.#trouble?.cause ?? observed
    const event = this.#parts.events.emit({
      kind: dependencyEvents[kindOf(state, order)],
      subject: `dependency:${this.#id}`,
      severity: severityOf(state, definition),
      message: `${definition.title} ${says(state, order)}. ${sentence}`,
      cause,
      data: { url: definition.url, because: report.record.because, usedBy: [...users] },
    })
    if (state === 'closed') {
      this.#trouble = null
      this.#parts.attention.clear(this.#card, event.cause)
    } else {
      if (state !== 'half-open') this.#trouble = event
      if (state !== 'half-open') this.showCard(definition, report, users, event.cause)
    }
    return event.cause
  }

  /** The card of a breaker that is not closed. */
  showCard(definition: DependencyDefinition, report: TargetReport, users: readonly string[], cause: Cause): void {
    const { id, title, fallback } = definition
    const { state } = report.record
    const used = users.length === 0 ? 'No service uses it.' : `Used by ${users.join(', ')}.`
    const look: Fix = { label: 'Look at it', action: { type: 'go-to', page: `/services/dependency/${id}` } }
    const reset: Fix = {
      label: state === 'isolated' ? 'Let calls pass again' : 'Try it now',
      action: { type: 'reset-dependency', dependency: id },
    }
    this.#parts.attention.raise({
      id: this.#card,
      subject: `dependency:${id}`,
      severity: severityOf(state, definition),
      title: state === 'isolated' ? `${title} is isolated` : `${title} does not answer`,
      why: `${stateSentence(definition, report)} ${used}${fallback ? '' : ' It has no fallback.'}`,
      fixes: [reset, look],
      cause,
      dismissible: true,
    })
  }

  /** The dependency is not in site.yaml any more. */
  removed(cause: Cause): void {
    this.#parts.attention.clear(this.#card, cause)
  }

  get #card(): string {
    return `${cardPrefix}${this.#id}`
  }
}

function kindOf(state: BreakerState, order: Cause | null): 'opened' | 'halfOpened' | 'closed' | 'isolated' | 'reset' {
  if (state === 'closed') return order ? 'reset' : 'closed'
  return state === 'open' ? 'opened' : state === 'isolated' ? 'isolated' : 'halfOpened'
}

function says(state: BreakerState, order: Cause | null): string {
  switch (state) {
    case 'closed':
      return order ? 'was reset: calls pass again' : 'answers again: its breaker is closed'
    case 'open':
      return 'is not called for a while: its breaker has opened'
    case 'half-open':
      return 'is tried again'
    case 'isolated':
      return 'was isolated'
  }
}

function severityOf(state: BreakerState, { fallback }: DependencyDefinition): Severity {
  if (state === 'open') return fallback ? 'warning' : 'error'
  return state === 'isolated' ? 'warning' : state === 'half-open' ? 'info' : 'notice'
}
