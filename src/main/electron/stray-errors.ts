import type { Clock, Logger } from '#core/platform/index.ts'
import type { Notice } from './notifier.ts'

/** A person is told at most this often; the log has every one. Milliseconds. */
const tellEveryMs = 60_000

/**
 * An error that nothing caught is a bug of the console. It is logged and shown, and everything goes on: services of a lab do
 * not stop because a line of the console threw.
 */
export function surviveStrayErrors(
  source: Pick<NodeJS.Process, 'on'>,
  clock: Clock,
  logger: Logger,
  tell: (notice: Notice) => void,
): void {
  let lastTold = Number.NEGATIVE_INFINITY
  const take = (error: unknown) => {
    const sentence = error instanceof Error ? error.message : String(error)
    logger.error(`The console made a mistake of its own: ${sentence}`, {
      stack: error instanceof Error ? error.stack : undefined,
    })
    const now = clock.monotonic()
    if (now - lastTold < tellEveryMs) return
    lastTold = now
    tell({
      title: 'Wheelhouse made a mistake of its own',
      body: `${sentence}. Services go on running; the console log has the details.`,
    })
  }
  source.on('uncaughtException', take)
  source.on('unhandledRejection', take)
}
