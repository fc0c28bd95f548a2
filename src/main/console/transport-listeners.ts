/** The listening side of a transport: keeps what came before anybody listened, and tells the end to whoever asks late. */
export class TransportListeners {
  #onEnvelope: ((envelope: string) => void) | null = null
  #onClosed: ((reason: string) => void)[] = []
  #early: string[] = []
  #ended: string | null = null

  /** Null while the transport is open, then why it is not. */
  get ended(): string | null {
    return this.#ended
  }

  onEnvelope(listener: (envelope: string) => void): void {
    this.#onEnvelope = listener
    const early = this.#early
    this.#early = []
    for (const envelope of early) listener(envelope)
  }

  onClosed(listener: (reason: string) => void): void {
    if (this.#ended === null) this.#onClosed.push(listener)
    else listener(this.#ended)
  }

  /** An envelope came from the peer. */
  receive(envelope: string): void {
    if (this.#ended !== null) return
    if (this.#onEnvelope) this.#onEnvelope(envelope)
    else this.#early.push(envelope)
  }

  /** The transport is gone, for this reason. Only the first call counts. */
  end(reason: string): void {
    if (this.#ended !== null) return
    this.#ended = reason
    this.#early = []
    const listeners = this.#onClosed
    this.#onClosed = []
    for (const listener of listeners) listener(reason)
  }
}
