import type { Evidence } from '#shared/contract/diagnostics.ts'
import type { Fix, JobView, ServiceView } from '#shared/contract/state.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import { drillBehind, drillWords } from './drill-behind.ts'
import { type Episode, episodeOf, notLaunchedReason } from './episode.ts'
import { chainOf, historyOf, type WhyFacts } from './facts.ts'
import { cardEvidence, cardsOf, eventsEvidence, goTo, stateEvidence } from './finding.ts'
import { whoStopped } from './origin.ts'
import { saysPortTaken, tellingLine } from './telling-line.ts'
import { bare, counted, inside, type SentenceClock, times } from './words.ts'

/** What is wrong with a service itself, with nothing behind it. */
export interface Fault {
  /** A whole clause that begins with the service's id and has no full stop: "api exited 3 times since 14:02". */
  readonly clause: string
  readonly evidence: readonly Evidence[]
  readonly fixes: readonly Fix[]
}

/** The service's own part in its trouble: exits, probes, what kept it from starting, who stopped it. */
export function faultOf(view: ServiceView, facts: WhyFacts, clock: SentenceClock): Fault {
  const subject = `service:${view.id}`
  const history = historyOf(facts, subject)
  const episode = episodeOf(history)
  const told = ownClause(view, episode, facts, clock)
  const cards = cardsOf(facts, (card) => card.subject === subject)
  const probes = view.state === 'stopped' ? [] : failingProbes(view)
  const drill = drillBehind(told.events, history)
  const own = told.events.length > 0 ? told.events : history.slice(0, 1)
  const events = drill && !own.includes(drill) ? [...own, drill] : own
  return {
    clause: drill ? `${told.clause}; ${drillWords(drill, facts)}` : told.clause,
    evidence: [
      ...probes,
      ...(told.line === undefined ? [] : [logEvidence(view, told.line)]),
      ...cards.map(cardEvidence),
      ...eventsEvidence(events),
    ],
    fixes: [...fixesOf(view, told.line !== undefined), ...cards.flatMap(({ fixes }) => fixes)],
  }
}

interface OwnCause {
  readonly clause: string
  /** The events that show it, the newest first. */
  readonly events: readonly EventRecord[]
  /** What it wrote last, when that tells something. */
  readonly line?: string | undefined
}

function ownClause(view: ServiceView, episode: Episode, facts: WhyFacts, clock: SentenceClock): OwnCause {
  const { id, state } = view
  switch (state) {
    case 'stopped':
      return view.wanted ? plain(view, facts, `${id} is stopped`) : stoppedClause(view, facts, clock)
    case 'stopping':
      return { clause: `${id} is being stopped: ${inside(view.reason)}`, events: chainOf(facts, view.event) }
    case 'completed':
      return plain(view, facts, `${id} ran to its end as it should ${clock.when(view.since)}`)
    case 'failed':
    case 'backing-off':
      return failureClause(view, episode, facts, clock)
    case 'waiting':
    case 'starting':
      if (episode.exits.length > 0 || episode.notLaunched || episode.stuck)
        return failureClause(view, episode, facts, clock)
      return plain(
        view,
        facts,
        state === 'waiting'
          ? `${id} waits: ${inside(view.reason)}`
          : `${id} is being started since ${clock.at(view.since)}: ${startingWords(view)}`,
      )
    case 'running':
    case 'external':
      return runningClause(view, facts, clock)
  }
}

function startingWords(view: ServiceView): string {
  const startup = view.probes.find(({ name }) => name === 'startup')
  if (!startup) return inside(view.reason)
  return startup.at === null
    ? `its startup check (${startup.what}) has not answered yet`
    : `its startup check (${startup.what}) does not pass yet and says “${bare(startup.answer)}”`
}

function stoppedClause(view: ServiceView, facts: WhyFacts, clock: SentenceClock): OwnCause {
  const { id } = view
  const left = facts.shown.site.site?.leftOut.find(({ service }) => service === id)
  if (left)
    return plain(
      view,
      facts,
      `${id} is stopped because this start of the console leaves it out: ${bare(inside(left.why))}`,
    )
  if (facts.definition.disabled.includes(id)) {
    return plain(view, facts, `${id} is stopped because it is switched off in site.yaml (enabled: false)`)
  }
  const chain = chainOf(facts, stopOf(view, facts))
  const who = whoStopped(id, chain, clock)
  const restore = holdingRestore(facts)
  if (restore && chain.some(({ operation }) => operation === restore.id)) {
    return {
      clause: `${id} is stopped while “${restore.title}” puts files into place, and is started again when that is done`,
      events: chain,
    }
  }
  if (who === null) return plain(view, facts, `${id} is stopped because nothing has started it yet`)
  // Its state comes from this run of the console; what stopped it happened before.
  const since = view.event === null ? ', and nothing has started it since' : ''
  return { clause: `${id} is stopped because ${who}${since}`, events: chain }
}

