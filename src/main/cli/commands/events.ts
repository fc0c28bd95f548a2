import type { Connection } from '#shared/client/index.ts'
import type { EventFilter } from '#shared/event-filter.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import type { Reached } from '../reach.ts'
import { jsonText, moment } from '../words.ts'
import { zonedTime } from '../zoned-time.ts'
import { type CommandContext, show } from './context.ts'
import { type EventRange, eventsIn, narrowed } from './event-range.ts'
import { exportEvents } from './export-events.ts'

export interface EventsOptions {
  readonly limit: number
  readonly filter: EventFilter
  readonly fromSeq: number
  readonly toSeq: number
  /** As they were written; in the site's zone unless they say another. */
  readonly from: string | undefined
  readonly to: string | undefined
  readonly follow: boolean
  /** File to which everything is exported, instead of being shown. */
  readonly exportTo: string | undefined
  readonly force: boolean
}

/** `wheelhouse events`: oldest first, so that the newest stands above the prompt. `--follow --json` prints one document a line. */
export async function events(context: CommandContext, options: EventsOptions): Promise<number> {
  const { filter, limit, exportTo, force } = options
  await using reached = await context.reach(options.follow ? 'host' : 'any')
  const { connection } = reached
  const { site } = await firstState(connection)
  const zone = site.site?.zone ?? 'UTC'
  const range = rangeOf(options, zone)
  if (exportTo !== undefined) return await exportEvents(context, connection, { path: exportTo, force, filter, range })
  const { found, more } = await newestOf(connection, filter, range, limit)
  if (!options.follow) {
    const text = found.length > 0 ? found.map((event) => eventLine(event, zone)).join('\n') : 'No events.'
    show(context, { events: found, more }, text)
    return exitCodes.done
  }
  const print = (event: EventRecord) => context.terminal.out(context.json ? jsonText(event) : eventLine(event, zone))
  for (const event of found) print(event)
  return await follow(context, reached, filter, found.at(-1)?.seq ?? 0, print)
}

function rangeOf({ fromSeq, toSeq, from, to }: EventsOptions, zone: string): EventRange {
  return {
    fromSeq,
    toSeq,
    from: from === undefined ? null : zonedTime(from, zone),
    to: to === undefined ? null : zonedTime(to, zone),
  }
}

/** The newest of a range, oldest first, and whether there are older ones. */
async function newestOf(
  connection: Connection,
  filter: EventFilter,
  range: EventRange,
  limit: number,
): Promise<{ readonly found: readonly EventRecord[]; readonly more: boolean }> {
  const found: EventRecord[] = []
  const part = await narrowed(connection, range)
  if (part) {
    for await (const page of eventsIn(connection, filter, part, { order: 'newest', pageSize: limit + 1 })) {
      found.push(...page.events)
      if (found.length > limit) break
    }
  }
  return { found: found.slice(0, limit).toReversed(), more: found.length > limit }
}

/** Prints events as they happen, until Ctrl-C, the end of the console, or of whoever reads them. */
async function follow(
  context: CommandContext,
  { connection }: Reached,
  filter: EventFilter,
  shown: number,
  print: (event: EventRecord) => void,
): Promise<number> {
  const interrupted = Promise.withResolvers<null>()
  using _interrupt = context.terminal.onInterrupt(() => interrupted.resolve(null))
  using _stream = connection.subscribe('events.tail', filter, ({ items, skipped }) => {
    if (skipped > 0) context.terminal.err(`${skipped} events came too fast to be shown; the console has them.`)
    for (const event of items) if (event.seq > shown) print(event)
  })
  void context.terminal.unread.then(() => interrupted.resolve(null))
  const reason = await Promise.race([connection.closed, interrupted.promise])
  if (reason === null) return exitCodes.done
  context.terminal.err(`The console is gone: ${reason}.`)
  return exitCodes.failed
}

export function eventLine({ seq, at, severity, subject, message }: EventRecord, zone: string): string {
  return `${String(seq).padStart(6)}  ${moment(at, zone)}  ${severity.padEnd(8)}  ${subject.padEnd(20)}  ${message}`
}
