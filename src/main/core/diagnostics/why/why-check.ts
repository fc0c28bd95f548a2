import type { VerificationView, VerifiedCheck } from '#shared/contract/verification.ts'
import type { Health } from '#shared/vocabulary.ts'
import { historyOf, type ShownFacts, type WhyFacts } from './facts.ts'
import { distinctFixes, eventsEvidence, type Finding, goTo, stateEvidence } from './finding.ts'
import { readSubject, type Subject } from './subject.ts'
import { capital, counted, type SentenceClock, sentenceClock, stopped } from './words.ts'

/** Why one check of the list passed or failed: what it found, when that began, and what is behind the first of its faults. */
export function whyCheck(id: string, facts: WhyFacts, ask: (subject: Subject) => Finding): Finding {
  const subject = `check:${id}`
  const view = facts.shown.verification.verification
  const check = view?.checks.find((each) => each.id === id)
  if (!check) return notInList(id, view)
  const clock = sentenceClock(facts.zone, facts.now)
  const behind = check.state === 'failed' ? behindIt(check, facts, ask) : null
  const told = historyOf(facts, 'site').find(
    ({ kind, data }) => kind === 'verification.failed' && names(data.failed, id),
  )
  const reason = behind ? ` ${capital(behind.sentence)}` : ''
  return {
    subject,
    title: check.title,
    health: healths[check.state],
    sentence: `${toldOf(check, clock)}${reason}`,
    root: behind?.root ?? subject,
    evidence: [
      stateEvidence(subject, stopped(check.sentence), { at: check.at }),
      // A single fault is the sentence itself.
      ...(check.faults.length > 1 ? check.faults.map((fault) => stateEvidence(subject, stopped(fault))) : []),
      ...eventsEvidence(told && check.state === 'failed' ? [told] : []),
      ...(behind?.evidence ?? []),
    ],
    fixes: distinctFixes([...(behind?.fixes ?? []), goTo('See the checks', '/diagnose')]),
  }
}

/** What the faults of a check are about, whose facts its answer needs. */
export function aboutOf(id: string, { verification }: ShownFacts): readonly string[] {
  return verification.verification?.checks.find((check) => check.id === id)?.about ?? []
}

/** The first thing that a fault is about and that is itself not well; what is well was asked for something that it does not have. */
function behindIt({ about }: VerifiedCheck, { shown }: WhyFacts, ask: (subject: Subject) => Finding): Finding | null {
  for (const text of about) {
    const subject = readSubject(text, shown)
    const finding = subject && ask(subject)
    if (finding?.health === 'unhealthy' || finding?.health === 'degraded') return finding
  }
  return null
}

function notInList(id: string, view: VerificationView | undefined): Finding {
  const subject = `check:${id}`
  const sentence = view
    ? `There is no check ${id} in the list any more.`
    : 'The list of checks has not been made since the site was opened. It is made when services are started, and by “wheelhouse check”.'
  const fixes = [goTo('See the checks', '/diagnose')]
  return { subject, title: id, health: 'unknown', sentence, root: subject, evidence: [], fixes }
}

function toldOf({ title, state, sentence, at, faults }: VerifiedCheck, clock: SentenceClock): string {
  const when = at === null ? '' : ` ${clock.when(at)}`
  const found = stopped(sentence)
  const more = faults.length > 1 ? ` ${counted(faults.length, 'fault')} in all.` : ''
  switch (state) {
    case 'passed':
      return `“${title}” passed${when}: ${found}`
    case 'failed':
      return `“${title}” failed${when}: ${found}${more}`
    case 'skipped':
      return `“${title}” was passed over${when}: ${found}`
    case 'pending':
      return `“${title}” has not been checked yet since the site was opened.`
  }
}

const healths = {
  passed: 'healthy',
  failed: 'unhealthy',
  skipped: 'unknown',
  pending: 'unknown',
} as const satisfies Readonly<Record<VerifiedCheck['state'], Health>>

/** Whether the failed checks of an event name this one. */
function names(failed: unknown, id: string): boolean {
  return Array.isArray(failed) && failed.some((each: unknown) => isRecord(each) && each.id === id)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
