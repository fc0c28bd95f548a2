import type { DeviceDefinition } from '#core/config/index.ts'
import type { DeviceView } from '#shared/contract/devices.ts'
import type { DeviceFacts } from './device-facts.ts'

/** A device as it is shown: what was heard of it, and whether anybody can tell at present. */
export function deviceView(
  facts: DeviceFacts,
  definition: DeviceDefinition,
  { broker, away }: { readonly broker: string | null; readonly away: { readonly since: number } | null },
): DeviceView {
  const { key, family, state, since, lastAt, reason, messages, perMinute, topic } = facts
  const { required } = definition
  const figures = facts.figures.flatMap((told) => {
    const figure = definition.figures.find(({ name }) => name === told.name)
    if (!figure) return []
    const { below, above, unit } = figure
    return [{ ...told, unit, limit: told.out === 'below' ? below : told.out === 'above' ? above : null }]
  })
  const isMissing = state === 'silent' || state === 'offline' || (state === 'never' && facts.overdue)
  return {
    key,
    family,
    broker,
    title: key === family ? definition.title : `${definition.title} ${key.slice(family.length + 1)}`,
    state: away ? 'unknown' : state,
    since: away ? Math.max(away.since, since) : since,
    lastAt,
    reason: away ? `Its broker${broker === null ? '' : ` ${broker}`} is away, so nobody can tell.` : sentence(reason),
    required,
    troubled: away === null && ((required && isMissing) || figures.some(({ out }) => out !== null)),
    messages,
    perMinute,
    topic,
    figures,
    client: null,
  }
}

function sentence(clause: string): string {
  return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}.`
}
