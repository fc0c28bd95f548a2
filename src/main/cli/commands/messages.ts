import type { ShownMessage } from '#shared/contract/messages.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { jsonText, printable, shortened } from '../words.ts'
import type { CommandContext } from './context.ts'

/** Characters of a payload that one line shows. */
const shownCharacters = 200

export interface MessagesOptions {
  readonly filter: string
  readonly text: string
  readonly route: string | undefined
  readonly client: string | undefined
  /** Ends after so many; undefined: never. */
  readonly limit: number | undefined
}

/**
 * `wheelhouse messages`: messages as they pass, until Ctrl-C, the end of the console or of whoever reads them, or the limit. With `--json`
 * one document a line.
 */
export async function messages(context: CommandContext, options: MessagesOptions): Promise<number> {
  const { filter, text, route, client, limit = Number.POSITIVE_INFINITY } = options
  await using reached = await context.reach('host')
  const { connection } = reached
  const { site } = await firstState(connection)
  const time = clockOf(site.site?.zone ?? 'UTC')
  const ended = Promise.withResolvers<null>()
  using _interrupt = context.terminal.onInterrupt(() => ended.resolve(null))
  let shown = 0
  const wish = { filter, text, ...(route !== undefined && { route }), ...(client !== undefined && { client }) }
  using _stream = connection.subscribe('messages.tap', wish, ({ items, skipped }) => {
    if (skipped > 0)
      context.terminal.err(`${skipped} messages came too fast to be shown. Narrow the filter to see all.`)
    for (const message of items) {
      if (shown >= limit) return
      context.terminal.out(context.json ? jsonText(message) : messageLine(message, time))
      if (++shown >= limit) ended.resolve(null)
    }
  })
  void context.terminal.unread.then(() => ended.resolve(null))
  const reason = await Promise.race([connection.closed, ended.promise])
  if (reason === null) return exitCodes.done
  context.terminal.err(`The console is gone: ${reason}.`)
  return exitCodes.failed
}

/** One message on one line: when, who, where, what, and what the routes did with it. */
export function messageLine(message: ShownMessage, time: (at: number) => string): string {
  const { at, client, topic, payload, encoding, qos, retain, routes } = message
  const text = encoding === 'hex' ? `0x${payload}` : payload
  const parts = [
    time(at),
    printable(client ?? '–'),
    printable(topic),
    `QoS ${qos}${retain ? ', retained' : ''}`,
    shortened(printable(text), shownCharacters),
    ...routes.map(({ route, result }) => `${route}: ${result}`),
  ]
  return parts.join('  ')
}

/** `16:30:00.123` in the site's zone. */
function clockOf(zone: string): (at: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
  })
  return (at) => format.format(at).replace(',', '.')
}
