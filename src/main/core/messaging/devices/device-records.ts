import type { Clock, Logger } from '#core/platform/index.ts'
import type { Database } from '#core/store/index.ts'
import type { DeviceFacts } from './device-facts.ts'
import { deleteDevice, readDevices, writeDevice } from './tables.ts'

/** How long what changed waits to be written: a power cut costs so much of what was known. */
const writeMs = 5_000

/** Keeps what is known of devices over a restart: the newest of each, written every few seconds. */
export class DeviceRecords implements AsyncDisposable {
  readonly #database: Database
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #unwritten = new Map<string, DeviceFacts | null>()
  #timer: Disposable | undefined

  constructor(database: Database, clock: Clock, logger: Logger) {
    this.#database = database
    this.#clock = clock
    this.#logger = logger
  }

  read(): readonly DeviceFacts[] {
    try {
      return readDevices(this.#database)
    } catch (error) {
      this.#logger.warn(`What was known of devices could not be read, so all are new: ${String(error)}.`)
      return []
    }
  }

  /** Null: it is gone. */
  note(key: string, facts: DeviceFacts | null): void {
    this.#unwritten.set(key, facts)
    this.#timer ??= this.#clock.after(writeMs, () => {
      this.#timer = undefined
      void this.#write()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]()
    await this.#write()
  }

  async #write(): Promise<void> {
    if (this.#unwritten.size === 0) return
    const statements = [...this.#unwritten].map(([key, facts]) => (facts ? writeDevice(facts) : deleteDevice(key)))
    this.#unwritten.clear()
    try {
      await this.#database.write(statements, 'journal')
    } catch (error) {
      this.#logger.warn(`What is known of devices could not be stored: ${String(error)}.`)
    }
  }
}
