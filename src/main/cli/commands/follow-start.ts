import type { StartupView } from '#shared/contract/startup.ts'
import { StartupLines } from '../../console/launch/index.ts'
import { exitCodes } from '../exit-code.ts'
import type { CommandContext } from './context.ts'
import { show } from './context.ts'

/** `wheelhouse start --follow`: how the site that is open was and is being started, until that is over or waits for somebody. */
export async function followStart(context: CommandContext): Promise<number> {
  await using reached = await context.reach('host')
  const over = Promise.withResolvers<StartupView | null>()
  const lines = new StartupLines()
  void reached.connection.closed.then(() => over.resolve(null))
  using _stream = reached.connection.subscribe('state', {}, ({ items }) => {
    for (const { slices } of items) {
      const view = slices.startup?.startup
      if (!view) continue
      for (const line of context.json ? [] : lines.next(view)) context.terminal.err(line)
      if (view.state !== 'running') over.resolve(view)
    }
  })
  const view = await over.promise
  if (!view) {
    context.terminal.err('The console went away.')
    return exitCodes.failed
  }
  show(context, view, view.sentence)
  return view.state === 'failed' ? exitCodes.failed : exitCodes.done
}
