import type { Clock, Logger } from '#core/platform/index.ts'
import type { LogFiles } from './launch-plan.ts'
import { rotateWhileRunning } from './log-rotation.ts'

/** How often the logs of running services are looked at, milliseconds. */
const lookEveryMs = 30_000

/** Keeps the logs of running services from filling the disk. */
export class LogWatch implements Disposable {
  readonly #running: () => readonly LogFiles[]
  readonly #clock: Clock
  readonly #logger: Logger
  #timer: Disposable
  #disposed = false

  constructor(running: () => readonly LogFiles[], clock: Clock, logger: Logger) {
    this.#running = running
    this.#clock = clock
    this.#logger = logger
    this.#timer = clock.after(lookEveryMs, () => void this.#look())
  }

  [Symbol.dispose](): void {
    this.#disposed = true
    this.#timer[Symbol.dispose]()
  }

  async #look(): Promise<void> {
    for (const files of this.#running()) {
      if (this.#disposed) return
      await rotateWhileRunning(files, { clock: this.#clock, logger: this.#logger })
    }
    if (!this.#disposed) this.#timer = this.#clock.after(lookEveryMs, () => void this.#look())
  }
}
