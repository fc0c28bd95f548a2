import { type AttentionView, attentionViewSchema } from '#shared/contract/state.ts'
import { severities } from '#shared/vocabulary.ts'
import type { AttentionDraft } from './types.ts'

// What raising does to a condition: functions from data to data.

/** `new`: it was not open. `worse`: it is shown again although it was dismissed. `changed`: other text. `same`: nothing. */
export type Raised = {
  readonly what: 'new' | 'worse' | 'changed' | 'same'
  readonly view: AttentionView
}

/**
 * Raising an open condition changes its text and never its `since`. One that was dismissed stays hidden, however often the
 * same is found again, until it was cleared in between or has become more severe.
 */
export function raised(open: AttentionView | undefined, draft: AttentionDraft, at: number): Raised {
  const { cause: _cause, ...text } = draft
  const fixes = [...draft.fixes]
  if (!open) return { what: 'new', view: { ...text, fixes, since: at, event: null, dismissed: false } }
  const { since, event, dismissed } = open
  const shelved = open.shelved === true ? { shelved: true } : {}
  const rank = (view: Pick<AttentionView, 'severity'>) => severities.indexOf(view.severity)
  if (rank(draft) > rank(open))
    return { what: 'worse', view: { ...text, ...shelved, fixes, since, event, dismissed: false } }
  const view = { ...text, ...shelved, fixes, since, event, dismissed: dismissed && draft.dismissible }
  return { what: sameView(open, view) ? 'same' : 'changed', view }
}

/** Whether a card waits while cards are shelved: not what is a danger to the site or its data. */
export function mayWait({ dismissible, severity }: AttentionView): boolean {
  return dismissible && severity !== 'critical'
}

/** The most severe first, then those that have been open longest. */
export function inOrder(views: Iterable<AttentionView>): readonly AttentionView[] {
  const rank = (view: AttentionView) => severities.indexOf(view.severity)
  return [...views].sort((a, b) => rank(b) - rank(a) || a.since - b.since || a.id.localeCompare(b.id))
}

/** A stored condition, or undefined when another version of the console wrote what this one cannot read. */
export function storedView(text: string): AttentionView | undefined {
  try {
    return attentionViewSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

function sameView(a: AttentionView, b: AttentionView): boolean {
  return (
    a.title === b.title &&
    a.why === b.why &&
    a.subject === b.subject &&
    a.severity === b.severity &&
    a.dismissible === b.dismissible &&
    a.dismissed === b.dismissed &&
    JSON.stringify(a.fixes) === JSON.stringify(b.fixes)
  )
}
