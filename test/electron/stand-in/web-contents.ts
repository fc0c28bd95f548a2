import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import type { WebPreferences, WindowOpenHandlerResponse } from 'electron'
import { PreventableEvent } from './events.ts'
import type { Frame } from './frame.ts'
import { type HeldRequest, Page } from './page.ts'
import type { Parts } from './parts.ts'

/** `WebContents`: a page, its navigations, and its end of the IPC. */
export class WebContents extends EventEmitter {
  readonly id: number
  readonly session: Parts['session']
  /** What the window was made with, for tests to look at. */
  readonly preferences: WebPreferences
  readonly #parts: Parts
  readonly #page: Promise<Page>
  #opened: Page | null = null
  #openHandler: ((details: { readonly url: string }) => WindowOpenHandlerResponse) | null = null
  /** Navigations that the app ordered itself, and which therefore nobody is asked about. */
  #ordered = 0
  #destroyed = false
  #crashed = false
  #loads: { resolve(): void; reject(error: Error): void }[] = []

  constructor(parts: Parts, preferences: WebPreferences, size: { readonly width: number; readonly height: number }) {
    super()
    this.#parts = parts
    this.preferences = preferences
    this.id = parts.nextId()
    this.session = parts.session
    this.#page = Page.open({
      pipe: parts.chromium().pipe,
      targets: parts.chromium().targets,
      addresses: parts.addresses,
      preload: preferences.preload === undefined ? null : readFileSync(preferences.preload, 'utf8'),
      ...size,
      events: {
        onRequest: (request) => void this.#decide(request),
        onMessage: (frame, channel, args) => this.#message(frame, channel, args),
        onCommitted: (frame, url) => this.#committed(frame, url),
        onLoaded: () => this.#loaded(),
        onFirstPaint: () => this.emit('stand-in-first-paint'),
        onCrashed: () => this.#goneWith('crashed'),
        onPopup: (url) => this.#popup(url),
        onClosed: () => this.#destroy(),
      },
    }).then(async (page) => {
      await parts.session.applyPermissions()
      this.#opened = page
      return page
    })
    this.#page.catch((error: unknown) => {
      if (!this.#destroyed) throw error
    })
  }

  get mainFrame(): Frame | null {
    return this.#opened?.frames.main ?? null
  }

  getURL(): string {
    return this.mainFrame?.url ?? ''
  }

  isDestroyed(): boolean {
    return this.#destroyed
  }

  isCrashed(): boolean {
    return this.#crashed
  }

  setWindowOpenHandler(handler: (details: { readonly url: string }) => WindowOpenHandlerResponse): void {
    this.#openHandler = handler
  }

  /** Resolves when the page has loaded; rejects when it could not, or was kept from it. */
  async loadURL(url: string): Promise<void> {
    const page = await this.#page
    const loaded = new Promise<void>((resolve, reject) => this.#loads.push({ resolve, reject }))
    this.#ordered++
    page.navigate(url).catch((error: Error) => this.#failLoads(error))
    await loaded
  }

  reload(): void {
    void this.#page.then((page) => {
      this.#ordered++
      return page.reload()
    })
  }

  send(channel: string, ...args: unknown[]): void {
    // As in Electron: what cannot be cloned is refused here, in the main process.
    this.#opened?.deliver(channel, structuredClone(args))
  }

  async executeJavaScript(code: string): Promise<unknown> {
    return (await this.#page).evaluate(code)
  }

  forcefullyCrashRenderer(): void {
    void this.#page.then((page) => page.crash())
  }

  /** For the window: shows the page, or ends it. */
  standInFront(): void {
    void this.#page.then((page) => page.bringToFront())
  }

  standInClose(): void {
    this.#destroy()
    void this.#page.then((page) => page.close())
  }

  async #decide(request: HeldRequest): Promise<void> {
    if (request.isDocument && this.#isHeldBack(request)) {
      request.refuse()
      return
    }
    if (await this.session.cancels(request.url, request.method, this.id)) request.refuse()
    else await this.session.answer(request)
  }

  /** Whether the app prevents a navigation that it did not order. */
  #isHeldBack({ url, frame, isRedirect }: HeldRequest): boolean {
    const isMainFrame = frame === this.mainFrame
    const event = Object.assign(new PreventableEvent(), {
      url,
      isSameDocument: false,
      isMainFrame,
      frame,
      initiator: frame,
    })
    if (isRedirect) {
      this.emit('will-redirect', event, url, false, isMainFrame)
      return event.defaultPrevented
    }
    if (isMainFrame && this.#ordered > 0) {
      this.#ordered--
      return false
    }
    if (isMainFrame) this.emit('will-navigate', event, url, false, true)
    if (!event.defaultPrevented) this.emit('will-frame-navigate', event)
    return event.defaultPrevented
  }

  #committed(frame: Frame, url: string): void {
    this.#crashed = false
    if (frame === this.mainFrame) this.emit('did-navigate', new PreventableEvent(), url, 200, 'OK')
  }

  #loaded(): void {
    for (const { resolve } of this.#loads.splice(0)) resolve()
    this.emit('did-finish-load')
  }

  #failLoads(error: Error): void {
    this.#ordered = 0
    for (const { reject } of this.#loads.splice(0)) reject(error)
  }

  #message(frame: Frame | null, channel: string, args: readonly unknown[]): void {
    if (this.#destroyed) return
    this.#parts.ipcMain.emit(channel, { sender: this, senderFrame: frame, ports: [], type: 'frame' }, ...args)
  }

  #popup(url: string): void {
    const decision = this.#openHandler?.({ url }) ?? { action: 'allow' }
    if (decision.action === 'allow')
      throw new Error('The stand-in opens no windows for pages; this app should deny them.')
    this.emit('stand-in-denied-window', url)
  }

  #goneWith(reason: string): void {
    this.#crashed = true
    this.#failLoads(new Error(`The page ${reason}.`))
    this.emit('render-process-gone', new PreventableEvent(), { reason, exitCode: 5 })
    this.#parts.app.emit('render-process-gone', new PreventableEvent(), this, { reason, exitCode: 5 })
  }

  #destroy(): void {
    if (this.#destroyed) return
    this.#destroyed = true
    this.#failLoads(new Error('The window was closed.'))
    this.emit('destroyed')
  }
}
