import { type Clock, delay } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { ChildProcess, ProcessExit, ProcessIdentity, SpawnOptions } from '../processes.ts'
import type { Runtime } from '../programs.ts'
import { inTime } from '../words.ts'
import { adoptChild } from './adopted-child.ts'
import { spawnChild, spawnedChild } from './spawned-child.ts'
import { startFailure } from './start-failure.ts'
import { StarterProcess, type ToldEnd } from './starter-process.ts'

export interface StarterOptions {
  readonly runtime: Runtime
  readonly bootId: string
  readonly clock: Clock
  readonly logger: Logger
  readonly isAlive: (identity: ProcessIdentity) => boolean
  /** The first process of what was started with these options, if it is there: known by its mark. */
  readonly findStarted: (options: SpawnOptions) => ProcessIdentity | undefined
}

/** A start that takes longer than this is held up by something that does not answer, most likely a network folder. Milliseconds. */
const answerWithinMs = 30_000
/** After a helper died, the console starts programs by itself for so long, so that one that cannot run costs little. Milliseconds. */
const restAfterDeathMs = 10_000
/** A process that was just made carries its mark only once its program runs: it is looked for again after so long, milliseconds. */
const markAfterMs = 100

/**
 * Starts programs through a helper process, which takes a fraction of what the console's own copying takes and does not hold it up. The
 * helper may die at any time: nothing is started twice, what it had started is watched as one that was adopted, and the console starts
 * by itself until there is another helper.
 */
export class Starter implements Disposable {
  readonly #options: StarterOptions
  readonly #watched = new Set<ChildProcess>()
  #helper: StarterProcess | null = null
  #restUntil = Number.NEGATIVE_INFINITY
  #disposed = false

  constructor(options: StarterOptions) {
    this.#options = options
  }

  /** Rejects with the ConsoleError of what is in the way. */
  async start(options: SpawnOptions): Promise<ChildProcess> {
    const { bootId, clock } = this.#options
    const helper = this.#present()
    if (!helper) return spawnChild(options, bootId)
    let isLate = false
    const deadline = clock.after(answerWithinMs, () => {
      isLate = true
      if (this.#helper === helper) this.#helper = null // another one takes over at once
      helper.kill()
    })
    const answer = await helper.start(options)
    deadline[Symbol.dispose]()
    switch (answer.type) {
      case 'started': {
        const identity = { pid: answer.pid, startTicks: answer.startTicks, bootId }
        return spawnedChild(identity, this.#endOf(identity, answer.end))
      }
      case 'not-started':
        throw startFailure(answer.fault, options)
      case 'lost':
        return this.#afterLoss(options, isLate)
    }
  }

  [Symbol.dispose](): void {
    this.#disposed = true
    this.#helper?.[Symbol.dispose]()
    this.#helper = null
    for (const child of this.#watched) child.release()
    this.#watched.clear()
  }

  #present(): StarterProcess | null {
    if (this.#helper) return this.#helper
    const { runtime, clock, logger } = this.#options
    if (this.#disposed || clock.monotonic() < this.#restUntil) return null
    const helper = new StarterProcess(runtime, logger)
    this.#helper = helper
    void helper.gone.then(() => this.#forget(helper))
    return helper
  }

  #forget(helper: StarterProcess): void {
    if (this.#helper !== helper) return
    this.#helper = null
    this.#restUntil = this.#options.clock.monotonic() + restAfterDeathMs
  }

  /** It may have been started before the helper died. */
  async #afterLoss(options: SpawnOptions, isLate: boolean): Promise<ChildProcess> {
    const { clock, findStarted } = this.#options
    let identity = findStarted(options)
    if (!identity) {
      await delay(clock, markAfterMs)
      identity = findStarted(options)
    }
    if (identity) return spawnedChild(identity, this.#watch(identity))
    if (!isLate) return this.start(options)
    const detail = `the system has not done it within ${inTime(answerWithinMs)}; a disk or a network folder may not answer`
    throw startFailure({ fault: 'not-started', file: options.file, detail }, options)
  }

  async #endOf(identity: ProcessIdentity, told: ToldEnd): Promise<ProcessExit> {
    return (await told) ?? this.#watch(identity)
  }

  /** Its parent is gone: nobody will be told how it ends, only that it did. */
  async #watch(identity: ProcessIdentity): Promise<ProcessExit> {
    const child = adoptChild(identity, this.#options)
    this.#watched.add(child)
    const exit = await child.exited
    this.#watched.delete(child)
    return exit
  }
}
