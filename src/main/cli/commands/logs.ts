import type { LogPage } from '#shared/contract/log-search.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { zonedTime } from '../zoned-time.ts'
import { type CommandContext, show } from './context.ts'

export interface LogsOptions {
  readonly search: string | undefined
  readonly regex: boolean
  readonly stream: 'out' | 'err' | undefined
  /** As they were written; in the site's zone unless they say another. */
  readonly from: string | undefined
  readonly to: string | undefined
  readonly limit: number
  readonly after: string | undefined
}

/** `wheelhouse logs SERVICE`: the last lines, or those that hold a text; the newest stands above the prompt. */
export async function logs(context: CommandContext, service: string, options: LogsOptions): Promise<number> {
  const { search, stream, limit } = options
  await using reached = await context.reach('any')
  const { calls } = reached.connection
  if (search === undefined) {
    const { lines } = await calls.services.logs({ service, lines: limit })
    const shown = stream === undefined ? lines : lines.filter((line) => line.stream === stream)
    show(context, { lines: shown }, shown.length > 0 ? textOf(shown) : `${service} has written nothing yet.`)
    return exitCodes.done
  }
  const { site } = await firstState(reached.connection)
  const zone = site.site?.zone ?? 'UTC'
  const page = await calls.services.searchLog({
    service,
    text: search,
    pattern: options.regex,
    limit,
    ...(stream !== undefined && { stream }),
    ...(options.from !== undefined && { from: zonedTime(options.from, zone) }),
    ...(options.to !== undefined && { to: zonedTime(options.to, zone) }),
    ...(options.after !== undefined && { after: options.after }),
  })
  show(context, page, page.lines.length > 0 ? textOf(page.lines.toReversed()) : 'No line was found.')
  if (!context.json && page.next !== null) {
    context.terminal.err(`${page.sentence ?? 'There may be older ones.'} Go on with --after ${page.next}`)
  }
  return exitCodes.done
}

/** Lines as they were written; those of stderr are marked. */
function textOf(lines: LogPage['lines']): string {
  return lines.map(({ stream, text }) => `${stream === 'err' ? 'err ' : '    '}${text}`).join('\n')
}
