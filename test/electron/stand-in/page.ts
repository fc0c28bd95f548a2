import { randomUUID } from 'node:crypto'
import type { Addresses } from './addresses.ts'
import { type CdpPipe, type Json, recordOf, textOf } from './cdp.ts'
import { type Frame, FrameTree } from './frame.ts'
import { bindingName, deliverName, isolatedWorldName, worldScripts } from './isolated-world.ts'
import type { Targets } from './targets.ts'

/** A request that Chromium holds until it is told what to do with it. */
export interface HeldRequest {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  /** A new document for a frame, rather than something that a document loads. */
  readonly frame: Frame | null
  readonly isDocument: boolean
  readonly isRedirect: boolean
  answer(status: number, headers: readonly (readonly [string, string])[], body: Uint8Array): void
  goOn(): void
  refuse(): void
}

/** What happens in a page, as its owner needs to know it. Addresses are the app's. */
export interface PageEvents {
  onRequest(request: HeldRequest): void
  onMessage(frame: Frame | null, channel: string, args: readonly unknown[]): void
  onCommitted(frame: Frame, url: string): void
  onLoaded(): void
  onFirstPaint(): void
  onCrashed(): void
  onPopup(url: string): void
  onClosed(): void
}

/** One page of Chromium: a target with its session, its frames, and the isolated world of its preload. */
export class Page {
  readonly frames: FrameTree
  readonly #pipe: CdpPipe
  readonly #session: string
  readonly #target: string
  readonly #addresses: Addresses
  readonly #events: PageEvents
  /** Execution contexts of isolated worlds and the frames that they belong to. */
  readonly #worlds = new Map<number, string>()

