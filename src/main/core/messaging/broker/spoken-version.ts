import type { BrokerLinkDefinition } from '#core/config/index.ts'

/** Refusals of the version (CONNACK: 1 of MQTT 3.1.1, 0x84 of MQTT 5). */
const refusals: ReadonlySet<unknown> = new Set([1, 0x84])

/**
 * Which MQTT a broker is spoken to in. Where that is open it is 5, and 3.1.1 once the broker has refused 5. One that answers nothing and
 * hangs up may not know 5 either: it is tried by turns, and what it answers to is right until the connection is lost.
 */
export class SpokenVersion {
  readonly #isOpen: boolean
  #version: 4 | 5
  #isRefused = false
  /** Since when it is spoken to: whether it answered, and how that failed. */
  #answered = false
  #failure: unknown = null

  /** `wanted` null: either. */
  constructor(wanted: BrokerLinkDefinition['protocol']) {
    this.#isOpen = wanted === null
    this.#version = wanted === '3.1.1' ? 4 : 5
  }

  /** As mqtt.js counts them: 4 is MQTT 3.1.1. */
  get current(): 4 | 5 {
    return this.#version
  }

  get inWords(): string {
    if (this.#version === 5) return 'MQTT 5'
    return this.#isOpen ? 'MQTT 3.1.1, as it does not speak MQTT 5' : 'MQTT 3.1.1'
  }

  /** The broker has let the router in. */
  answered(): void {
    this.#answered = true
  }

  /** The connection failed; `code` is the one of the system or of the broker, where there is one. */
  failed(code: unknown): void {
    this.#failure = code
  }

  /** The connection is over. Says `refused` when the broker has just refused this version, and another should be tried at once. */
  lost(): 'refused' | 'lost' {
    const failure = this.#failure
    const wasAnswered = this.#answered
    this.#failure = null
    this.#answered = false
    if (!this.#isOpen || this.#isRefused) return 'lost'
    if (this.#version === 5 && refusals.has(failure)) {
      this.#isRefused = true
      this.#version = 4
      return 'refused'
    }
    if (wasAnswered) this.#version = 5
    // A code says what was wrong: nobody there, no certificate, a wrong password.
    else if (failure === null || failure === undefined) this.#version = this.#version === 5 ? 4 : 5
    return 'lost'
  }
}
