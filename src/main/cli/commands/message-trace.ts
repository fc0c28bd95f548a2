import type { MessageTraceView } from '#shared/contract/index.ts'
import { stageWords } from '#shared/stage-words.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { counted, moment, printable, table } from '../words.ts'
import { type CommandContext, show } from './context.ts'

/** `wheelhouse message TOPIC AT`: what the router did with a message, and where it lies now. */
export async function messageTrace(context: CommandContext, topic: string, at: number): Promise<number> {
  await using reached = await context.reach('host')
  const trace = await reached.connection.calls.routes.trace({ at, topic, message: null })
  const { site } = await firstState(reached.connection)
  show(context, trace, traceText(trace, at, site.site?.zone ?? 'UTC'))
  return exitCodes.done
}

/** The trace in words; says plainly what is no longer known. */
export function traceText(trace: MessageTraceView, at: number, zone: string): string {
  const { since, routes, deliveries, quarantine, journal } = trace
  const known =
    routes.length > 0
      ? table(
          ['ROUTE', 'RESULT', 'AT STAGE', 'WHY'],
          routes.map(({ route, result, stage, reason, changed }) => [
            `${route}${changed ? ' (written otherwise now)' : ''}`,
            result,
            stage === null ? '' : stageWords[stage].title,
            reason ?? '',
          ]),
        )
      : since !== null && at < since
        ? `What the routes did with it is no longer known: the router remembers its newest messages, since ${moment(since, zone)}.`
        : 'No route took it in since the router was started. What came before that is only known from the store.'
  const sent =
    deliveries.length === 0
      ? []
      : [
          '',
          table(
            ['TARGET', 'STATE', 'AT', 'FAILED', 'NUMBER', 'ID', 'WHY'],
            deliveries.map(({ target, state, endedAt, failed, seq, id, why }) => [
              target,
              state,
              endedAt === null ? '' : moment(endedAt, zone),
              counted(failed, 'attempt'),
              String(seq),
              id,
              why ?? '',
            ]),
          ),
        ]
  const held = quarantine.map(({ id, route, target, reason }) => {
    const by = target === null ? '' : `, refused by ${target}`
    return `In quarantine as number ${id} of route ${route}${by}: ${reason} (wheelhouse quarantine send ${id})`
  })
  const kept = journal.map(({ seq, route }) => `In the journal of route ${route}, number ${seq}.`)
  const by = publishersText(routes)
  return [...by, known, ...sent, ...held, ...kept].join('\n')
}

/** Who published what came at that moment; nothing where that is not known. */
function publishersText(routes: MessageTraceView['routes']): readonly string[] {
  const names = routes.flatMap(({ client, user }) =>
    client === null ? [] : [`client ${printable(client)}${user === null ? '' : `, logged in as ${printable(user)}`}`],
  )
  return names.length === 0 ? [] : [`Published by ${[...new Set(names)].join('; ')}.`]
}
