import { EventEmitter } from 'node:events'

/** `ipcMain`: messages come as events; `handle` is kept for those that set it, although the stand-in's preload has no `invoke`. */
export class IpcMain extends EventEmitter {
  readonly #handlers = new Map<string, unknown>()

  handle(channel: string, handler: unknown): void {
    if (this.#handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`)
    this.#handlers.set(channel, handler)
  }

  removeHandler(channel: string): void {
    this.#handlers.delete(channel)
  }

  /** For tests. */
  get standInChannels(): readonly string[] {
    return [...this.eventNames().map(String), ...this.#handlers.keys()]
  }
}
