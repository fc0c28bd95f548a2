import type { ServiceDefinition } from '#core/config/index.ts'
import type { NeedCondition } from '#shared/vocabulary.ts'
import type { Generations, Machine } from './machine.ts'
import { isReady } from './machine-health.ts'
import { conditionWords, inWords } from './preview.ts'

/** A service as others that need it see it; undefined for one that does not exist. */
export type Peer = { readonly service: ServiceDefinition; readonly machine: Machine } | undefined

export interface NeedsVerdict {
  /** The first need that is not met, one sentence; null when all are. */
  readonly unmet: string | null
  /** The first need that is in trouble, one sentence. */
  readonly trouble: string | null
  readonly met: Readonly<Record<string, boolean>>
  /** Of the needs that it is restarted after. */
  readonly generations: Generations
}

/** What the needs of a service say about whether it may start, and whether its own health can be told. */
export function judgeNeeds(service: ServiceDefinition, peer: (id: string) => Peer): NeedsVerdict {
  const met: Record<string, boolean> = {}
  let unmet: string | null = null
  let trouble: string | null = null
  for (const [id, condition] of Object.entries(service.needs)) {
    const need = peer(id)
    const fine = isMet(condition, need)
    met[id] = fine
    if (!fine) unmet ??= unmetSentence(id, condition, need)
    if (need) trouble ??= troubleSentence(need)
  }
  // What somebody else runs has no children that the console could count.
  const followed = service.follows.flatMap((id) => {
    const need = peer(id)
    return need && need.service.kind !== 'external' ? [[id, need.machine.generation] as const] : []
  })
  return { unmet, trouble, met, generations: Object.fromEntries(followed) }
}

/** A completed service has been everything that it was to be. */
function isMet(condition: NeedCondition, need: Peer): boolean {
  if (!need) return false
  const { machine, service } = need
  if (machine.state === 'completed') return true
  switch (condition) {
    case 'started':
      return machine.state === 'running' || machine.state === 'external'
    case 'ready':
      return isReady(machine, service)
    case 'healthy':
      return machine.state === 'external'
        ? isReady(machine, service)
        : machine.state === 'running' && machine.health === 'healthy'
    case 'completed':
      return false
  }
}

function unmetSentence(id: string, condition: NeedCondition, need: Peer): string {
  if (!need) return `Waits for ${id}, which does not exist.`
  const { machine, service } = need
  if (!service.enabled && !machine.wanted) return `Waits for ${service.title}, which is switched off in site.yaml.`
  if (machine.state === 'failed') return `Waits for ${service.title}, which has failed: ${machine.reason}`
  const wanted = `Waits for ${service.title} to be ${conditionWords[condition]}`
  return machine.state === 'running' || machine.state === 'external'
    ? `${wanted}; it is ${machine.health}: ${machine.reason}`
    : `${wanted}; it is ${inWords(machine.state)}.`
}

function troubleSentence({ machine, service }: NonNullable<Peer>): string | null {
  if (machine.state === 'running' && machine.trouble !== null) {
    return `Not known while ${service.title}, which it needs, is itself in doubt. ${machine.trouble}`
  }
  if (machine.health === 'unhealthy' || machine.state === 'failed') {
    return `Not known while ${service.title}, which it needs, is ${machine.state === 'failed' ? 'failed' : 'unhealthy'}.`
  }
  if (machine.state === 'running' || machine.state === 'external' || machine.state === 'completed') return null
  return `Not known while ${service.title}, which it needs, is ${inWords(machine.state)}.`
}
