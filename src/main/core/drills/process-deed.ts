import type { ProcessIdentity } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { type Deed, type DeedParts, isTroubled, isWell } from './deed.ts'
import type { Undo } from './types.ts'
import { seen, type Waiting } from './waiting.ts'

/** Kills the process of a service, or freezes it with everything that it started. */
export class ProcessDeed implements Deed {
  readonly shortfall = null
  readonly #parts: DeedParts
  readonly #signal: 'SIGKILL' | 'SIGSTOP'
  #processes: readonly ProcessIdentity[] = []

  constructor(parts: DeedParts, signal: 'SIGKILL' | 'SIGSTOP') {
    this.#parts = parts
    this.#signal = signal
  }

  async prepare(): Promise<Undo> {
    const { processes, service } = this.#parts
    const { pid } = service()
    const leader = pid === null ? undefined : processes.identify(pid)
    if (!leader) throw this.#gone()
    if (this.#signal === 'SIGKILL') {
      this.#processes = [leader] // what it leaves behind is for the console to find
      return { type: 'nothing' }
    }
    const family = processes.family(leader).map(({ pid, startTicks, bootId }) => ({ pid, startTicks, bootId }))
    this.#processes = [leader, ...family]
    return { type: 'wake', processes: this.#processes }
  }

  async act(): Promise<void> {
    const [leader, ...family] = this.#processes
    if (!leader || !this.#parts.processes.signal(leader, this.#signal)) throw this.#gone()
    for (const each of family) this.#parts.processes.signal(each, this.#signal)
  }

  async noticed(waiting: Waiting): Promise<string | null> {
    const look = () => {
      const view = this.#parts.service()
      return isTroubled(view) || view.pid !== this.#processes[0]?.pid ? view.reason : null
    }
    return await seen(look, waiting)
  }

  async recovered(waiting: Waiting): Promise<string | null> {
    const look = () => {
      const view = this.#parts.service()
      if (!isWell(view) || view.pid === this.#processes[0]?.pid) return null
      return this.#signal === 'SIGKILL'
        ? 'The console started it again.'
        : 'The console ended the frozen process and started it again.'
    }
    return await seen(look, waiting)
  }

  lost(): string | null {
    return null
  }

  async undo(): Promise<string | null> {
    if (this.#signal === 'SIGKILL') return null
    const woken = this.#processes.filter((each) => this.#parts.processes.signal(each, 'SIGCONT'))
    return woken.length > 0 ? 'The drill woke what was still frozen.' : null
  }

  #gone(): ConsoleError {
    const { drill } = this.#parts
    return new ConsoleError(
      'drill-not-now',
      `The process of ${drill.service} went by itself before the drill "${drill.title}" could do anything.`,
      'Do it again when the service is healthy.',
      { params: { drill: drill.id, service: drill.service }, retryable: true },
    )
  }
}
