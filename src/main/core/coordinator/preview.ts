import type { SiteDefinition } from '#core/config/index.ts'
import type { ServiceAction } from '#shared/contract/services.ts'
import type { Touch } from '#shared/contract/shared-schemas.ts'
import type { NeedCondition, ServiceState } from '#shared/vocabulary.ts'
import { allDependents, followSet, type ServiceGraph, startSet, stopSet } from './planner.ts'

/** What is known of each service when an action is previewed. */
export type StatesNow = (id: string) => { readonly state: ServiceState; readonly title: string }

type Touched = Touch['services'][number]

/** What an action will touch, in the order in which it will happen, before anything happens. */
export function previewAction(
  action: ServiceAction,
  service: string | undefined,
  site: Pick<SiteDefinition, 'services' | 'routes'>,
  now: StatesNow,
): Touch {
  const touch = touchOf(action, service, site, now)
  return { ...touch, routes: routesOf(touch.services, site) }
}

/** The routes that carry nothing while the broker that they take messages from is down. */
function routesOf(
  touched: readonly Touched[],
  { services, routes }: Pick<SiteDefinition, 'services' | 'routes'>,
): Touch['routes'] {
  const broker = touched.find(({ id, what }) => what !== 'start' && services[id]?.use === 'broker')
  if (!broker) return []
  const why =
    broker.what === 'stop'
      ? `carries no messages while ${broker.id} is stopped`
      : `carries no messages until ${broker.id} runs again`
  return Object.values(routes).flatMap(({ id, on }) => (on ? [{ id, why }] : []))
}

function touchOf(
  action: ServiceAction,
  service: string | undefined,
  graph: ServiceGraph,
  now: StatesNow,
): Omit<Touch, 'routes'> {
  const all = Object.values(graph.services)
  switch (action) {
    case 'start':
      return startTouch(service ?? '', graph, now)
    case 'stop':
      return stopTouch(service ?? '', graph, now)
    case 'restart':
      return restartTouch(service ?? '', graph, now)
    case 'start-all': {
      const enabled = all.filter((each) => each.enabled && each.kind !== 'external').map((each) => each.id)
      const services = startSet(graph, enabled)
        .filter((id) => enabled.includes(id) && !isUp(now(id).state))
        .map((id): Touched => ({ id, what: 'start', why: 'it is not running' }))
      return {
        sentence: services.length === 0 ? 'Everything runs already.' : `Start ${counted(services.length)}.`,
        services,
        undo: 'Stop all stops them again.',
        commandLine: 'wheelhouse start --all',
      }
    }
    case 'stop-all': {
      const services = stopSet(
        graph,
        all.map((each) => each.id),
      )
        .filter((id) => isStoppable(now(id).state))
        .map((id): Touched => ({ id, what: 'stop', why: `it is ${inWords(now(id).state)}` }))
      return {
        sentence:
          services.length === 0 ? 'Nothing runs.' : `Stop ${counted(services.length)}, those that need others first.`,
        services,
        undo: 'Start all starts them again.',
        commandLine: 'wheelhouse stop --all',
      }
    }
    case 'emergency-stop': {
      const services = all
        .filter((each) => isStoppable(now(each.id).state))
        .map((each): Touched => ({ id: each.id, what: 'stop', why: 'everything is killed at once, in no order' }))
      return {
        sentence: `Kill ${counted(services.length)} at once, without asking them to end.`,
        services,
        undo: 'Start all starts them again; what they had not yet written to disk is lost.',
        commandLine: 'wheelhouse emergency-stop',
      }
    }
  }
}

function startTouch(service: string, graph: ServiceGraph, now: StatesNow): Omit<Touch, 'routes'> {
  const services = startSet(graph, [service])
    .filter((id) => id === service || (graph.services[id]?.enabled && graph.services[id].kind !== 'external'))
    .filter((id) => !isUp(now(id).state))
    .map((id): Touched => ({ id, what: 'start', why: id === service ? 'asked for' : whyNeeded(id, service, graph) }))
  const needed = services.filter(({ id }) => id !== service).map(({ id }) => id)
  return {
    sentence: isUp(now(service).state)
      ? `${service} runs already.`
      : needed.length === 0
        ? `Start ${service}.`
        : `Start ${service} and ${counted(needed.length)} that it needs (${needed.join(', ')}).`,
    services,
    undo: `Stop ${service} stops it again.`,
    commandLine: `wheelhouse start ${service}`,
  }
}