/** The event that stopped a service; of an earlier run of the console when this one has not started it. */
export function stopOf({ id, event }: ServiceView, facts: WhyFacts): string | null {
  return event ?? historyOf(facts, `service:${id}`).find(({ kind }) => kind === 'service.stopped')?.id ?? null
}

/** A restore that keeps services from running, if one does. */
export function holdingRestore({ shown }: WhyFacts): JobView | undefined {
  return Object.values(shown.jobs).find(
    ({ kind, state, steps }) =>
      kind.startsWith('restore.') &&
      state === 'running' &&
      steps.some((step) => step.id === 'stop' && step.state !== 'pending') &&
      steps.some((step) => step.id === 'start' && step.state === 'pending'),
  )
}

function failureClause(view: ServiceView, episode: Episode, facts: WhyFacts, clock: SentenceClock): OwnCause {
  const { id } = view
  const then = whatFollows(view, facts, clock)
  const { notLaunched, stuck, exits } = episode
  const reason = notLaunched && notLaunchedReason(notLaunched)
  if (notLaunched && reason) {
    // Behind the reason stands its remedy: that is for the evidence.
    const [why = reason] = reason.split(/\.\s(?=[A-Z])/)
    return { clause: `${id} cannot start because ${inside(why)}${then}`, events: chainOf(facts, notLaunched.id) }
  }
  const last = exits.at(-1)
  if (stuck && (!last || stuck.seq > last.seq)) {
    return {
      clause: `${afterTitle(view, stuck.message)}${then}`,
      events: chainOf(facts, stuck.id),
      line: lineOf(view, facts, stuck),
    }
  }
  if (!last) return plain(view, facts, `${stateWords(view)}: ${inside(view.reason)}${then}`)
  const line = lineOf(view, facts, last)
  const ended = afterTitle(view, last.message).slice(id.length + 1)
  const quoted = line === undefined ? '' : ` (‘${line}’)`
  const first = exits[0]?.at ?? view.since
  const clause =
    exits.length === 1
      ? `${id} ${ended} ${clock.when(first)}${quoted}`
      : `${id} exited ${episode.whole ? '' : 'at least '}${times(exits.length)} since ${clock.at(first)}, last ${ended.replace(/^(exited|was) /, '')}${quoted}`
  const port = saysPortTaken(line) ? ', after its port was taken' : ''
  return { clause: `${clause}${port}${then}`, events: exits.toReversed().slice(0, 3), line }
}

/** What becomes of a service that has gone wrong. */
function whatFollows({ state, reason, nextStartAt }: ServiceView, { shown }: WhyFacts, clock: SentenceClock): string {
  if (state === 'backing-off' && nextStartAt !== null) return `; it is started again ${clock.exactly(nextStartAt)}`
  const maintenance = shown.maintenance.maintenance
  if (state === 'backing-off' && maintenance?.on) {
    const until = maintenance.until === null ? '' : ` until ${clock.at(maintenance.until)}`
    return `; maintenance holds its next start back${until}`
  }
  if (state !== 'failed') return ''
  if (/not to restart it/.test(reason)) return ', and site.yaml says not to restart it'
  const budget = /started (once|\d+ times) within ([^;]+);/.exec(reason)
  return budget
    ? `; the console gave up after ${budget[1] === 'once' ? 'one start' : `${parseInt(budget[1] ?? '', 10)} starts`} within ${budget[2]}`
    : ''
}

function runningClause(view: ServiceView, facts: WhyFacts, clock: SentenceClock): OwnCause {
  const { id, health } = view
  const failing =
    view.probes.find(({ name, passing }) => passing === false && name !== 'startup') ??
    view.probes.find(({ passing }) => passing === false)
  const events = chainOf(facts, view.event)
  if (failing && health !== 'unknown') {
    const row = failing.failures > 1 ? `, ${failing.failures} times in a row` : ''
    const says = bare(failing.answer) === '' ? 'fails' : `says “${bare(failing.answer)}”`
    return {
      clause: `${id} is ${health} since ${clock.at(view.since)}: its ${failing.name} check (${failing.what}) ${says}${row}`,
      events,
      line: lineOf(view, facts, undefined),
    }
  }
  if (health === 'healthy') {
    const by = view.unit?.holder === 'systemd' ? `: systemd runs it as ${view.unit.name}` : ''
    return plain(view, facts, `${id} is healthy since ${clock.at(view.since)}${by}`)
  }
  const known =
    health === 'unknown' ? `the health of ${id} is not known yet` : `${id} is ${health} since ${clock.at(view.since)}`
  return { clause: `${known}: ${inside(view.reason)}`, events }
}

