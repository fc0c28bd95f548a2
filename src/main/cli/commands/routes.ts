import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type DryRunReport, dryRunBounds, type RouteOutcome, type StoredMessage } from '#shared/contract/index.ts'
import type { RouteView } from '#shared/contract/state.ts'
import { functionDeeds, functionFault } from '#shared/function-words.ts'
import { LineCheck } from '#shared/message-lines.ts'
import { ConsoleError } from '#shared/problem.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { siteNotUsed } from '../site-not-used.ts'
import { counted, moment, table } from '../words.ts'
import { type CommandContext, show } from './context.ts'

/** `wheelhouse route list`: every route with what came in and what became of it. */
export async function routeList(context: CommandContext): Promise<number> {
  await using reached = await context.reach('any')
  const { routes, site } = await firstState(reached.connection)
  const list = Object.values(routes).toSorted((one, other) => one.id.localeCompare(other.id))
  const text = list.length === 0 ? (siteNotUsed(site.site) ?? 'This site has no routes.') : routesText(list)
  show(context, { routes: list }, text)
  return exitCodes.done
}

/** `wheelhouse route show ID`: its text, as site.yaml has it. */
export async function routeShow(context: CommandContext, route: string): Promise<number> {
  await using reached = await context.reach('any')
  const { text, firstLine } = await reached.connection.calls.routes.text({ route })
  if (text === null) throw unknown(route)
  show(context, { route, text, firstLine }, text)
  return exitCodes.done
}

/** `wheelhouse route check ID FILE`: what would be wrong if it were written like that; ends with 1 when something is. */
export async function routeCheck(context: CommandContext, route: string, file: string): Promise<number> {
  const text = await textIn(file)
  await using reached = await context.reach('any')
  const { problems } = await reached.connection.calls.routes.check({ route, text })
  const lines = problems.map(
    ({ line, message, remedy }) => `${line === null ? '' : `${file}:${line}: `}${message} ${remedy}`,
  )
  show(context, { route, problems }, lines.length === 0 ? 'No mistakes.' : lines.join('\n'))
  return problems.length === 0 ? exitCodes.done : exitCodes.failed
}

/** `wheelhouse route save ID FILE`: writes it into site.yaml and puts it to use. */
export async function routeSave(context: CommandContext, route: string, file: string): Promise<number> {
  const text = await textIn(file)
  await using reached = await context.reach('any')
  const { routes } = reached.connection.calls
  const { base } = await routes.text({ route })
  await routes.save({ route, text, base })
  show(context, { saved: route }, `Route ${route} is in site.yaml and in use.`)
  return exitCodes.done
}

/** `wheelhouse route remove ID`: takes it out of site.yaml. */
export async function routeRemove(context: CommandContext, route: string): Promise<number> {
  await using reached = await context.reach('any')
  const { routes } = reached.connection.calls
  const { text, base } = await routes.text({ route })
  if (text === null) throw unknown(route)
  await routes.save({ route, text: null, base })
  show(context, { removed: route, text }, `Route ${route} is no longer in site.yaml. It was:\n${text}`)
  return exitCodes.done
}

/** `wheelhouse route try ID FILE`: what it would make of recorded messages, against what the one in use makes of them. */
export async function routeTry(
  context: CommandContext,
  route: string,
  file: string,
  on: { readonly recording?: string | undefined; readonly messages?: string | undefined },
): Promise<number> {
  const text = await textIn(file)
  const messages = on.messages === undefined ? [] : await messagesIn(on.messages)
  await using reached = await context.reach('any')
  const recording = on.recording ?? null
  const report = await reached.connection.calls.routes.dryRun({ route, text, messages, recording })
  const { site } = await firstState(reached.connection)
  show(context, report, reportText(report, site.site?.zone ?? 'UTC'))
  return exitCodes.done
}

