import type { RouteDefinition } from '#core/config/index.ts'
import { compileBatch } from './batch-stage.ts'
import { compileEnrich } from './enrich-stage.ts'
import { Expressions } from './expressions.ts'
import { FilterTrie } from './filter-trie.ts'
import { compileSchema } from './payload-schema.ts'
import { filterMatches, mistakeInTopic, parseTopicFilter, type TopicFilter, type TopicMistake } from './topic-filter.ts'
import { isPattern, longestPatternTopic, parsePattern } from './topic-pattern.ts'

/** A mistake in a route: where in its definition, what is wrong, and what to do about it. Full sentences. */
export interface RouteProblem {
  /** Path below the route: `from`, `where`, `to.0.topic`. */
  readonly path: string
  readonly message: string
  readonly remedy: string
}

/** Every mistake in one route by itself. Needs no thread and no broker. */
export function checkRoute(
  route: RouteDefinition,
  expressions: Expressions = new Expressions(),
): readonly RouteProblem[] {
  const problems: RouteProblem[] = []
  const from = sourceOf(route.from)
  if ('mistake' in from) problems.push(problem('from', from.mistake, remedyOfSource(route.from)))
  if (route.where !== null) {
    const compiled = expressions.condition(route.where)
    if ('mistake' in compiled) problems.push(problem('where', compiled.mistake, remedyOfExpression))
  }
  if (route.validate !== null) {
    const compiled = compileSchema(route.validate)
    if ('mistake' in compiled) {
      const { message } = compiled.mistake
      problems.push({ path: 'validate', message, remedy: 'Correct the schema; docs/routes.md says what it can hold.' })
    }
  }
  if (route.limit !== null && typeof route.limit.per !== 'string') {
    const compiled = expressions.key(route.limit.per.expression)
    if ('mistake' in compiled) problems.push(problem('limit.per', compiled.mistake, remedyOfExpression))
  }
  if (route.enrich !== null) {
    const compiled = compileEnrich(route.enrich, expressions)
    if ('mistake' in compiled) problems.push(problem(`enrich.${compiled.field}`, compiled.mistake, remedyOfExpression))
  }
  if (route.tag !== null) {
    const compiled = expressions.mapping(route.tag.expression)
    if ('mistake' in compiled) problems.push(problem('tag', compiled.mistake, remedyOfExpression))
  }
  if (route.map !== null) {
    const compiled = expressions.mapping(route.map)
    if ('mistake' in compiled) problems.push(problem('map', compiled.mistake, remedyOfExpression))
  }
  if (route.batch !== null) {
    const compiled = compileBatch(route.batch, expressions)
    if ('mistake' in compiled) problems.push(problem(`batch.${compiled.entry}`, compiled.mistake, remedyOfExpression))
  }
  for (const [index, target] of route.to.entries()) {
    if (target.kind !== 'mqtt') continue
    const mistake = mistakeInTopic(target.topic)
    if (mistake) {
      problems.push(
        problem(`to.${index}.mqtt`, mistake, 'Name one topic to publish to, such as "site/board/presence".'),
      )
    } else if (!('mistake' in from) && from.matches(target.topic)) {
      problems.push({
        path: `to.${index}.mqtt`,
        message: `Route ${route.id} would receive its own output: "${target.topic}" matches its source "${route.from}".`,
        remedy: 'Publish to a topic outside the source, or make the source narrower.',
      })
    }
  }
  return problems
}

/**
 * Every mistake in the routes of a site, those between routes included: routes that feed each other in a circle. As targets are
 * fixed topics, the graph of "the output of one is the input of another" is known exactly, and no circle can be missed.
 */
export function checkRoutes(
  routes: readonly RouteDefinition[],
): readonly (RouteProblem & { readonly route: string })[] {
  const expressions = new Expressions()
  const alone = routes.flatMap((route) =>
    checkRoute(route, expressions).map((found) => ({ ...found, route: route.id })),
  )
  const feeds = feedsOf(routes.filter((route) => route.on))
  const circles = circlesIn(feeds).map((circle) => {
    const [first = ''] = circle
    return {
      route: first,
      path: 'to',
      message: `Routes feed each other in a circle: ${[...circle, first].join(' → ')}. A message would go round for ever.`,
      remedy: 'Give one of them a target topic that none of the others listens to.',
      circle,
    }
  })
  return [...alone, ...circles.flatMap(({ circle, ...found }) => circle.map((route) => ({ ...found, route })))]
}

/** Where a route listens: its matcher, and the filter when it is one. */
export interface RouteSource {
  readonly matches: (topic: string) => boolean
  readonly filter: TopicFilter | null
}

/** Reads a route's `from`, or says what is wrong with it. */
export function sourceOf(from: string): RouteSource | { readonly mistake: TopicMistake } {
  if (isPattern(from)) {
    const parsed = parsePattern(from)
    if ('mistake' in parsed) return parsed
    const { pattern } = parsed
    // Like a leading wildcard, an expression does not reach the broker's own topics.
    const matches = (topic: string) =>
      topic.length <= longestPatternTopic && !topic.startsWith('$') && pattern.test(topic)
    return { matches, filter: null }
  }
  const parsed = parseTopicFilter(from)
  if ('mistake' in parsed) return parsed
  if (parsed.filter.share !== null) {
    return { mistake: { message: 'Shared subscriptions ($share) are not served in routes.', position: 0 } }
  }
  return { matches: (topic) => filterMatches(parsed.filter, topic), filter: parsed.filter }
}

const remedyOfExpression = 'Correct the expression; docs/routes.md lists what it can use.'

function remedyOfSource(from: string): string {
  if (isPattern(from))
    return 'Simplify the expression between the slashes, or use a topic filter such as "site/+/status".'
  return from.startsWith('$share')
    ? 'Write the filter without "$share/<group>/".'
    : 'Write a topic filter such as "site/+/status" or "site/#", or a regular expression between slashes.'
}

function problem(path: string, mistake: TopicMistake, remedy: string): RouteProblem {
  return { path, message: `${mistake.message} (at character ${mistake.position + 1})`, remedy }
}

/** For each route the others that its output reaches. A route that reaches itself is reported by {@link checkRoute}. */
function feedsOf(routes: readonly RouteDefinition[]): ReadonlyMap<string, readonly string[]> {
  const filters = new FilterTrie<string>()
  const patterns: { readonly id: string; readonly matches: RouteSource['matches'] }[] = []
  for (const { id, from } of routes) {
    const source = sourceOf(from)
    if ('mistake' in source) continue
    if (source.filter) filters.add(source.filter, id)
    else patterns.push({ id, matches: source.matches })
  }
  const readersOf = (topic: string) => [
    ...filters.match(topic.split('/')),
    ...patterns.filter((pattern) => pattern.matches(topic)).map((pattern) => pattern.id),
  ]
  return new Map(
    routes.map((route) => {
      const topics = new Set(route.to.flatMap((target) => (target.kind === 'mqtt' ? [target.topic] : [])))
      const reached = new Set([...topics].flatMap(readersOf))
      reached.delete(route.id)
      return [route.id, [...reached]]
    }),
  )
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
