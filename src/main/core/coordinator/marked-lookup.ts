import type { Clock, Processes, ProcessIdentity } from '#core/platform/index.ts'

/** Questions of so many milliseconds are answered together. */
const gatherMs = 10

/**
 * Looks for the processes of a run. A look goes over the environment of every process of the machine, so when many services
 * end at once their questions are answered by one look, made after the last of them was asked.
 */
export class MarkedLookup {
  readonly #processes: Processes
  readonly #clock: Clock
  #asked = new Map<string, (found: readonly ProcessIdentity[]) => void>()
  #answers = new Map<string, Promise<readonly ProcessIdentity[]>>()

  constructor(processes: Processes, clock: Clock) {
    this.#processes = processes
    this.#clock = clock
  }

  /** The processes that carry the mark of this run a moment from now. */
  find(run: string): Promise<readonly ProcessIdentity[]> {
    const asked = this.#answers.get(run)
    if (asked) return asked
    if (this.#asked.size === 0) this.#clock.after(gatherMs, () => this.#look())
    const { promise, resolve } = Promise.withResolvers<readonly ProcessIdentity[]>()
    this.#asked.set(run, resolve)
    this.#answers.set(run, promise)
    return promise
  }

  #look(): void {
    const asked = this.#asked
    this.#asked = new Map()
    this.#answers = new Map()
    const found = this.#processes.findByRuns([...asked.keys()])
    for (const [run, answer] of asked) answer(found.get(run) ?? [])
  }
}
