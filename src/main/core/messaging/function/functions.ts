import type { RouteFunction } from '#core/config/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { CallLedger } from './call-ledger.ts'
import type { FunctionGround } from './function-process.ts'
import { FunctionRunner } from './function-runner.ts'

/** How full a function may become before senders wait, and how empty it must be before they go on. */
const stopAt = 0.75
const goOnAt = 0.5

/** How long senders wait while no function gets on. What comes then goes to quarantine where there is no room. Milliseconds. */
const patienceMs = 2_000

/** How long the processes may take to be gone when the console closes. Milliseconds. */
const endMs = 500

export interface FunctionsParts {
  readonly clock: Clock
  readonly log: (level: 'info' | 'warn', message: string) => void
  /** A function got on, or nobody waits for one any longer. */
  readonly onProgress: () => void
}

/** The functions of all routes, each with a process of its own. */
export class Functions implements AsyncDisposable {
  readonly #parts: FunctionsParts
  readonly #runners = new Set<FunctionRunner>()
  #ground: FunctionGround | null = null
  #patience: Disposable | undefined
  #givenUp = false

  constructor(parts: FunctionsParts) {
    this.#parts = parts
  }

  /** Where the functions lie from now on. */
  use(ground: FunctionGround): void {
    this.#ground = ground
    for (const runner of this.#runners) runner.move(ground)
  }

  /** A way through the function of a route. To be disposed with {@link close}. */
  open(route: string, wanted: RouteFunction, ledger: CallLedger): FunctionRunner {
    const { clock, log } = this.#parts
    const runner: FunctionRunner = new FunctionRunner(
      { route, function: wanted, clock, ledger, log, onProgress: () => this.#progress() },
      this.#ground,
    )
    this.#runners.add(runner)
    return runner
  }

  close(runner: FunctionRunner): void {
    this.#runners.delete(runner)
    void runner[Symbol.asyncDispose]()
  }

  /** How full the fullest of them is, 0 to 1 and beyond. */
  get fullness(): number {
    let most = 0
    for (const { fullness } of this.#runners) most = Math.max(most, fullness)
    return most
  }

  /** Whether messages whose senders wait are not to be taken now. */
  get refuses(): boolean {
    if (this.#runners.size === 0) return false
    if (this.fullness < stopAt) {
      this.#goOn()
      return false
    }
    if (this.#givenUp) return false
    this.#patience ??= this.#parts.clock.after(patienceMs, () => {
      this.#givenUp = true
      this.#parts.onProgress()
    })
    return true
  }

  /** Resolves when no message is in a function, or after that long. Milliseconds. */
  async settled(withinMs: number): Promise<void> {
    const busy = [...this.#runners].filter(({ inside }) => inside > 0)
    if (busy.length === 0) return
    const late = Promise.withResolvers<void>()
    using _late = this.#parts.clock.after(withinMs, late.resolve)
    await Promise.race([
      late.promise,
      Promise.all(busy.map((runner) => new Promise<void>((idle) => runner.whenIdle(idle)))),
    ])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#patience?.[Symbol.dispose]()
    const late = Promise.withResolvers<void>()
    using _late = this.#parts.clock.after(endMs, late.resolve)
    await Promise.race([late.promise, Promise.all([...this.#runners].map((runner) => runner[Symbol.asyncDispose]()))])
    this.#runners.clear()
  }

  #progress(): void {
    this.#patience?.[Symbol.dispose]()
    this.#patience = undefined
    if (this.fullness < goOnAt) this.#goOn()
    this.#parts.onProgress()
  }

  #goOn(): void {
    this.#givenUp = false
    this.#patience?.[Symbol.dispose]()
    this.#patience = undefined
  }
}
