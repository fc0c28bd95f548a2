import type { PolicyDefinition, SiteDefinition } from '#core/config/index.ts'
import type { MachineView, ServiceView } from '#shared/contract/state.ts'
import type { FigureCondition } from './expression.ts'
import type { FiguresPort } from './types.ts'

/** What can be seen of the site at one moment. */
export interface Sight {
  readonly definition: SiteDefinition
  readonly services: Readonly<Record<string, ServiceView>>
  readonly machine: MachineView | undefined
  readonly figures: Pick<FiguresPort, 'latest'> | null
  /** Wall-clock milliseconds: the age of figures. */
  readonly wall: number
}

/** Whether a condition holds for a subject: yes, surely not, or neither; and the sentence behind it. */
export interface Finding {
  readonly subject: string
  readonly holds: boolean
  /** `well`: the opposite is sure. `idle`: it is not wanted to run. `unsure`: neither, such as while it is starting. */
  readonly otherwise: 'well' | 'idle' | 'unsure'
  readonly evidence: string
}

/** A figure older than this tells nothing. Milliseconds. */
const figureAgeMs = 2 * 60_000

/** What a policy finds, for each of its subjects. Events are not seen here: they are remembered as they come. */
export function findings(
  policy: PolicyDefinition,
  condition: FigureCondition | null,
  sight: Sight,
): readonly Finding[] {
  const { when } = policy
  switch (when.kind) {
    case 'health':
      return servicesOf(when.of, sight).map((view) => ofHealth(view, when.is))
    case 'site':
      return [ofSite(sight)]
    case 'metric':
      return condition
        ? servicesOf(when.of, sight).map((view) => ofMetric(view, when.expression, condition, sight))
        : []
    case 'machine':
      return condition ? [ofMachine(when.expression, condition, sight.machine)] : []
    case 'event':
      return []
  }
}

/** The services that a condition is about; `all` leaves out what somebody else runs. */
function servicesOf(of: readonly string[] | 'all', { services }: Sight): readonly ServiceView[] {
  const all = Object.values(services)
  return of === 'all' ? all.filter(({ kind }) => kind !== 'external') : all.filter(({ id }) => of.includes(id))
}

function ofHealth(view: ServiceView, is: 'unhealthy' | 'failed' | 'degraded'): Finding {
  const { id, title, wanted, state, health, reason } = view
  const runs = state === 'running' || state === 'external'
  const failed = state === 'failed'
  const bad =
    is === 'failed'
      ? failed
      : is === 'degraded'
        ? runs && health === 'degraded'
        : failed || (runs && health === 'unhealthy')
  const said = failed ? 'has failed' : `is ${health}`
  return {
    subject: `service:${id}`,
    holds: wanted && bad,
    otherwise: !wanted ? 'idle' : state === 'completed' || (runs && health === 'healthy') ? 'well' : 'unsure',
    evidence: `${title} ${said}. ${reason}`,
  }
}

function ofSite({ definition, services }: Sight): Finding {
  const counted = Object.values(services).filter(
    ({ id, wanted, kind }) => wanted && kind !== 'external' && definition.services[id]?.optional !== true,
  )
  const broken = counted.filter(
    ({ state, health }) => state === 'failed' || (state === 'running' && health === 'unhealthy'),
  )
  const down = counted.filter((view) => broken.includes(view) || view.state === 'waiting')
  const holds = broken.length > 0 && down.length >= 2 && down.length * 2 >= counted.length
  return {
    subject: 'site',
    holds,
    otherwise: counted.length === 0 ? 'idle' : down.length === 0 ? 'well' : 'unsure',
    evidence: `${down.length} of ${counted.length} services are down: ${down
      .map(({ id }) => id)
      .slice(0, 6)
      .join(', ')}.`,
  }
}

function ofMetric(
  view: ServiceView,
  expression: string,
  condition: FigureCondition,
  { figures, wall }: Sight,
): Finding {
  const known: Record<string, number> = {}
  for (const name of condition.names) {
    const latest = figures?.latest(view.id, name)
    if (latest && wall - latest.at <= figureAgeMs) known[name] = latest.value
  }
  const holds = view.wanted ? condition.holds(known) : false
  return {
    subject: `service:${view.id}`,
    holds: holds === true,
    otherwise: !view.wanted ? 'idle' : holds === false ? 'well' : 'unsure',
    evidence: `${view.title}: ${expression}, for ${inFigures(known)}.`,
  }
}

function ofMachine(expression: string, condition: FigureCondition, machine: MachineView | undefined): Finding {
  const figures: Record<string, number> = machine
    ? {
        memory: (100 * machine.memory.used) / machine.memory.total,
        cpu: machine.cpu.percent,
        ...(machine.disk && { disk: 100 - (100 * machine.disk.free) / machine.disk.total }),
        ...(machine.temperature !== null && { temperature: machine.temperature }),
      }
    : {}
  const holds = condition.holds(figures)
  const named = Object.fromEntries(Object.entries(figures).filter(([name]) => condition.names.includes(name)))
  return {
    subject: 'machine',
    holds: holds === true,
    otherwise: holds === false ? 'well' : 'unsure',
    evidence: `The machine: ${expression}, for ${inFigures(named)}.`,
  }
}

function inFigures(figures: Readonly<Record<string, number>>): string {
  const said = Object.entries(figures).map(([name, value]) => `${name} ${Math.round(value * 10) / 10}`)
  return said.length === 0 ? 'figures that are not known' : said.join(', ')
}
