import type { EventRecord } from '#shared/vocabulary.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import type { Reached } from '../reach.ts'
import { moment } from '../words.ts'
import { type CommandContext, show } from './context.ts'

export interface EventsOptions {
  readonly limit: number
  readonly subject: string | undefined
  /** Prefix of the kind. */
  readonly kind: string | undefined
  /** Only events after this sequence. */
  readonly sinceSeq: number | undefined
  readonly follow: boolean
}

/** `wheelhouse events`: oldest first, so that the newest stands above the prompt. `--follow --json` prints one document a line. */
export async function events(context: CommandContext, options: EventsOptions): Promise<number> {
  await using reached = await context.reach(options.follow ? 'host' : 'any')
  const filter = {
    ...(options.subject !== undefined && { subject: options.subject }),
    ...(options.kind !== undefined && { kind: options.kind }),
  }
  const page = await reached.connection.calls.events.page({
    ...filter,
    limit: options.limit,
    ...(options.sinceSeq !== undefined && { after: options.sinceSeq }),
  })
  const inOrder = [...page.events].sort((a, b) => a.seq - b.seq)
  const { site } = await firstState(reached.connection)
  const zone = site.site?.zone ?? 'UTC'
  if (!options.follow) {
    const text = inOrder.length > 0 ? inOrder.map((event) => eventLine(event, zone)).join('\n') : 'No events.'
    show(context, { events: inOrder, more: page.more }, text)
    return exitCodes.done
  }
  const print = (event: EventRecord) =>
    context.terminal.out(context.json ? JSON.stringify(event) : eventLine(event, zone))
  for (const event of inOrder) print(event)
  return await follow(context, reached, filter, inOrder.at(-1)?.seq ?? 0, print)
}

/** Prints events as they happen, until Ctrl-C or the end of the console. */
async function follow(
  context: CommandContext,
  { connection }: Reached,
  filter: { readonly subject?: string; readonly kind?: string },
  shown: number,
  print: (event: EventRecord) => void,
): Promise<number> {
  const interrupted = Promise.withResolvers<null>()
  using _interrupt = context.terminal.onInterrupt(() => interrupted.resolve(null))
  using _stream = connection.subscribe('events.tail', filter, ({ items, skipped }) => {
    if (skipped > 0) context.terminal.err(`${skipped} events came too fast to be shown; the console has them.`)
    for (const event of items) if (event.seq > shown) print(event)
  })
  const reason = await Promise.race([connection.closed, interrupted.promise])
  if (reason === null) return exitCodes.done
  context.terminal.err(`The console is gone: ${reason}.`)
  return exitCodes.failed
}

export function eventLine({ seq, at, severity, subject, message }: EventRecord, zone: string): string {
  return `${String(seq).padStart(6)}  ${moment(at, zone)}  ${severity.padEnd(8)}  ${subject.padEnd(20)}  ${message}`
}
