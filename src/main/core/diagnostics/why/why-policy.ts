import type { PolicyView } from '#shared/contract/recovery.ts'
import type { EventRecord, Health } from '#shared/vocabulary.ts'
import { historyOf, type ShownFacts, type WhyFacts } from './facts.ts'
import { distinctFixes, eventsEvidence, type Finding, goTo, stateEvidence } from './finding.ts'
import { isTroubled } from './service-path.ts'
import { maintenanceEvidence } from './why-maintenance.ts'
import { type Trouble, troubleOf } from './why-service.ts'
import { capital, inside, type SentenceClock, sentenceClock, stopped } from './words.ts'

type About = PolicyView['subjects'][number]

/** Why a recovery policy acts or does not: its state, the subject that it is about, what is behind that, and what it did last. */
export function whyPolicy(id: string, facts: WhyFacts): Finding {
  const subject = `policy:${id}`
  const policy = facts.shown.recovery[id]
  if (!policy) {
    const sentence = `There is no recovery policy ${id} in use.`
    return { subject, title: id, health: 'unknown', sentence, root: subject, evidence: [], fixes: [] }
  }
  const clock = sentenceClock(facts.zone, facts.now)
  const [about] = policy.subjects
  const behind = about ? behindIt(about, facts) : null
  const maintenance = facts.shown.maintenance.maintenance
  const held = about?.state === 'held' && maintenance?.on ? maintenanceEvidence(maintenance, clock) : null
  const did = policy.subjects.flatMap((each) => eventsOf(id, each.subject, facts).slice(0, 3))
  const last = lastOf(policy, facts)
  return {
    subject,
    title: policy.title,
    health: healthOf(policy),
    sentence: about ? aboutWords(policy, about, behind, clock) : restWords(policy, clock),
    root: held ? 'maintenance' : (behind?.root ?? about?.subject ?? subject),
    evidence: [
      stateEvidence(subject, `${policy.title} acts when ${policy.when}: ${ladderWords(policy)}.`),
      ...(held ? [held] : []),
      ...policy.subjects.flatMap(({ subject: what, sentence }) =>
        sentence === '' ? [] : [stateEvidence(what, stopped(sentence))],
      ),
      ...eventsEvidence([...did, ...last.filter((event) => !did.includes(event))]),
      ...(behind?.evidence ?? []),
    ],
    fixes: distinctFixes([
      ...(held ? [{ label: 'End maintenance', action: { type: 'end-maintenance' as const } }] : []),
      ...(behind?.fixes ?? []),
      goTo('See the policy', `/recovery/${id}`),
    ]),
  }
}

/** The subjects of a policy whose events and services its answer needs. */
export function subjectsOf(id: string, shown: ShownFacts): readonly string[] {
  const policy = shown.recovery[id]
  if (!policy) return []
  return [...new Set([...policy.subjects.map(({ subject }) => subject), ...(policy.last ? [policy.last.subject] : [])])]
}

function behindIt({ subject }: About, facts: WhyFacts): Trouble | null {
  if (!subject.startsWith('service:')) return null
  const view = facts.shown.services[subject.slice('service:'.length)]
  return view && isTroubled(view) ? troubleOf(view.id, facts) : null
}

/** Without a subject: off, or nothing to do. */
function restWords({ title, when, on, switchedOff, last }: PolicyView, clock: SentenceClock): string {
  const did = last
    ? ` What it did last, ${clock.when(last.at)} for ${nameOf(last.subject)}: ${inside(last.sentence)}.`
    : ' It has done nothing so far.'
  if (!on) return `“${title}” does nothing because site.yaml switches it off.${last ? did : ''}`
  if (switchedOff) {
    return `“${title}” does nothing because an operator switched it off, for as long as the console runs.${last ? did : ''}`
  }
  return `“${title}” has nothing to do: it acts when ${when}, and that is not so.${did}`
}

function aboutWords(policy: PolicyView, about: About, behind: Trouble | null, clock: SentenceClock): string {
  const { title, steps, perDay, subjects } = policy
  const name = nameOf(about.subject)
  const step = about.step === null ? undefined : steps[about.step]
  const number = about.step === null ? '' : `step ${about.step + 1} of ${steps.length}`
  const next = step ? `${number}, “${step.words}”` : 'the next step'
  const at = about.until === null ? '' : ` ${clock.exactly(about.until)}`
  const reason = behind ? ` ${capital(behind.sentence)}` : about.sentence === '' ? '' : ` ${stopped(about.sentence)}`
  const others = subjects.length - 1
  const more = others === 0 ? '' : ` It is about ${others} more ${others === 1 ? 'subject' : 'subjects'}.`
  return `“${title}” ${doing()}.${reason}${more}`

  function doing(): string {
    switch (about.state) {
      case 'off':
        return `is off for ${name}`
      case 'armed':
        return `has nothing to do for ${name}`
      case 'waiting':
        return `waits: if ${name} has not come back by itself, it does ${next}${at}`
      case 'acting':
        return `is doing ${next} for ${name}`
      case 'pausing':
        return `gives ${name} time after a step; if that did not help, it does ${next}${at}`
      case 'cooling-down':
        return `rests after a recovery of ${name}${about.until === null ? '' : ` until ${clock.at(about.until)}`}`
      case 'used-up':
        return `may do no more for ${name} now: it has done ${about.usedToday} of ${perDay} steps within 24 hours`
      case 'given-up':
        return `has given up on ${name}: every step was done and it did not help`
      case 'held':
        return `is held back from ${next} for ${name}`
    }
  }
}

/** What recovery did for a subject by this policy, newest first. */
function eventsOf(id: string, subject: string, facts: WhyFacts): readonly EventRecord[] {
  return historyOf(facts, subject).filter(({ kind, data }) => kind.startsWith('recovery.') && data.policy === id)
}

function lastOf({ id, last }: PolicyView, facts: WhyFacts): readonly EventRecord[] {
  return last ? eventsOf(id, last.subject, facts).slice(0, 1) : []
}

function ladderWords({ steps }: PolicyView): string {
  return steps.map(({ words }) => words).join(', then ')
}

function healthOf({ state }: PolicyView): Health {
  switch (state) {
    case 'off':
    case 'held':
      return 'unknown'
    case 'armed':
    case 'cooling-down':
      return 'healthy'
    case 'waiting':
    case 'acting':
    case 'pausing':
      return 'degraded'
    case 'used-up':
    case 'given-up':
      return 'unhealthy'
  }
}

/** "api" for `service:api`, "the site". */
function nameOf(subject: string): string {
  if (subject.startsWith('service:')) return subject.slice('service:'.length)
  return subject === 'machine' || subject === 'site' ? `the ${subject}` : subject
}
