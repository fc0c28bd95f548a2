import { EventEmitter } from 'node:events'
import type { BrowserWindowConstructorOptions, Rectangle } from 'electron'
import { PreventableEvent } from './events.ts'
import type { Parts } from './parts.ts'
import { WebContents } from './web-contents.ts'

/** The part of `BrowserWindow` that a stand-in window has. */
export type StandInWindow = InstanceType<ReturnType<typeof browserWindowClass>>

/** Makes the `BrowserWindow` class of one stand-in. */
export function browserWindowClass(parts: Parts) {
  const windows: BrowserWindow[] = []
  let focused: BrowserWindow | null = null

  class BrowserWindow extends EventEmitter {
    static getAllWindows(): BrowserWindow[] {
      return [...windows]
    }

    static getFocusedWindow(): BrowserWindow | null {
      return focused
    }

    static fromWebContents(contents: WebContents): BrowserWindow | null {
      return windows.find((window) => window.webContents === contents) ?? null
    }

    readonly id: number
    readonly webContents: WebContents
    /** What the window was made with, for tests to look at. */
    readonly standInOptions: BrowserWindowConstructorOptions
    #bounds: Rectangle
    #visible: boolean
    #minimized = false
    #maximized = false
    #destroyed = false
    #painted = false

    constructor(options: BrowserWindowConstructorOptions = {}) {
      super()
      parts.chromium()
      this.id = parts.nextId()
      this.standInOptions = options
      this.#bounds = {
        x: options.x ?? 0,
        y: options.y ?? 0,
        width: options.width ?? 800,
        height: options.height ?? 600,
      }
      this.#visible = options.show ?? true
      this.webContents = new WebContents(parts, options.webPreferences ?? {}, this.#bounds)
      this.webContents.on('stand-in-first-paint', () => {
        if (this.#painted) return
        this.#painted = true
        this.emit('ready-to-show', new PreventableEvent())
      })
      this.webContents.on('destroyed', () => this.#gone())
      windows.push(this)
      parts.app.emit('web-contents-created', new PreventableEvent(), this.webContents)
      parts.app.emit('browser-window-created', new PreventableEvent(), this)
    }

    loadURL(url: string): Promise<void> {
      return this.webContents.loadURL(url)
    }

    show(): void {
      this.#visible = true
      this.webContents.standInFront()
      this.emit('show')
      this.focus()
    }

    hide(): void {
      this.#visible = false
      this.emit('hide')
    }

    focus(): void {
      focused = this
      this.webContents.standInFront()
      this.emit('focus')
    }

    isFocused(): boolean {
      return focused === this
    }

    isVisible(): boolean {
      return this.#visible && !this.#destroyed
    }

    isDestroyed(): boolean {
      return this.#destroyed
    }

    minimize(): void {
      this.#minimized = true
      this.emit('minimize')
    }

    restore(): void {
      this.#minimized = false
      this.emit('restore')
    }

    isMinimized(): boolean {
      return this.#minimized
    }

    maximize(): void {
      this.#maximized = true
      this.emit('maximize')
    }

    isMaximized(): boolean {
      return this.#maximized
    }

    getBounds(): Rectangle {
      return { ...this.#bounds }
    }

    getNormalBounds(): Rectangle {
      return { ...this.#bounds }
    }

    setBounds(bounds: Partial<Rectangle>): void {
      this.#bounds = { ...this.#bounds, ...bounds }
    }

    getTitle(): string {
      return this.standInOptions.title ?? 'Electron'
    }

    /** As if the operator had closed it: can be prevented. */
    close(): void {
      if (this.#destroyed) return
      const event = new PreventableEvent()
      this.emit('close', event)
      if (!event.defaultPrevented) this.destroy()
    }

    destroy(): void {
      if (!this.#destroyed) this.webContents.standInClose()
    }

    #gone(): void {
      if (this.#destroyed) return
      this.#destroyed = true
      windows.splice(windows.indexOf(this), 1)
      if (focused === this) focused = null
      this.emit('closed')
      if (windows.length === 0) parts.app.emit('stand-in-last-window-closed')
    }
  }

  return BrowserWindow
}