function plain(view: ServiceView, facts: WhyFacts, clause: string): OwnCause {
  return { clause, events: chainOf(facts, view.event) }
}

/** The state in words, beginning with the id. */
export function stateWords({ id, state, health }: ServiceView): string {
  switch (state) {
    case 'running':
    case 'external':
      return health === 'unknown' ? `the health of ${id} is not known` : `${id} is ${health}`
    case 'failed':
      return `${id} has failed`
    case 'waiting':
      return `${id} waits`
    case 'backing-off':
      return `${id} is down`
    case 'starting':
      return `${id} is still being started`
    case 'stopping':
      return `${id} is being stopped`
    case 'completed':
      return `${id} has run to its end`
    case 'stopped':
      return `${id} is stopped`
  }
}

/** A message of the coordinator begins with the service's title; sentences here call it by its id. */
function afterTitle({ id, title }: ServiceView, message: string): string {
  const text = bare(message)
  return text.startsWith(`${title} `) ? `${id} ${text.slice(title.length + 1)}` : `${id}: ${inside(text)}`
}

/**
 * What a service said before an exit. The event carries only its last few lines; where those are the tail of a trace, the complaint
 * stands further up in the log. One that ended without a word is not credited with what an earlier run wrote.
 */
function lineOf(view: ServiceView, { logs }: WhyFacts, exit: EventRecord | undefined): string | undefined {
  const recorded = Array.isArray(exit?.data.log) ? exit.data.log.filter((line) => typeof line === 'string') : []
  const wordless = exit?.kind === 'service.exited' && recorded.length === 0
  return tellingLine(recorded) ?? (wordless ? undefined : tellingLine(logs.get(view.id) ?? []))
}

function failingProbes(view: ServiceView): readonly Evidence[] {
  return view.probes
    .filter(({ passing }) => passing === false)
    .map(({ name, what, answer, at, failures }) => ({
      what: 'probe' as const,
      subject: `service:${view.id}`,
      sentence: `The ${name} check (${what}) fails: ${bare(answer) || 'no answer'}${failures > 1 ? `, ${counted(failures, 'failure')} in a row` : ''}.`,
      at,
      event: null,
      page: `/services/${view.id}`,
    }))
}

function logEvidence({ id, lastExit }: ServiceView, line: string): Evidence {
  return {
    what: 'log',
    subject: `service:${id}`,
    sentence: line,
    at: lastExit?.at ?? null,
    event: null,
    page: `/services/${id}?tab=log`,
  }
}

/** The state of a service as evidence, with its own reason. */
export function serviceEvidence(view: ServiceView): Evidence {
  const sentence = `${stateWords(view)}: ${view.reason}`
  return stateEvidence(
    `service:${view.id}`,
    sentence.charAt(0).toUpperCase() === sentence.charAt(0) ? sentence : sentence,
    {
      at: view.since,
      event: view.event,
    },
  )
}

function fixesOf({ id, state, kind, unit }: ServiceView, wrote: boolean): readonly Fix[] {
  const log = wrote ? [goTo(`See the log of ${id}`, `/services/${id}?tab=log`)] : []
  if (unit && unit.holder === 'systemd' && unit.can !== null && unit.active !== 'active') {
    const verb = unit.can === 'adopt' ? 'Adopt' : 'Release'
    return [{ label: `${verb} ${id}…`, action: { type: `${unit.can}-unit`, service: id } }]
  }
  if (unit?.holder === 'console' && unit.active === 'active') {
    return [{ label: `Release ${id}…`, action: { type: 'release-unit', service: id } }, ...log]
  }
  if (kind === 'external' || state === 'external') return []
  if (state === 'stopped' || state === 'waiting')
    return [{ label: `Start ${id}`, action: { type: 'start-service', service: id } }]
  if (state === 'stopping' || state === 'starting') return log
  return [{ label: `Restart ${id}`, action: { type: 'restart-service', service: id } }, ...log]
}
