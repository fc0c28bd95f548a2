import type { RouteDefinition } from '#core/config/index.ts'
import { FilterTrie } from './filter-trie.ts'
import { type RouteSource, sourceOf } from './route-source.ts'
import { keepsTopic } from './target-topic.ts'
import { filtersMeet } from './topic-filter.ts'

/** Routes that feed each other, in the order in which a message passes them; and the same in words. */
export interface Circle {
  readonly circle: readonly string[]
  /** `out (desk/# → plant: #) → back (plant: desk/# → #) → out`; without brokers the ids alone. */
  readonly path: string
}

/**
 * One circle for every group of routes that feed each other. Of targets with a fixed topic, and of those that keep the topic of what a
 * filter lets in, none is missed. What a regular expression lets in and a target then keeps is not known before messages come.
 */
export function circlesAmong(routes: readonly RouteDefinition[]): readonly Circle[] {
  const readers = routes.flatMap((route) => {
    const source = sourceOf(route.from)
    return 'mistake' in source ? [] : [{ route, source }]
  })
  const feeds = feedsOf(readers)
  const byId = new Map(readers.map((reader) => [reader.route.id, reader]))
  return circlesIn(feeds).map((circle) => ({ circle, path: inWords(circle, byId) }))
}

/**
 * Whether what a target makes of messages of `from` may be matched by `by`, were both on one broker. Of a regular expression only where it is
 * certain: what keeps its topic comes back to the same expression, and to a filter that takes all that such a target can make.
 */
export function reaches(target: string, from: RouteSource, by: RouteSource): boolean {
  if (!keepsTopic(target)) return by.matches(target)
  const below = target === '#' ? [] : target.slice(0, -2).split('/')
  if (from.filter === null && target === '#' && from.text === by.text) return true
  if (by.filter === null) return false
  if (from.filter === null) return takesAllBelow(by.filter.levels, below)
  return filtersMeet([...below, ...from.filter.levels], by.filter.levels)
}

/** Whether a filter matches every topic below some levels; an expression lets in none that begin with `$`. */
function takesAllBelow(filter: readonly string[], below: readonly string[]): boolean {
  const above = filter.slice(0, -1)
  return (
    filter.at(-1) === '#' &&
    above.every((level, index) => level === below[index] || (level === '+' && index < below.length))
  )
}

interface Reader {
  readonly route: RouteDefinition
  readonly source: RouteSource
}

/** For each route the others that its output reaches. A route that reaches itself is a mistake of its own. */
function feedsOf(readers: readonly Reader[]): ReadonlyMap<string, readonly string[]> {
  const filters = new Map<string | undefined, FilterTrie<string>>()
  for (const { route, source } of readers) {
    if (!source.filter) continue
    const trie = filters.get(route.broker) ?? new FilterTrie<string>()
    filters.set(route.broker, trie)
    trie.add(source.filter, route.id)
  }
  const patterns = readers.filter(({ source }) => source.filter === null)
  return new Map(
    readers.map(({ route, source }) => {
      const reached = new Set<string>()
      for (const target of route.to) {
        if (target.kind !== 'mqtt') continue
        const { topic, broker } = target
        const slowly = keepsTopic(topic) ? readers : patterns
        if (!keepsTopic(topic)) for (const id of filters.get(broker)?.match(topic.split('/')) ?? []) reached.add(id)
        for (const other of slowly) {
          if (other.route.broker === broker && reaches(topic, source, other.source)) reached.add(other.route.id)
        }
      }
      reached.delete(route.id)
      return [route.id, [...reached]]
    }),
  )
}

function inWords(circle: readonly string[], byId: ReadonlyMap<string, Reader>): string {
  const members = circle.flatMap((id) => byId.get(id) ?? [])
  const first = circle[0] ?? ''
  const isOnOne = members.every(
    ({ route }) => route.broker === undefined && route.to.every((to) => to.kind !== 'mqtt' || to.broker === undefined),
  )
  if (isOnOne) return [...circle, first].join(' → ')
  const steps = members.map(({ route, source }, index) => {
    const next = members[(index + 1) % members.length]
    const way = route.to.find(
      (to) =>
        to.kind === 'mqtt' &&
        next !== undefined &&
        to.broker === next.route.broker &&
        reaches(to.topic, source, next.source),
    )
    const to = way?.kind === 'mqtt' ? ` → ${at(way.broker, way.topic)}` : ''
    return `${route.id} (${at(route.broker, route.from)}${to})`
  })
  return [...steps, first].join(' → ')
}

function at(broker: string | undefined, topic: string): string {
  return broker === undefined ? topic : `${broker}: ${topic}`
}

/** One circle for every group of routes that feed each other; none when the graph has none. */
function circlesIn(feeds: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const circles: string[][] = []
  const done = new Set<string>()
  const visit = (route: string, path: readonly string[]): void => {
    const seen = path.indexOf(route)
    if (seen >= 0) {
      circles.push(path.slice(seen))
      return
    }
    if (done.has(route)) return
    for (const next of feeds.get(route) ?? []) visit(next, [...path, route])
    done.add(route)
  }
  for (const route of feeds.keys()) visit(route, [])
  return circles
}
