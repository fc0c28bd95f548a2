import type { EventRecord } from '#shared/vocabulary.ts'
import type { WhyFacts } from './facts.ts'

/** Causes are followed so far; a service's own facts stand close together. */
const mostSteps = 20

/** The drill that brought one of these events about: its event in the same history. */
export function drillBehind(events: readonly EventRecord[], history: readonly EventRecord[]): EventRecord | undefined {
  const known = new Map(history.map((event) => [event.id, event]))
  for (const event of events) {
    let step: EventRecord | undefined = event
    for (let steps = 0; step && steps < mostSteps; steps++) {
      if (step.kind === 'drill.started') return step
      step = step.cause.type === 'event' ? known.get(step.cause.id) : undefined
    }
  }
  return undefined
}

/** "the drill “Kill api” did this on purpose". */
export function drillWords({ data }: EventRecord, { shown }: WhyFacts): string {
  const id = String(data.drill ?? '')
  return `the drill “${shown.drills[id]?.title ?? id}” did this on purpose`
}