/** The ledgers of routes as a table, a target a line: what came in is the sum of what follows, but for what is under way this moment. */
export function routesText(list: readonly RouteView[]): string {
  const rows = list.flatMap((route) =>
    route.targets.map((target, index) => [
      index === 0 ? route.id : '',
      index === 0 ? route.from : '',
      target.kind === target.name ? target.name : `${target.kind} ${target.name}`,
      `${route.received + target.carried}`,
      `${route.filtered + target.passedOver}`,
      `${route.limited}`,
      `${route.merged + target.merged}`,
      `${target.delivered}`,
      `${route.held + target.queued}`,
      `${target.dropped + target.expired}`,
      `${route.quarantined + target.quarantined}`,
    ]),
  )
  const header = [
    'ROUTE',
    'FROM',
    'TO',
    'IN',
    'FILTERED',
    'LIMITED',
    'MERGED',
    'DELIVERED',
    'QUEUED',
    'LOST',
    'QUARANTINE',
  ]
  const unwell = list.flatMap(({ id, lastError }) => (lastError === null ? [] : [`${id}: ${lastError}`]))
  const functions = list.flatMap(({ id, function: own }) =>
    own === null
      ? []
      : [
          `${id}: through ${own.words.replaceAll('`', '')}: ${functionDeeds(own)}`,
          ...[functionFault(own)].flatMap((fault) => (fault === null ? [] : [`${id}: ${fault}`])),
        ],
  )
  return [table(header, rows, header.slice(3)), ...functions, ...unwell].join('\n')
}

function reportText(report: DryRunReport, zone: string): string {
  const results = ['passed', 'filtered', 'limited', 'merged', 'quarantined', 'not matched'] as const
  const row = (what: string, counts: DryRunReport['before']) => [what, ...results.map((one) => `${counts[one] ?? 0}`)]
  const counts = table(
    ['', ...results.map((one) => one.toUpperCase())],
    [row('as it is', report.before), row('as written', report.after)],
    results.map((one) => one.toUpperCase()),
  )
  const differences = report.differences.map(({ message, before, after }) =>
    [
      `${moment(message.at, zone)} ${message.topic}`,
      `  was: ${outcomeText(before)}`,
      `  is:  ${outcomeText(after)}`,
    ].join('\n'),
  )
  const more = report.changed - report.differences.length
  return [
    counts,
    `${counted(report.changed, 'message')} of ${report.messages} would fare differently.`,
    ...differences,
    ...(more > 0 ? [`${more} more are not shown.`] : []),
  ].join('\n')
}

function outcomeText({ result, reason, outputs }: RouteOutcome): string {
  const given = outputs.map(({ target, payload, cut }) => `${target}: ${payload}${cut ? '…' : ''}`)
  return [result, ...(reason === null ? [] : [reason]), ...given].join('; ')
}

async function textIn(file: string): Promise<string> {
  try {
    return await readFile(resolve(file), 'utf8')
  } catch (error) {
    throw unreadable(file, error)
  }
}

async function messagesIn(file: string): Promise<StoredMessage[]> {
  const check = new LineCheck()
  const messages = (await textIn(file)).split('\n').flatMap((line) => check.take(line) ?? [])
  if (check.sentence !== null) {
    const remedy = 'Correct these lines; "wheelhouse recording export" writes such files.'
    throw new ConsoleError('import-bad-lines', `${file}: ${check.sentence}`, remedy, { params: { file } })
  }
  if (messages.length <= dryRunBounds.messages) return messages
  throw new ConsoleError(
    'dry-run-too-large',
    `${file} holds ${messages.length} messages, more than the ${dryRunBounds.messages} that are tried at once.`,
    'Import it as a recording, then try the route on that with --recording.',
  )
}

function unreadable(file: string, error: unknown): ConsoleError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const why =
    code === 'ENOENT'
      ? 'does not exist'
      : code === 'EACCES'
        ? 'may not be read by this user'
        : `cannot be read: ${String(error)}`
  return new ConsoleError('file-unreadable', `${resolve(file)} ${why}.`, 'Name a file that can be read.')
}

/** What is said of a route that the site does not have. */
export function unknown(route: string): ConsoleError {
  return new ConsoleError(
    'route-unknown',
    `site.yaml has no route "${route}".`,
    'See "wheelhouse route list" for those that it has.',
  )
}