  static async open(options: {
    readonly pipe: CdpPipe
    readonly targets: Targets
    readonly addresses: Addresses
    /** Source of the preload; null for a page without one. */
    readonly preload: string | null
    readonly width: number
    readonly height: number
    readonly events: PageEvents
  }): Promise<Page> {
    const { pipe, preload, width, height } = options
    const targetId = await options.targets.create({ width, height })
    const { sessionId } = await pipe.call('Target.attachToTarget', { targetId, flatten: true })
    const page = new Page(pipe, textOf(sessionId), targetId, options.addresses, options.events)
    await Promise.all([
      page.#call('Page.enable'),
      page.#call('Page.setLifecycleEventsEnabled', { enabled: true }),
      page.#call('Inspector.enable'),
      page.#call('Fetch.enable', { patterns: [{ urlPattern: '*' }] }),
      ...(preload === null ? [] : [page.#addPreload(preload)]),
    ])
    await page.#call('Runtime.enable')
    return page
  }

  private constructor(pipe: CdpPipe, session: string, target: string, addresses: Addresses, events: PageEvents) {
    this.#pipe = pipe
    this.#session = session
    this.#target = target
    this.#addresses = addresses
    this.#events = events
    // The main frame of a page has the id of its target.
    this.frames = new FrameTree(target)
    pipe.listen(session, (method, params) => this.#take(method, params))
  }

  async navigate(url: string): Promise<void> {
    const { errorText } = await this.#call('Page.navigate', { url: this.#addresses.inChromium(url) })
    if (typeof errorText === 'string' && errorText !== '') throw new Error(`${errorText} loading '${url}'`)
  }

  reload(): Promise<unknown> {
    return this.#call('Page.reload')
  }

  crash(): void {
    // Never answered: the page is gone before it could be.
    void this.#call('Page.crash').catch(() => {})
  }

  close(): void {
    void this.#pipe.call('Target.closeTarget', { targetId: this.#target }).catch(() => {})
  }

  bringToFront(): void {
    void this.#call('Page.bringToFront').catch(() => {})
  }

  /** Delivers a message to the preload of the main frame; dropped while that has none, as a message to no page is. */
  deliver(channel: string, args: readonly unknown[]): void {
    const world = [...this.#worlds].find(([, frame]) => frame === this.frames.main.id)
    if (!world) return
    const expression = `globalThis[${JSON.stringify(deliverName)}]?.(${JSON.stringify(channel)}, ${JSON.stringify(args)})`
    void this.#call('Runtime.evaluate', { expression, contextId: world[0] }).catch(() => {})
  }

  /** Evaluates an expression in the page's own world; resolves with its value, awaited. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.#call('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })
    if (exceptionDetails) throw new Error(textOf(recordOf(recordOf(exceptionDetails).exception).description))
    return recordOf(result).value
  }

  async #addPreload(preload: string): Promise<void> {
    const { main, isolated } = worldScripts(preload, randomUUID())
    await this.#call('Runtime.addBinding', { name: bindingName, executionContextName: isolatedWorldName })
    await this.#call('Page.addScriptToEvaluateOnNewDocument', { source: main })
    await this.#call('Page.addScriptToEvaluateOnNewDocument', { source: isolated, worldName: isolatedWorldName })
  }

  #call(method: string, params: Json = {}): Promise<Json> {
    return this.#pipe.call(method, params, this.#session)
  }

  #take(method: string, params: Json): void {
    switch (method) {
      case 'Fetch.requestPaused':
        this.#events.onRequest(this.#held(params))
        break
      case 'Runtime.bindingCalled':
        this.#message(params)
        break
      case 'Runtime.executionContextCreated':
        this.#worldCreated(recordOf(params.context))
        break
      case 'Runtime.executionContextDestroyed':
        this.#worlds.delete(Number(params.executionContextId))
        break
      case 'Runtime.executionContextsCleared':
        this.#worlds.clear()
        break
      case 'Page.frameAttached':
        this.frames.attach(textOf(params.frameId), textOf(params.parentFrameId))
        break
      case 'Page.frameDetached':
        this.frames.detach(textOf(params.frameId))
        break
      case 'Page.frameNavigated':
        this.#committed(recordOf(params.frame))
        break
      case 'Page.loadEventFired':
        this.#events.onLoaded()
        break
      case 'Page.lifecycleEvent':
        if (params.name === 'firstPaint' && params.frameId === this.frames.main.id) this.#events.onFirstPaint()
        break
      case 'Inspector.targetCrashed':
        this.#worlds.clear()
        this.#events.onCrashed()
        break
      case 'Page.windowOpen':
        this.#events.onPopup(this.#addresses.inElectron(textOf(params.url)))
        break
      case 'Inspector.detached':
        this.#pipe.forget(this.#session)
        this.#events.onClosed()
        break
      default:
    }
  }

  #message(params: Json): void {
    if (params.name !== bindingName) return
    const frame = this.#worlds.get(Number(params.executionContextId))
    const { channel, args } = recordOf(JSON.parse(textOf(params.payload)))
    this.#events.onMessage(
      frame === undefined ? null : (this.frames.get(frame) ?? null),
      textOf(channel),
      Array.isArray(args) ? args : [],
    )
  }

  #worldCreated(context: Json): void {
    const frame = recordOf(context.auxData).frameId
    if (context.name === isolatedWorldName) this.#worlds.set(Number(context.id), textOf(frame))
  }

  #committed({ id, parentId, url, securityOrigin }: Json): void {
    if (parentId !== undefined) this.frames.attach(textOf(id), textOf(parentId))
    const frame = this.frames.get(textOf(id))
    if (!frame) return
    frame.url = this.#addresses.inElectron(textOf(url))
    frame.origin = this.#addresses.originOf(this.#addresses.inElectron(textOf(securityOrigin)))
    this.#events.onCommitted(frame, frame.url)
  }

  #held(params: Json): HeldRequest {
    const { requestId, resourceType, frameId } = params
    const { url, method, headers, postData } = recordOf(params.request)
    const tell = (verb: string, more: Json) => {
      // A page that is gone meanwhile needs no answer any more.
      void this.#call(`Fetch.${verb}`, { requestId, ...more }).catch(() => {})
    }
    return {
      url: this.#addresses.inElectron(textOf(url)),
      method: textOf(method),
      headers: Object.fromEntries(Object.entries(recordOf(headers)).map(([name, value]) => [name, String(value)])),
      body: typeof postData === 'string' ? postData : undefined,
      frame: this.frames.get(textOf(frameId)) ?? null,
      isDocument: resourceType === 'Document',
      isRedirect: params.redirectedRequestId !== undefined,
      answer: (status, responseHeaders, body) =>
        tell('fulfillRequest', {
          responseCode: status,
          responseHeaders: responseHeaders.map(([name, value]) => ({ name, value })),
          body: Buffer.from(body).toString('base64'),
        }),
      goOn: () => tell('continueRequest', {}),
      refuse: () => tell('failRequest', { errorReason: 'Aborted' }),
    }
  }
}
