import type { Command } from 'commander'
import type { QuarantineChoice } from '#shared/contract/messages.ts'
import { filterMistake } from '#shared/filter-mistake.ts'
import {
  outboxList,
  outboxSettle,
  quarantineDiscard,
  quarantineList,
  quarantineSend,
} from './commands/kept-messages.ts'
import { messageTrace } from './commands/message-trace.ts'
import { messages } from './commands/messages.ts'
import { wholeNumber } from './option-values.ts'
import type { Run } from './program.ts'

interface Watched {
  readonly filter: string
  readonly text: string
  readonly route?: string
  readonly client?: string
  readonly limit?: number
}

interface Listed {
  readonly route?: string
  readonly limit: number
}

/** `wheelhouse messages`, `message`, `outbox …` and `quarantine …`: messages that pass, that wait, and that could not be delivered. */
export function addMessageCommands(program: Command, run: Run): void {
  program
    .command('messages')
    .description('messages as they pass, until Ctrl-C; with --json one document a line')
    .option('--filter <filter>', 'only of these topics', '#')
    .option('--text <text>', 'only with this in topic or payload', '')
    .option('--route <route>', 'only what this route took in')
    .option('--client <id>', 'only what this client of the embedded broker published')
    .option('--limit <count>', 'end after so many', wholeNumber(1, 1_000_000))
    .action((values: Watched, command: Command) => {
      const mistake = filterMistake(values.filter)
      if (mistake !== null) command.error(`error: "${values.filter}" is no topic filter. ${mistake}`)
      return run(command, (context) =>
        messages(context, { ...values, route: values.route, client: values.client, limit: values.limit }),
      )
    })

  const outbox = program.command('outbox').description('messages that wait for their targets')
  outbox
    .command('list', { isDefault: true })
    .description('how many wait for which target, and the oldest of them')
    .option('--route <route>', 'only of this route')
    .option('--limit <count>', 'at most so many, the oldest', wholeNumber(1, 1_000), 20)
    .action(({ route, limit }: Listed, command: Command) =>
      run(command, (context) => outboxList(context, route, limit)),
    )

  const seq = wholeNumber(1, Number.MAX_SAFE_INTEGER)
  outbox
    .command('send')
    .argument('<number>', 'of the message, as the list says', seq)
    .description('try its target at once instead of waiting out the pause')
    .action((number: number, _values: unknown, command: Command) =>
      run(command, (context) => outboxSettle(context, number, 'send')),
    )
  outbox
    .command('discard')
    .argument('<number>', 'of the message, as the list says', seq)
    .description('give it up for good')
    .action((number: number, _values: unknown, command: Command) =>
      run(command, (context) => outboxSettle(context, number, 'discard')),
    )

  program
    .command('message <topic> <at>')
    .description(
      'what the router did with a message, and where it lies now; the time in milliseconds, or as in 2026-01-05T08:00:00.123Z',
    )
    .action((topic: string, at: string, _values: object, command: Command) =>
      run(command, (context) => messageTrace(context, topic, momentOf(command, at))),
    )

  const quarantine = program.command('quarantine').description('messages that could not be routed or delivered')
  quarantine
    .command('list', { isDefault: true })
    .description('the newest of them, with the reason')
    .option('--route <route>', 'only of this route')
    .option('--limit <count>', 'at most so many, the newest', wholeNumber(1, 1_000), 20)
    .action(({ route, limit }: Listed, command: Command) =>
      run(command, (context) => quarantineList(context, route, limit)),
    )
  quarantine
    .command('send [number]')
    .description('send one again, or all of a route')
    .option('--route <route>', 'all of this route')
    .option('--payload <text>', 'this in the place of its payload')
    .action(
      (number: string | undefined, values: { readonly route?: string; readonly payload?: string }, command: Command) =>
        run(command, (context) => {
          const choice = choiceOf(command, number, values.route)
          if ('route' in choice && values.payload !== undefined)
            return command.error(
              'error: --payload takes the place of one message’s own; name that message by its number',
            )
          return quarantineSend(context, choice, values.payload)
        }),
    )
  quarantine
    .command('discard [number]')
    .description('give one up for good, or all of a route')
    .option('--route <route>', 'all of this route')
    .action((number: string | undefined, values: { readonly route?: string }, command: Command) =>
      run(command, (context) => quarantineDiscard(context, choiceOf(command, number, values.route))),
    )
}

function momentOf(command: Command, text: string): number {
  const at = /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text)
  return Number.isNaN(at) ? command.error(`error: "${text}" is not a time; write it as 2026-01-05T08:00:00.123Z`) : at
}

function choiceOf(command: Command, number: string | undefined, route: string | undefined): QuarantineChoice {
  // Both at once would leave it open which of them counts.
  if (number !== undefined && route === undefined && /^\d{1,15}$/.test(number)) return { id: Number(number) }
  if (number === undefined && route !== undefined) return { route }
  return command.error('error: name one message by its number (see "wheelhouse quarantine"), or a route with --route')
}
