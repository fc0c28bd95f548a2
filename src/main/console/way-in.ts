import type { ServerTransport } from '#core/api/index.ts'
import type { Clock, Logger } from '#core/platform/index.ts'
import { listenOnControlSocket } from './control-socket.ts'

export interface WayInOptions {
  /** Path of the control socket. */
  readonly path: string
  readonly onTransport: (transport: ServerTransport) => void
  /** Writes down where the console can be reached, for whoever finds the site taken. */
  readonly tell: (reachable: Reachable) => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
}

export interface Reachable {
  /** Address of the page, without the token; null when none is served. */
  readonly address: string | null
  /** Path of the control socket; null while nobody listens there. */
  readonly socket: string | null
}

/** How often what could not be made is tried again. Milliseconds. */
const againMs = 2_000

/**
 * The command line's way in to a console that has a site open. A console that cannot listen, or cannot say where it can be reached,
 * as on a full disk, still runs: it says so in its log and tries again until it can.
 */
export class WayIn implements AsyncDisposable {
  readonly #options: WayInOptions
  #address: string | null
  #socket: AsyncDisposable | null = null
  #failure: string | null = null
  #turn: Promise<void> = Promise.resolve()
  #again: Disposable | null = null
  #closed = false

  constructor(address: string | null, options: WayInOptions) {
    this.#address = address
    this.#options = options
  }

  /** Listens already, before there is anything to write down. What is in the way is told by `open`. Never rejects. */
  listen(): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      if (!this.#closed) await this.#listen()
    })
    return this.#turn
  }

  /** Resolves when it was tried once. Never rejects. */
  open(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#try())
    return this.#turn
  }

  /** The page can be reached there from now on. Resolves when that was tried to be written down; never rejects. */
  serve(address: string): Promise<void> {
    this.#address = address
    return this.open()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#again?.[Symbol.dispose]()
    await this.#turn
    await this.#socket?.[Symbol.asyncDispose]()
    this.#socket = null
  }

  async #try(): Promise<void> {
    if (this.#closed) return
    this.#again?.[Symbol.dispose]()
    const failure = await this.#listen()
    const untold = await this.#tell()
    this.#note(failure ?? untold)
    if (this.#failure === null || this.#closed) return
    this.#again = this.#options.clock.after(againMs, () => void this.open())
  }

  async #listen(): Promise<string | null> {
    if (this.#socket) return null
    const { path, logger, onTransport } = this.#options
    try {
      this.#socket = await listenOnControlSocket({ path, logger: logger.part('control socket'), onTransport })
      return null
    } catch (error) {
      return `The command line cannot reach this console: its control socket could not be opened: ${reasonOf(error)}`
    }
  }

  async #tell(): Promise<string | null> {
    try {
      await this.#options.tell({ address: this.#address, socket: this.#socket ? this.#options.path : null })
      return null
    } catch (error) {
      return `Where this console can be reached could not be written down: ${reasonOf(error)}`
    }
  }

  /** Each reason is said once, and its end too. */
  #note(failure: string | null): void {
    const { logger, path } = this.#options
    if (failure === this.#failure) return
    if (failure !== null) logger.warn(failure, { path })
    else logger.info('The command line can reach this console now.', { path })
    this.#failure = failure
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
