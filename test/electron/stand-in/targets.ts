import { type CdpPipe, type Json, recordOf, textOf } from './cdp.ts'

/**
 * The pages that the app made. Any other page is one that a page opened: it is held before it has asked for anything, and
 * closed, because a stand-in makes windows for the app alone.
 */
export class Targets {
  readonly #pipe: CdpPipe
  readonly #own = new Set<string>()
  #creating: Promise<unknown> = Promise.resolve()

  static async watch(pipe: CdpPipe): Promise<Targets> {
    const targets = new Targets(pipe)
    pipe.listen('', (method, params) => {
      if (method === 'Target.attachedToTarget') void targets.#attached(params)
    })
    await pipe.call('Target.setAutoAttach', {
      autoAttach: true,
      waitForDebuggerOnStart: true,
      flatten: true,
      filter: [{ type: 'page' }],
    })
    return targets
  }

  private constructor(pipe: CdpPipe) {
    this.#pipe = pipe
  }

  /** Opens an empty page in a window of its own; resolves with its target. */
  async create(size: { readonly width: number; readonly height: number }): Promise<string> {
    const created = this.#pipe.call('Target.createTarget', { url: 'about:blank', newWindow: true, ...size })
    const known = created.then(({ targetId }) => void this.#own.add(textOf(targetId)))
    this.#creating = Promise.allSettled([this.#creating, known])
    return textOf((await created).targetId)
  }

  async #attached(params: Json): Promise<void> {
    const targetId = textOf(recordOf(params.targetInfo).targetId)
    await this.#creating
    const session = textOf(params.sessionId)
    const tell = (method: string, more: Json = {}, to?: string) => {
      // A page that has gone meanwhile needs nothing.
      void this.#pipe.call(method, more, to).catch(() => {})
    }
    const isOwn = this.#own.has(targetId)
    // Held requests are never let go: the page is closed before it has loaded anything. It can be closed once it runs.
    if (!isOwn) tell('Fetch.enable', {}, session)
    tell('Runtime.runIfWaitingForDebugger', {}, session)
    if (!isOwn) tell('Target.closeTarget', { targetId })
  }
}
