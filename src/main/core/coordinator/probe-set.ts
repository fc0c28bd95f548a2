import type { Probe } from '#core/config/index.ts'
import { type ProbeState, type RunCheck, watchProbe } from '#core/health/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { ProbeName } from './machine.ts'

/** An answer that says the same again is told once in so many milliseconds: a service that starts is asked up to fifty times a second. */
const repeatEveryMs = 1_000

interface Told {
  readonly state: ProbeState
  /** Monotonic. */
  readonly at: number
}

/** The probes of one service that run at a time, and the last answer of each for display. */
export class ProbeSet implements Disposable {
  readonly #clock: Clock
  readonly #expectedMs: () => number | null
  readonly #watches = new Map<ProbeName, Disposable>()
  readonly #last = new Map<ProbeName, ProbeState>()

  /** `expectedMs`: how long the service took to start before, null where nobody knows. */
  constructor(clock: Clock, expectedMs: () => number | null) {
    this.#clock = clock
    this.#expectedMs = expectedMs
  }

  /** Ends all probes and begins these, their counters at nothing. Answers of probes that ended are kept for display. */
  run(
    probes: readonly { readonly name: ProbeName; readonly probe: Probe }[],
    check: RunCheck,
    onAnswer: (name: ProbeName, state: ProbeState) => void,
  ): void {
    this.#end()
    for (const { name, probe } of probes) {
      let told: Told | undefined
      const watch = watchProbe({
        check: probe.check,
        rules: probe,
        run: check,
        clock: this.#clock,
        ...(name === 'startup' && { promptly: { expectedMs: this.#expectedMs() } }),
        onAnswer: (state) => {
          this.#last.set(name, state)
          const now = this.#clock.monotonic()
          if (told && now - told.at < repeatEveryMs && saysTheSame(told.state, state)) return
          told = { state, at: now }
          onAnswer(name, state)
        },
      })
      this.#watches.set(name, watch)
    }
  }

  last(name: ProbeName): ProbeState | undefined {
    return this.#last.get(name)
  }

  /** Whether the probe is being asked now. */
  isRunning(name: ProbeName): boolean {
    return this.#watches.has(name)
  }

  forget(): void {
    this.#last.clear()
  }

  [Symbol.dispose](): void {
    this.#end()
  }

  #end(): void {
    for (const watch of this.#watches.values()) watch[Symbol.dispose]()
    this.#watches.clear()
  }
}

function saysTheSame(one: ProbeState, other: ProbeState): boolean {
  return one.verdict === other.verdict && one.last?.ok === other.last?.ok && one.last?.sentence === other.last?.sentence
}
