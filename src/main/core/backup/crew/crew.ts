import { availableParallelism } from 'node:os'
import { type TransferListItem, Worker } from 'node:worker_threads'
import type { Runtime } from '#core/platform/index.ts'
import type { Protection } from '../repository/protection.ts'
import type { CrewSetup, FromCrew, TaskName, Tasks, ToCrew } from './tasks.ts'

/** Beside the thread that walks and reads: one for each processor, four at most, because the disk is next to be the limit. */
export function crewSize(): number {
  return Math.max(2, Math.min(4, availableParallelism()))
}

/** Heap of a thread for what lives shortly: it works on buffers, which lie outside. MiB. */
const youngMb = 12

interface Member {
  readonly worker: Worker
  readonly waiting: Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>
  readonly ended: Promise<void>
}

/**
 * Threads that do the work of processors: compressing, decompressing, hashing, writing many files. They start when there is
 * something to do. Who asks keeps the number of open tasks within bounds; disposing ends the threads, whatever they do.
 */
export class Crew implements AsyncDisposable {
  readonly size: number
  readonly #runtime: Runtime
  readonly #setup: CrewSetup
  readonly #members: (Member | undefined)[] = []
  #tasks = 0
  #disposed = false

  constructor(runtime: Runtime, protection: Protection, size = crewSize()) {
    this.#runtime = runtime
    this.#setup = { key: protection.key }
    this.size = size
  }

  /**
   * Has a task done: by the thread `by` (0 to size - 1), which does what it is asked in order, or by the one that has least
   * to do. Rejects when the thread fails at it, or ends.
   */
  ask<N extends TaskName>(
    name: N,
    input: Tasks[N]['input'],
    options: { readonly by?: number; readonly transfer?: readonly TransferListItem[] } = {},
  ): Promise<Tasks[N]['output']> {
    if (this.#disposed) return Promise.reject(new Error('The threads of the backup helper have ended.'))
    const member = this.#member(options.by ?? this.#leastBusy())
    const task = ++this.#tasks
    return new Promise<Tasks[N]['output']>((resolve, reject) => {
      // What a task answers is declared in one place for both sides; there is no boundary between them to be checked.
      member.waiting.set(task, { resolve: resolve as (value: unknown) => void, reject })
      const message: ToCrew = { task, name, input }
      member.worker.postMessage(message, options.transfer ?? [])
    })
  }

  /** Starts the threads now, for work that is about to come. */
  start(): void {
    if (this.#disposed) return
    for (let index = 0; index < this.size; index++) this.#member(index)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true
    const members = this.#members.splice(0).filter((member) => member !== undefined)
    await Promise.all(members.map(({ worker }) => worker.terminate()))
    await Promise.all(members.map(({ ended }) => ended))
  }

  #leastBusy(): number {
    let best = 0
    for (let index = 1; index < this.size; index++) if (this.#load(index) < this.#load(best)) best = index
    return best
  }

  #load(index: number): number {
    return this.#members[index]?.waiting.size ?? 0
  }

  #member(index: number): Member {
    const known = this.#members[index]
    if (known) return known
    const worker = new Worker(this.#runtime.program('backup-crew'), {
      workerData: this.#setup,
      name: 'backup-crew',
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: youngMb },
    })
    const ended = Promise.withResolvers<void>()
    const member: Member = { worker, waiting: new Map(), ended: ended.promise }
    this.#members[index] = member
    let failure: unknown
    worker.on('message', (message: FromCrew) => {
      const waiting = member.waiting.get(message.task)
      member.waiting.delete(message.task)
      if (message.type === 'done') waiting?.resolve(message.value)
      else waiting?.reject(Object.assign(new Error(message.message), { stack: message.stack }))
    })
    worker.on('error', (error) => {
      failure = error
    })
    worker.on('exit', () => {
      if (this.#members[index] === member) this.#members[index] = undefined
      for (const { reject } of member.waiting.values()) {
        reject(failure ?? new Error('A thread of the backup helper ended before it had answered.'))
      }
      member.waiting.clear()
      ended.resolve()
    })
    return member
  }
}
