/** How long messages that the router missed are gathered until they are told of. */
const tellMs = 10_000

/** Counts messages that went past the router, and tells of them in one sentence at a time. */
export class MissedMessages implements Disposable {
  readonly #warn: (sentence: string) => void
  #messages = 0
  #telling: NodeJS.Timeout | undefined

  constructor(warn: (sentence: string) => void) {
    this.#warn = warn
  }

  count(messages: number): void {
    this.#messages += messages
    this.#telling ??= setTimeout(() => this.#tell(), tellMs)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#telling)
    if (this.#messages > 0) this.#tell()
  }

  #tell(): void {
    this.#telling = undefined
    this.#warn(
      `${this.#messages} messages of QoS 0 reached their subscribers and not the router, which was away or took none. Routes did not see them; they are in no count.`,
    )
    this.#messages = 0
  }
}
