import type { DependencyView } from '#shared/contract/dependencies.ts'
import { ConsoleError } from '#shared/problem.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { siteNotUsed } from '../site-not-used.ts'
import { moment, table } from '../words.ts'
import { type CommandContext, show } from './context.ts'

/** `wheelhouse dependency list`: what services call through the console, and whether calls pass. */
export async function dependencyList(context: CommandContext): Promise<number> {
  await using reached = await context.reach('any')
  const { dependencies, site } = await firstState(reached.connection)
  const list = Object.values(dependencies)
  const text = dependenciesText(list, site.site?.zone ?? 'UTC')
  show(context, { dependencies: list }, list.length === 0 ? (siteNotUsed(site.site) ?? text) : text)
  return exitCodes.done
}

/** `wheelhouse dependency show ID`. */
export async function dependencyShow(context: CommandContext, id: string): Promise<number> {
  await using reached = await context.reach('any')
  const { dependencies, site } = await firstState(reached.connection)
  const dependency = dependencies[id]
  if (!dependency) {
    throw new ConsoleError(
      'dependency-unknown',
      `This site has no dependency "${id}".`,
      siteNotUsed(site.site) ?? `It has ${Object.keys(dependencies).sort().join(', ') || 'none'}.`,
      { params: { dependency: id } },
    )
  }
  show(context, { dependency }, dependencyText(dependency, site.site?.zone ?? 'UTC'))
  return exitCodes.done
}

/** `wheelhouse dependency isolate|reset ID`. */
export async function actOnDependency(context: CommandContext, act: 'isolate' | 'reset', id: string): Promise<number> {
  await using reached = await context.reach('host')
  await reached.connection.calls.dependencies[act]({ dependency: id })
  const sentence =
    act === 'isolate' ? `Calls are kept away from ${id} until it is reset.` : `Calls to ${id} pass again.`
  show(context, { done: act, dependency: id }, sentence)
  return exitCodes.done
}

/** `wheelhouse dependency check ID`: asks it now; ends with 1 when it does not answer as it should. */
export async function checkDependency(context: CommandContext, id: string): Promise<number> {
  await using reached = await context.reach('host')
  const answer = await reached.connection.calls.dependencies.check({ dependency: id })
  show(context, { dependency: id, ...answer }, `${id}: ${answer.ok ? 'passed' : 'FAILED'}: ${answer.sentence}.`)
  return answer.ok ? exitCodes.done : exitCodes.failed
}

export function dependenciesText(list: readonly DependencyView[], zone: string): string {
  if (list.length === 0) return 'This site declares no dependencies.'
  const rows = list.map(({ id, url, state, since, figures, users, check }) => [
    id,
    url,
    state,
    moment(since, zone),
    `${figures.ends.answered}/${figures.ends.fallback}/${figures.ends.failed}`,
    figures.calls === 0 ? '-' : `${figures.p50}/${figures.p99}`,
    check?.last ? `${check.last.ok ? 'passed' : 'FAILED'} ${moment(check.last.at, zone)}` : '-',
    users.map(({ service, required }) => (required ? service : `(${service})`)).join(' ') || '-',
  ])
  const header = [
    'DEPENDENCY',
    'WHERE',
    'BREAKER',
    'SINCE',
    'ANSWERED/FALLBACK/FAILED',
    'P50/P99 MS',
    'CHECK',
    'USED BY',
  ]
  const unwell = list.flatMap(({ id, state, sentence, problem }) =>
    state === 'closed' && problem === null ? [] : [`${id}: ${sentence}`],
  )
  return [table(header, rows, []), ...unwell].join('\n')
}

export function dependencyText(dependency: DependencyView, zone: string): string {
  const { title, url, state, since, sentence, rule, nextTryAt, figures, check, users, troubled } = dependency
  const { ends, tries, kept } = figures
  const used = users.map(({ service, required }) => `${service} (${required ? 'required' : 'optional'})`).join(', ')
  return [
    `${title} at ${url}`,
    `  breaker   ${state} since ${moment(since, zone)}. ${sentence}`,
    ...(nextTryAt === null ? [] : [`  next try  ${moment(nextTryAt, zone)}`]),
    `  rule      ${rule}`,
    `  used by   ${used || 'no service'}`,
    `  calls     ${figures.calls}: ${ends.answered} answered, ${ends.fallback} by the fallback, ${ends.failed} failed, ${ends.abandoned} given up, ${ends.refused} not allowed`,
    `  tries     ${tries.total}, ${tries.failed} failed, ${tries.repeated} repeated; kept away ${kept.open} by the breaker, ${kept.busy} by too many at once`,
    `  took      ${figures.p50} ms p50, ${figures.p99} ms p99 until answers began`,
    `  check     ${check?.last ? `${check.last.ok ? 'passed' : 'FAILED'} ${moment(check.last.at, zone)}: ${check.last.sentence}` : 'none yet'}`,
    ...troubled.map(
      ({ at, caller, method, path, end, sentence: why, requestId }) =>
        `  ${moment(at, zone)}  ${end.padEnd(9)}  ${caller} ${method} ${path}: ${why}  (${requestId})`,
    ),
  ].join('\n')
}
