import { syncDisk } from '#core/platform/index.ts'

/** Written since the last time, before the disk is set to work again. Bytes. */
const every = 96 * 1024 * 1024

/**
 * Has a disk write what was staged while more is being staged, so that little is left to wait for in the end. One sync at a time;
 * {@link finish} makes everything durable.
 */
export class SteadySync {
  readonly #path: string
  readonly #sync: (path: string) => Promise<boolean>
  #waiting = 0
  #running: Promise<boolean> | undefined

  constructor(path: string, sync = syncDisk) {
    this.#path = path
    this.#sync = sync
  }

  /** Notes that so many bytes more were written. */
  wrote(bytes: number): void {
    this.#waiting += bytes
    if (this.#waiting < every || this.#running) return
    this.#waiting = 0
    // What it comes to does not matter: everything is synced once more.
    this.#running = this.#sync(this.#path).finally(() => {
      this.#running = undefined
    })
  }

  /** Waits for what is running, whose outcome does not matter any more. */
  async settled(): Promise<void> {
    await this.#running
  }

  /** Resolves with whether everything that was written so far is durable; false where the system cannot sync a disk. */
  async finish(): Promise<boolean> {
    await this.settled()
    return this.#sync(this.#path)
  }
}
