import type { ServiceView, SiteView } from '#shared/contract/index.ts'

/** Services under one heading. */
export interface ServiceGroup {
  readonly id: string
  /** Null where the site uses no phases: then one heading would say nothing. */
  readonly title: string | null
  readonly services: readonly ServiceView[]
}

/** The services under the phases of the site, in its order; within a phase in the order of starting. Without a phase: at the end. */
export function groupsOf(
  services: readonly ServiceView[],
  { phases, waves }: Pick<SiteView, 'phases' | 'waves'>,
): readonly ServiceGroup[] {
  const place = new Map(waves.flat().map((id, index) => [id, index]))
  const rank = (service: ServiceView) => place.get(service.id) ?? Number.MAX_SAFE_INTEGER
  const sorted = services.toSorted((a, b) => rank(a) - rank(b) || a.id.localeCompare(b.id))
  const known = new Set(phases.map(({ id }) => id))
  const named = phases.map(({ id, title }) => ({ id, title, services: sorted.filter(({ phase }) => phase === id) }))
  const used = named.filter((group) => group.services.length > 0)
  const others = sorted.filter(({ phase }) => phase === null || !known.has(phase))
  if (others.length === 0) return used
  return [...used, { id: 'no-phase', title: used.length === 0 ? null : 'Other services', services: others }]
}
