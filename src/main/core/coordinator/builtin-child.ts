import { type Builtin, type BuiltinContext, type Clock, delay, type Logger } from '#core/platform/index.ts'
import type { ChildEnd, ServiceChild } from './service-child.ts'

/** A builtin that does not stop within this time is given up on; nothing can kill it but the end of the console. */
const hurryMs = 1_500

/** Starts a part of the console as a service. Rejects with the builtin's own ConsoleError. */
export async function startBuiltin(
  builtin: Builtin,
  context: BuiltinContext,
  { clock, logger, withinMs }: { clock: Clock; logger: Logger; withinMs: number },
): Promise<ServiceChild> {
  const running = await builtin.start(context)
  const { promise: ended, resolve } = Promise.withResolvers<ChildEnd>()
  const finish = (sentence: string, ok: boolean) =>
    resolve({ sentence, ok, code: null, signal: null, at: clock.wall(), log: [] })
  void running.ended.then(
    (reason) => finish(`ended: ${reason}`, false),
    (error: unknown) => finish(`ended: ${String(error)}`, false),
  )

  let stopping: Promise<void> | undefined
  const stop = (ms: number): Promise<void> => {
    stopping ??= running.stop().catch((error: unknown) => {
      logger.error('A builtin did not stop cleanly.', { service: context.service, error: String(error) })
    })
    const over = new AbortController()
    const late = delay(clock, ms, over.signal).then(
      () => logger.error('A builtin did not stop in its time.', { service: context.service, ms }),
      () => {},
    )
    return Promise.race([stopping, late]).finally(() => {
      over.abort()
      finish('was stopped', true)
    })
  }

  return {
    identity: null,
    run: null,
    startedAt: clock.wall(),
    exited: ended.then(() => {}),
    ended,
    end: (force) => void stop(force ? hurryMs : withinMs),
    killNow() {
      void stop(hurryMs)
      return 0
    },
    release: () => stop(withinMs),
    report: () => running.health(),
  }
}
