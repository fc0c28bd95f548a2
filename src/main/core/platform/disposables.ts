/**
 * Owns everything that must be given back: timers, listeners, handles, children. Disposed in reverse order of adding;
 * one failing disposer does not keep the others from running.
 */
export class DisposableStore implements AsyncDisposable {
  readonly #owned: Array<Disposable | AsyncDisposable> = []
  #disposed = false

  get disposed(): boolean {
    return this.#disposed
  }

  /** Takes ownership of `item` and returns it. On a store that is already disposed the item is disposed at once. */
  add<T extends Disposable | AsyncDisposable>(item: T): T {
    if (this.#disposed) void disposeOf(item)
    else this.#owned.push(item)
    return item
  }

  /** Takes ownership of a clean-up step. */
  defer(cleanUp: () => void | Promise<void>): void {
    this.add({ [Symbol.asyncDispose]: async () => cleanUp() })
  }

  /** Disposes everything, newest first. Throws an AggregateError when any disposer failed, after all have run. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    const failures: unknown[] = []
    for (let item = this.#owned.pop(); item; item = this.#owned.pop()) {
      try {
        await disposeOf(item)
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Some resources could not be given back.')
  }
}

async function disposeOf(item: Disposable | AsyncDisposable): Promise<void> {
  if (Symbol.asyncDispose in item) await item[Symbol.asyncDispose]()
  else item[Symbol.dispose]()
}
