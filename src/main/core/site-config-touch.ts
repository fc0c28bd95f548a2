import { changedSections, type Section, type SiteDefinition } from './config/index.ts'
import { launchFingerprint } from './coordinator/index.ts'

/** What a change of the configuration touches besides the values themselves. */
export interface ConfigTouch {
  /** Services that run and have to be restarted to work by it. */
  readonly restarts: readonly string[]
  /** Services that are in the site no more, or are another kind of service now, and run. */
  readonly stops: readonly string[]
  readonly added: readonly string[]
  /** Routes that are added, removed or changed. */
  readonly routes: readonly string[]
  /** Sections with any change. */
  readonly sections: readonly Section[]
  readonly sentence: string
}

/**
 * What would be touched if `after` took the place of `before`. `running`: the services that run or are wanted; `outdated`: those of them
 * that run with something else than `before` says. */
export function touchOf(
  before: SiteDefinition,
  after: SiteDefinition,
  running: readonly string[],
  outdated: readonly string[] = [],
): ConfigTouch {
  const sections = changedSections(before, after)
  const services = Object.values(after.services)
  const stops = running.filter((id) => after.services[id]?.kind !== before.services[id]?.kind)
  const restarts = services
    .filter(({ id }) => running.includes(id) && !stops.includes(id))
    .filter((service) => {
      const old = before.services[service.id]
      if (outdated.includes(service.id)) return true
      return old !== undefined && launchFingerprint(old) !== launchFingerprint(service)
    })
    .map(({ id }) => id)
  const added = services.filter(({ id }) => !before.services[id]).map(({ id }) => id)
  const routes = changedKeys(before.routes, after.routes)
  return {
    restarts,
    stops,
    added,
    routes,
    sections,
    sentence: sentenceOf({ restarts, stops, added, routes, sections }),
  }
}

function changedKeys(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): readonly string[] {
  const ids = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return ids.filter((id) => JSON.stringify(before[id]) !== JSON.stringify(after[id]))
}

function sentenceOf(touch: Omit<ConfigTouch, 'sentence'>): string {
  const { restarts, stops, added, routes, sections } = touch
  if (sections.length === 0 && restarts.length === 0) return 'Nothing changes.'
  const told = [
    ...(stops.length > 0 ? [`stops ${listed(stops)}`] : []),
    ...(restarts.length > 0 ? [`restarts ${listed(restarts)}`] : []),
    ...(added.length > 0 ? [`adds ${listed(added)}`] : []),
    ...(routes.length > 0 ? [`changes ${routes.length === 1 ? 'route' : 'routes'} ${listed(routes)}`] : []),
  ]
  const rest = sections.filter((section) => section !== 'routes' && (section !== 'services' || told.length === 0))
  if (told.length === 0) return `No service stops or restarts; changed: ${rest.join(', ')}.`
  const also = rest.length > 0 ? ` Also changed: ${rest.join(', ')}.` : ''
  return `This ${told.join(', ')}.${also}`
}

function listed(ids: readonly string[]): string {
  if (ids.length > 5) return `${ids.slice(0, 4).join(', ')} and ${ids.length - 4} more`
  return ids.length < 2 ? ids.join('') : `${ids.slice(0, -1).join(', ')} and ${ids.at(-1)}`
}
