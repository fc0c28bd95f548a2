import type { RouteDefinition } from '#core/config/index.ts'
import { compileBatch } from './batch-stage.ts'
import { compileEnrich } from './enrich-stage.ts'
import { Expressions } from './expressions.ts'
import { compileSchema } from './payload-schema.ts'
import { circlesAmong, reaches } from './route-circles.ts'
import { sourceOf } from './route-source.ts'
import { compileTargetKeys } from './target-keys.ts'
import { keepsTopic } from './target-topic.ts'
import { mistakeInTopic, type TopicMistake } from './topic-filter.ts'
import { isPattern } from './topic-pattern.ts'

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
  if (typeof route.map === 'string') {
    const compiled = expressions.mapping(route.map)
    if ('mistake' in compiled) problems.push(problem('map', compiled.mistake, remedyOfExpression))
  }
  if (route.batch !== null) {
    const compiled = compileBatch(route.batch, expressions)
    if ('mistake' in compiled) problems.push(problem(`batch.${compiled.entry}`, compiled.mistake, remedyOfExpression))
  }
  for (const [index, target] of route.to.entries()) {
    const compiled = compileTargetKeys({ to: [target] }, expressions)
    if ('mistake' in compiled) problems.push(problem(`to.${index}.key`, compiled.mistake, remedyOfExpression))
    if (target.kind !== 'mqtt') continue
    const mistake = mistakeInTopic(keepsTopic(target.topic) ? target.topic.replace('#', 'x') : target.topic)
    if (mistake) {
      problems.push(
        problem(`to.${index}.mqtt`, mistake, 'Name one topic to publish to, such as "site/board/presence".'),
      )
    } else if (!('mistake' in from) && target.broker === route.broker && reaches(target.topic, from, from)) {
      problems.push({
        path: `to.${index}.mqtt`,
        message: `Route ${route.id} would receive its own output: "${target.topic}" matches its source "${route.from}"${route.broker === undefined ? '' : ` on ${route.broker}`}.`,
        remedy: 'Publish to a topic outside the source, or make the source narrower.',
      })
    }
  }
  return problems
}

/**
 * Every mistake in the routes of a site, those between routes included: routes that feed each other in a circle, be it by way of several
 * brokers.
 */
export function checkRoutes(
  routes: readonly RouteDefinition[],
): readonly (RouteProblem & { readonly route: string })[] {
  const expressions = new Expressions()
  const alone = routes.flatMap((route) =>
    checkRoute(route, expressions).map((found) => ({ ...found, route: route.id })),
  )
  const circles = circlesAmong(routes.filter((route) => route.on)).map(({ circle, path }) => ({
    route: circle[0] ?? '',
    path: 'to',
    message: `Routes feed each other in a circle: ${path}. A message would go round for ever.`,
    remedy: 'Give one of them a target topic that none of the others listens to.',
    circle,
  }))
  return [...alone, ...circles.flatMap(({ circle, ...found }) => circle.map((route) => ({ ...found, route })))]
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
