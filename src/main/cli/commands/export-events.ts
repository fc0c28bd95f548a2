import { lstat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { beginDurably } from '#core/platform/index.ts'
import type { Connection } from '#shared/client/index.ts'
import type { EventFilter } from '#shared/event-filter.ts'
import { ConsoleError } from '#shared/problem.ts'
import { exitCodes } from '../exit-code.ts'
import { counted } from '../words.ts'
import { type CommandContext, show } from './context.ts'
import { type EventRange, eventsIn, narrowed } from './event-range.ts'

export interface ExportRequest {
  readonly path: string
  /** Whether a file that is there is replaced. */
  readonly force: boolean
  readonly filter: EventFilter
  readonly range: EventRange
}

/** Writes events as JSON Lines, oldest first. The file appears when it is whole; Ctrl-C and failures leave nothing behind. */
export async function exportEvents(
  context: CommandContext,
  connection: Connection,
  { path, force, filter, range }: ExportRequest,
): Promise<number> {
  const { terminal } = context
  const file = resolve(path)
  await assertFree(file, force)
  let interrupted = false
  using _interrupt = terminal.onInterrupt(() => {
    interrupted = true
  })
  await using written = await begun(file)
  let count = 0
  const part = await narrowed(connection, await endingNow(connection, range))
  if (part) {
    for await (const { events, reached } of eventsIn(connection, filter, part, { order: 'oldest' })) {
      if (interrupted) break
      const lines = events.map((event) => `${JSON.stringify(event)}\n`).join('')
      await written.write(lines).catch(cannotBeWritten(file))
      count += events.length
      const share = Math.floor((100 * (reached - part.fromSeq + 1)) / Math.max(1, part.toSeq - part.fromSeq + 1))
      terminal.progress(`${counted(count, 'event')}, ${share} % looked through`)
    }
  }
  terminal.progress(null)
  if (interrupted) {
    terminal.err('Nothing was exported: it was interrupted.')
    return exitCodes.failed
  }
  await assertFree(file, force)
  await written.finish().catch(cannotBeWritten(file))
  show(context, { file, events: count }, `${counted(count, 'event')} in ${file}.`)
  return exitCodes.done
}

/** What happens while it is exported does not belong to it, or it might never end. */
async function endingNow({ calls }: Connection, range: EventRange): Promise<EventRange> {
  const [newest] = (await calls.events.page({ limit: 1 })).events
  const [oldest] = (await calls.events.page({ limit: 1, order: 'oldest' })).events
  return {
    ...range,
    fromSeq: Math.max(range.fromSeq, oldest?.seq ?? 0),
    toSeq: Math.min(range.toSeq, newest?.seq ?? 0),
  }
}

/** Only a file is ever replaced: a device, a pipe or a link of that name would be gone, and be a file from then on. */
async function assertFree(file: string, force: boolean): Promise<void> {
  const there = await lstat(file).catch(() => null)
  if (!there || (force && there.isFile())) return
  const params = { file }
  if (!there.isFile()) {
    const remedy = 'Choose another name: only a file can be replaced.'
    throw new ConsoleError('export-exists', `${file} exists and is no file.`, remedy, { params })
  }
  const remedy = 'Choose another name, or add --force to replace it.'
  throw new ConsoleError('export-exists', `${file} exists already.`, remedy, { params })
}

async function begun(file: string) {
  return await beginDurably(file).catch(cannotBeWritten(file))
}

function cannotBeWritten(file: string) {
  return (error: unknown): never => {
    throw new ConsoleError(
      'export-failed',
      `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}.`,
      'Choose a folder that exists, can be written and has room.',
      { params: { file }, cause: error },
    )
  }
}
