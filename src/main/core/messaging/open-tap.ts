import { Listeners } from '#core/platform/index.ts'
import type { ShownMessage } from '#shared/contract/messages.ts'
import type { Tap } from './types.ts'

/** The console's end of a tap: holds one batch until it is taken, then asks for the next. */
export class OpenTap implements Tap {
  readonly #more: () => void
  readonly #close: () => void
  readonly #listeners: Listeners<void>
  #messages: readonly ShownMessage[] = []
  #skipped = 0
  #waiting = false

  constructor(hooks: {
    readonly more: () => void
    readonly close: () => void
    readonly onError: (error: unknown) => void
  }) {
    this.#more = hooks.more
    this.#close = hooks.close
    this.#listeners = new Listeners(hooks.onError)
  }

  take(): { readonly messages: readonly ShownMessage[]; readonly skipped: number } {
    const taken = { messages: this.#messages, skipped: this.#skipped }
    this.#messages = []
    this.#skipped = 0
    if (this.#waiting) {
      this.#waiting = false
      this.#more()
    }
    return taken
  }

  onReady(listener: () => void): Disposable {
    return this.#listeners.add(listener)
  }

  /** A batch arrived. After a crash of the data plane one may come before the last was taken. */
  receive(messages: readonly ShownMessage[], skipped: number): void {
    this.#messages = this.#messages.length === 0 ? messages : [...this.#messages, ...messages].slice(-5_000)
    this.#skipped += skipped
    this.#waiting = true
    this.#listeners.tell()
  }

  [Symbol.dispose](): void {
    this.#listeners.clear()
    this.#close()
  }
}
