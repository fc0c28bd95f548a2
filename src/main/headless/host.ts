import { randomBytes } from 'node:crypto'
import { type Clock, delay, type Logger } from '#core/platform/index.ts'
import { type Launch, StartupLines } from '../console/launch/index.ts'
import type { HostedConsole } from './hosted-console.ts'
import { isLoopback } from './own-address.ts'
import { servePage } from './page-server.ts'
import type { StopRequests } from './stop-requests.ts'

/**
 * How long everything may take to end before the host ends without it. Milliseconds. What has not stopped by then goes on
 * running and is found by the next start.
 */
const closeWithinMs = 120_000

/** How long the address waits for commands to find the console. Milliseconds. */
const reachableWithinMs = 2_000

/** How long killing everything at once may take. Milliseconds. */
const killWithinMs = 3_000

export interface HostOptions {
  readonly options: Launch
  /** Folder of the built page. */
  readonly renderer: string
  /** Whether this is an installed app: then the site opened last is opened, else the sample. */
  readonly installed: boolean
  /** By what the page server's own patience is multiplied. */
  readonly patience?: number
  readonly clock: Clock
  readonly logger: Logger
  readonly stop: StopRequests
  /** Takes one line for standard output. The one place where the token is written. */
  readonly print: (line: string) => void
  /** Takes one line for the person at the terminal. */
  readonly tell: (line: string) => void
  openConsole(): Promise<HostedConsole>
}

/**
 * Runs the console without a window until it is asked to stop. Resolves with the exit code: 0 after an orderly stop, 1 when it had
 * to be cut short. Rejects with a ConsoleError when it cannot start.
 */
export async function runHeadless(host: HostOptions): Promise<number> {
  const { options, clock, logger, stop } = host
  const token = randomBytes(32).toString('base64url')
  const console = await host.openConsole()
  const server = await servePage({
    directory: host.renderer,
    host: options.host,
    port: options.port,
    patience: host.patience ?? 1,
    clock,
    logger: logger.part('page'),
    onTransport: (transport) => void console.connect(transport, { client: 'browser', token }),
  }).catch(async (error: unknown) => {
    await console.close({ services: 'leave' })
    throw error
  })
  await console.announce(server.address)

  using _following = options.follow ? followStartup(console, host.tell) : undefined
  const opening = Promise.withResolvers<void>()
  console
    .openInitial({
      site: options.site,
      otherwise: host.installed ? 'recent' : 'sample',
      start: options.start,
      choice: options,
      onReachable: opening.resolve,
    })
    .catch((error: unknown) => logger.error('The site could not be opened.', { error: String(error) }))
    .finally(opening.resolve)
  {
    // Whoever has read the address may give a command at once. The page is served all the while, also on a disk that hangs.
    using _patience = clock.after(reachableWithinMs, opening.resolve)
    await opening.promise
  }

  // The token rides in the fragment, which no browser sends anywhere and no log of requests holds.
  const address = `${server.address}#token=${token}`
  host.print(options.json ? JSON.stringify({ address, port: server.port, pid: process.pid }) : `Wheelhouse: ${address}`)
  if (!isLoopback(options.host)) {
    host.tell(
      `Warning: the page listens on ${options.host}, so anyone on the network who has the address above, token included, operates this site, and nothing is encrypted.`,
    )
  }
  logger.info('The headless host runs.', { address: server.address })

  const signal = await stop.first
  logger.info('The headless host stops.', { signal, services: options.onExit })
  host.tell(
    options.onExit === 'stop'
      ? `Stopping (${signal}): services stop in order. Press Ctrl-C again to kill them at once.`
      : `Stopping (${signal}): services go on without the console.`,
  )
  const closing = console.close({ services: options.onExit }).then(() => server[Symbol.asyncDispose]())
  return finish(host, console, closing)
}

/** Tells each step of the start at the terminal, as it happens. */
function followStartup({ state }: HostedConsole, tell: (line: string) => void): Disposable {
  const lines = new StartupLines()
  return state.onRevision(({ slices }) => {
    const view = slices.startup?.startup
    if (view) for (const line of lines.next(view)) tell(line)
  })
}

async function finish(host: HostOptions, console: HostedConsole, closing: Promise<void>): Promise<number> {
  const { clock, logger, options, stop } = host
  const patience = new AbortController()
  const outcome = await Promise.race([
    closing.then(
      () => 'closed' as const,
      (error: unknown) => {
        logger.error('The console did not close cleanly.', {
          error: error instanceof Error ? error.stack : String(error),
        })
        return 'failed' as const
      },
    ),
    stop.again.then(() => 'hurried' as const),
    delay(clock, closeWithinMs, patience.signal).then(
      () => 'late' as const,
      () => 'closed' as const,
    ),
  ])
  patience.abort()
  if (outcome === 'closed') return 0
  if (outcome === 'failed') return 1
  if (outcome === 'late') {
    host.tell(`Not everything ended within ${closeWithinMs / 1_000} s; the next start takes up what still runs.`)
    return 1
  }
  host.tell('Stopping at once.')
  if (options.onExit === 'stop') await killAll(console, host)
  return 1
}

async function killAll(console: HostedConsole, { clock, logger }: HostOptions): Promise<void> {
  const killing = console.site?.coordinator.emergencyStop({ type: 'console', why: 'the console was stopped at once' })
  await Promise.race([
    killing?.catch((error: unknown) => logger.error('The services could not be killed.', { error: String(error) })),
    delay(clock, killWithinMs),
  ])
}
