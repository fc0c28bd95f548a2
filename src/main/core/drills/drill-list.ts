import type { DrillDefinition, ServiceDefinition, SiteDefinition } from '#core/config/index.ts'

/** A drill that can be done. */
export interface Drill {
  readonly id: string
  readonly title: string
  readonly do: DrillDefinition['do']
  readonly service: string
  readonly declared: boolean
  readonly schedule: string | null
  readonly withinMs: number
}

/** Time for drills that site.yaml does not name. Milliseconds. */
const usualWithinMs = 120_000

/** The drills of a site: those that site.yaml declares, then for each service the usual ones that it does not declare. */
export function drillsOf(definition: SiteDefinition): readonly Drill[] {
  const declared = Object.values(definition.drills).map((drill): Drill => {
    const title = drill.title ?? titleOf(drill.do, drill.of, definition)
    const { id, of: service, schedule, withinMs } = drill
    return { id, title, do: drill.do, service, declared: true, schedule, withinMs }
  })
  const usual = Object.values(definition.services).flatMap((service) =>
    usualDeeds(service).flatMap((deed): readonly Drill[] => {
      const id = `${deed === 'cut-broker' ? 'cut' : deed === 'corrupt-database' ? 'corrupt' : deed}-${service.id}`
      if (declared.some((each) => each.id === id || (each.do === deed && each.service === service.id))) return []
      const title = titleOf(deed, service.id, definition)
      return [{ id, title, do: deed, service: service.id, declared: false, schedule: null, withinMs: usualWithinMs }]
    }),
  )
  return [...declared, ...usual]
}

function usualDeeds(service: ServiceDefinition): readonly DrillDefinition['do'][] {
  if (!service.enabled || service.oneShot) return []
  if (service.use === 'broker') return ['cut-broker']
  if (service.use === 'database') return service.database?.target.engine === 'sqlite' ? ['corrupt-database'] : []
  if (service.kind !== 'node' && service.kind !== 'process') return []
  // Nothing could notice that a service without a probe stands still.
  return service.probes.readiness || service.probes.liveness ? ['kill', 'freeze'] : ['kill']
}

const verbs = { kill: 'Kill', freeze: 'Freeze', 'cut-broker': 'Cut', 'corrupt-database': 'Corrupt' } as const

function titleOf(deed: DrillDefinition['do'], service: string, { services }: SiteDefinition): string {
  return `${verbs[deed]} ${services[service]?.title ?? service}`
}