function stopTouch(service: string, graph: ServiceGraph, now: StatesNow): Omit<Touch, 'routes'> {
  const services = stopSet(graph, [service])
    .filter((id) => isStoppable(now(id).state))
    .map((id): Touched => ({ id, what: 'stop', why: id === service ? 'asked for' : whyNeeds(id, service, graph) }))
  const others = services.filter(({ id }) => id !== service).map(({ id }) => id)
  return {
    sentence:
      services.length === 0
        ? `${service} does not run.`
        : others.length === 0
          ? `Stop ${service}. Nothing that runs needs it.`
          : `Stop ${service} and ${counted(others.length)} that ${others.length === 1 ? 'needs' : 'need'} it (${others.join(', ')}).`,
    services,
    undo: others.length === 0 ? `Start ${service} starts it again.` : 'Start all starts them again.',
    commandLine: `wheelhouse stop ${service}`,
  }
}

function restartTouch(service: string, graph: ServiceGraph, now: StatesNow): Omit<Touch, 'routes'> {
  const after = followSet(graph, service).filter((id) => isUp(now(id).state))
  const others = allDependents(graph, service).filter((id) => !after.includes(id))
  const first =
    after.length === 0
      ? `Restart ${service}.`
      : `Restart ${service} and ${counted(after.length)} that ${after.length === 1 ? 'is' : 'are'} restarted after it (${after.join(', ')}).`
  const [needs, stays, loses] = others.length === 1 ? ['needs', 'stays', 'loses'] : ['need', 'stay', 'lose']
  const rest =
    others.length > 0
      ? ` ${counted(others.length, true)} that ${needs} it (${others.join(', ')}) ${stays} up and ${loses} it for a moment.`
      : after.length === 0
        ? ' Nothing needs it.'
        : ''
  return {
    sentence: `${first}${rest}`,
    services: [
      { id: service, what: 'restart', why: 'asked for' },
      ...after.map(
        (id): Touched => ({
          id,
          what: 'restart',
          why: `it is restarted after ${followed(id, [service, ...after], graph)}`,
        }),
      ),
    ],
    undo: 'A restart cannot be undone; what the service had not yet written to disk may be lost.',
    commandLine: `wheelhouse restart ${service}`,
  }
}

/** Which of those that are restarted comes last before this one. */
function followed(id: string, restarted: readonly string[], graph: ServiceGraph): string {
  const follows = graph.services[id]?.follows ?? []
  return restarted.findLast((other) => follows.includes(other)) ?? restarted[0] ?? id
}

function whyNeeded(id: string, by: string, graph: ServiceGraph): string {
  const condition = graph.services[by]?.needs[id]
  if (condition) return `${by} needs it to be ${conditionWords[condition]}`
  const through = Object.keys(graph.services[by]?.needs ?? {}).find((need) => startSet(graph, [need]).includes(id))
  return `${through ?? by}, which ${by} needs, needs it`
}

function whyNeeds(id: string, on: string, graph: ServiceGraph): string {
  const condition = graph.services[id]?.needs[on]
  if (condition) return `it needs ${on} to be ${conditionWords[condition]}`
  const through = Object.keys(graph.services[id]?.needs ?? {}).find((need) => startSet(graph, [need]).includes(on))
  return `it needs ${through ?? on}, which needs ${on}`
}

/** A need's condition as it stands after "to be". */
export const conditionWords: Readonly<Record<NeedCondition, string>> = {
  started: 'started',
  ready: 'ready',
  healthy: 'healthy',
  completed: 'completed',
}

/** A state as it stands after "it is". */
export function inWords(state: ServiceState): string {
  return state === 'backing-off' ? 'about to be restarted' : state === 'external' ? 'run by somebody else' : state
}

function isUp(state: ServiceState): boolean {
  return state === 'running' || state === 'starting' || state === 'completed' || state === 'external'
}

function isStoppable(state: ServiceState): boolean {
  return state === 'running' || state === 'starting' || state === 'waiting' || state === 'backing-off'
}

function counted(count: number, first = false): string {
  const number = count === 0 ? (first ? 'No' : 'no') : String(count)
  return `${number} ${count === 1 ? 'service' : 'services'}`
}
