import { figureCondition } from '#core/config/index.ts'
import { type Clock, inTime } from '#core/platform/index.ts'
import type { Check, ProbeAnswer, PushedFacts } from './types.ts'

/** Whether the service's newest push is new enough and does not call it unhealthy. */
export function pushedCheck(
  { newerMs }: Extract<Check, { type: 'pushed' }>,
  facts: PushedFacts,
  clock: Clock,
): ProbeAnswer {
  const latest = facts.latest()
  if (!latest) return { ok: false, sentence: 'it has pushed nothing yet', ms: 0 }
  const age = clock.wall() - latest.at
  if (age > newerMs) return { ok: false, sentence: `its last push is ${inTime(age)} old`, ms: 0 }
  const says = latest.sentence === null ? '' : `: ${latest.sentence.replace(/\.$/, '')}`
  if (latest.health === 'unhealthy') return { ok: false, sentence: `it calls itself unhealthy${says}`, ms: 0 }
  return { ok: true, sentence: `it pushed ${inTime(Math.max(0, age))} ago${says}`, ms: 0 }
}

/** Whether the figures that the service pushes meet a condition. A figure that is missing or too old does not. */
export function metricCheck(
  { condition: text, newerMs }: Extract<Check, { type: 'metric' }>,
  facts: PushedFacts,
  clock: Clock,
): ProbeAnswer {
  const fails = (sentence: string): ProbeAnswer => ({ ok: false, sentence, ms: 0 })
  const reading = figureCondition(text)
  if (!reading.ok) return fails(`the condition ${text} cannot be used: ${reading.why}`)
  const values: Record<string, number> = {}
  for (const name of reading.condition.figures) {
    const figure = facts.figure(name)
    if (!figure) return fails(`it has not pushed ${name} yet`)
    const age = clock.wall() - figure.at
    if (age > newerMs) return fails(`its last ${name} is ${inTime(age)} old`)
    values[name] = figure.value
  }
  const are = Object.entries(values)
    .map(([name, value]) => `${name} is ${shortNumber(value)}`)
    .join(', ')
  try {
    if (reading.condition.holds(values)) return { ok: true, sentence: are, ms: 0 }
    return fails(`${are}, wanted ${text}`)
  } catch (error) {
    return fails(`${are}, but ${text} cannot be worked out: ${error instanceof Error ? error.message : error}`)
  }
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(6)))
}
