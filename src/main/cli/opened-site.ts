import type { Clock } from '#core/platform/index.ts'
import type { Connection } from '#shared/client/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Terminal } from './terminal.ts'

/** How long a command waits for a console that is opening its site. Milliseconds. */
const opensWithinMs = 60_000

/**
 * Waits until the console has its site open; it listens before. Resolves with false when it gave up or went away meanwhile, and
 * is closed then. Rejects with `site-opening` when neither happens in time.
 */
export async function siteOpened(
  connection: Connection,
  { clock, terminal }: { readonly clock: Clock; readonly terminal: Pick<Terminal, 'progress'> },
): Promise<boolean> {
  const settled = Promise.withResolvers<boolean>()
  void connection.closed.then(() => settled.resolve(false))
  using _late = clock.after(opensWithinMs, () => settled.reject(stillOpening()))
  using _stream = connection.subscribe('state', {}, ({ items }) => {
    for (const { slices, whole } of items) {
      const phase = slices.console?.console?.phase
      if (phase === undefined && !whole) continue
      if (phase === 'opening') terminal.progress('The console is opening the site.')
      else settled.resolve(phase !== 'could not open')
    }
  })
  try {
    const opened = await settled.promise
    if (!opened) connection.close()
    return opened
  } catch (error) {
    connection.close()
    throw error
  } finally {
    terminal.progress(null)
  }
}

function stillOpening(): ConsoleError {
  return new ConsoleError(
    'site-opening',
    `The console that runs has been opening the site for ${opensWithinMs / 1_000} s and is not done, as with databases that are being recovered.`,
    'Wait a little and try again; its page and its log show how far it is.',
    { retryable: true },
  )
}
