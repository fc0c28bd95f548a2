import { isShipped } from './recovery-defaults.ts'
import type { PolicyEntry } from './recovery-schema.ts'
import { readStep } from './recovery-steps.ts'
import type { PolicyCondition, PolicyDefinition } from './types.ts'

/** The policies that can be used; the rules have told what is wrong with the others. */
export function toPolicies(entries: Readonly<Record<string, PolicyEntry>>): Readonly<Record<string, PolicyDefinition>> {
  const found = Object.entries(entries).flatMap(([id, entry]): readonly [string, PolicyDefinition][] => {
    const when = conditionOf(entry)
    const steps = (entry.do ?? []).flatMap((each) => {
      const read = readStep(each)
      return 'step' in read ? [read.step] : []
    })
    if (when === null || steps.length === 0) return []
    const { first, factor, cap } = entry.backoff
    const policy: PolicyDefinition = {
      id,
      title: entry.title ?? id,
      on: entry.on,
      shipped: isShipped(id),
      when,
      forMs: entry.for,
      steps,
      backoff: { firstMs: first, factor, capMs: cap },
      perDay: entry['per-day'],
      coolDownMs: entry['cool-down'],
    }
    return [[id, policy]]
  })
  return Object.fromEntries(found)
}

function conditionOf({ when, metric, machine, event, of }: PolicyEntry): PolicyCondition | null {
  const named = of === undefined || of === 'all' ? [] : [of].flat()
  const about = named.length === 0 ? 'all' : named
  switch (when) {
    case 'service.unhealthy':
      return { kind: 'health', is: 'unhealthy', of: about }
    case 'service.failed':
      return { kind: 'health', is: 'failed', of: about }
    case 'service.degraded':
      return { kind: 'health', is: 'degraded', of: about }
    case 'site.failing':
      return { kind: 'site' }
    case undefined:
      if (metric !== undefined) return { kind: 'metric', expression: metric, of: about }
      if (machine !== undefined) return { kind: 'machine', expression: machine, of: named }
      return event === undefined ? null : { kind: 'event', event, of: named }
  }
}
