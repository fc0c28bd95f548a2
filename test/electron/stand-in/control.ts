/** A function to be run in the main process, as text, with its argument. */
export interface ControlCall {
  readonly id: number
  readonly source: string
  readonly argument: unknown
}

export type ControlAnswer =
  | { readonly chromium: { readonly endpoint: string; readonly pid: number } }
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string }

/**
 * Lets the driver run functions in the main process, as Playwright does with a real Electron: `(electron, argument, shown)`,
 * where `shown` is what would be on the screen. It comes over the parent's own channel, which no test shares.
 */
export function serveControl(given: { readonly electron: unknown; readonly shown: unknown }): {
  tell(answer: ControlAnswer): void
} {
  const tell = (answer: ControlAnswer) => {
    if (process.connected) process.send?.(answer)
  }
  process.on('message', (call: ControlCall) => {
    const { id, source, argument } = call
    const run = async () => {
      const called = new Function('electron', 'argument', 'shown', `return (${source})(electron, argument, shown)`)
      return called(given.electron, argument, given.shown)
    }
    run().then(
      (value: unknown) => tell({ id, value }),
      (error: unknown) => tell({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  })
  process.channel?.unref()
  // A test run that was killed must leave nothing behind: the app ends as at the end of a session.
  process.on('disconnect', () => {
    process.kill(process.pid, 'SIGTERM')
    setTimeout(() => process.exit(1), 15_000).unref()
  })
  return { tell }
}
