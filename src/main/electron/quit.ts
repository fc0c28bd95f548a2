import type { App, Dialog, PowerMonitor } from 'electron'
import { type Clock, delay, type Logger } from '#core/platform/index.ts'
import type { JobView } from '#shared/contract/state.ts'
import type { HostedConsole } from './hosted-console.ts'

/** Who wants the console to end: a person, who can be asked, or the machine, which cannot wait. */
export type QuitReason = 'operator' | 'machine'

/** How long everything may take to end before the console ends without it. Milliseconds. */
const deadlines: Readonly<Record<QuitReason, number>> = { operator: 120_000, machine: 25_000 }

export interface QuitOptions {
  readonly app: Pick<App, 'exit'>
  readonly dialog: Pick<Dialog, 'showMessageBox'>
  readonly clock: Clock
  readonly logger: Logger
  /** The console; null when it never opened. */
  readonly console: () => Promise<Pick<HostedConsole, 'runningJobs' | 'close'> | null>
  /** Told what is waited for, once it is decided. */
  readonly announce: (sentence: string) => void
  /** The host's own last things, after the console has closed. */
  readonly finish: () => Promise<void>
}

/**
 * The end of the desktop console: veto (a job runs: the operator is asked), join (services stop, the site closes), an overall
 * deadline, exit. Whatever has not stopped by then goes on running and is found by the next start.
 */
export class Quit {
  readonly #options: QuitOptions
  #state: 'running' | 'asking' | 'ending' = 'running'

  constructor(options: QuitOptions) {
    this.#options = options
  }

  /** Whether the end has been decided. */
  get ending(): boolean {
    return this.#state === 'ending'
  }

  /** Asks for the end. Asking again changes nothing, except that the machine does not wait for an answer. */
  request(reason: QuitReason): void {
    if (this.#state === 'ending' || (this.#state === 'asking' && reason === 'operator')) return
    void this.#run(reason)
  }

  async #run(reason: QuitReason): Promise<void> {
    const { logger } = this.#options
    try {
      if (reason === 'operator' && !(await this.#mayEnd())) return
      if (this.ending) return
      this.#state = 'ending'
      await this.#end(reason)
    } catch (error) {
      logger.error('The console could not be ended in order.', { error: String(error) })
      this.#options.app.exit(1)
    }
  }

  async #mayEnd(): Promise<boolean> {
    this.#state = 'asking'
    const console = await this.#options.console()
    const jobs = console?.runningJobs() ?? []
    const answer = jobs.length === 0 ? 1 : (await this.#options.dialog.showMessageBox(question(jobs))).response
    if (this.#state === 'asking') this.#state = 'running'
    return answer === 1
  }

  async #end(reason: QuitReason): Promise<void> {
    const { app, clock, logger, announce, finish } = this.#options
    announce('Quitting: services are being stopped…')
    logger.info('The console ends.', { reason })
    const enough = new AbortController()
    const joined = this.#options
      .console()
      .then((console) => console?.close({ services: 'stop' }))
      .then(finish)
      .then(() => 'in order' as const)
    const late = delay(clock, deadlines[reason], enough.signal).then(() => 'late' as const)
    const how = await Promise.race([joined, late])
    enough.abort()
    late.catch(() => {}) // aborted, as it should be
    if (how === 'late') {
      logger.error(
        'Not everything ended in time; the console ends without it, and the next start finds what still runs.',
        {
          deadlineMs: deadlines[reason],
        },
      )
    }
    app.exit(how === 'in order' ? 0 : 1)
  }
}

/** Ends in order when the machine wants it: signals, the desktop's session, `app.quit()` by whomever. */
export function obeyMachine(
  app: Pick<App, 'on'>,
  powerMonitor: Pick<PowerMonitor, 'on'>,
  signals: Pick<NodeJS.Process, 'on'>,
  quit: Quit,
): void {
  app.on('before-quit', (event) => {
    event.preventDefault()
    quit.request('machine')
  })
  // The event can be prevented to delay the shutdown a little; Electron's types leave it out.
  powerMonitor.on('shutdown', (event?: { preventDefault(): void }) => {
    event?.preventDefault()
    quit.request('machine')
  })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) signals.on(signal, () => quit.request('machine'))
}

function question(jobs: readonly JobView[]) {
  const [first] = jobs
  const others = jobs.length > 1 ? ` and ${jobs.length - 1} more` : ''
  return {
    type: 'warning' as const,
    message: `A job is running: ${first?.title ?? 'unnamed'}${others}.`,
    detail:
      'Quitting stops it together with all services. The next start of the console finishes or undoes what it left. ' +
      'Closing the window instead lets everything go on.',
    buttons: ['Go on running', 'Stop the job and quit'],
    defaultId: 0,
    cancelId: 0,
    noLink: true,
  }
}
