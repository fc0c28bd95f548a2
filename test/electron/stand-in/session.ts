import { EventEmitter } from 'node:events'
import type * as Electron from 'electron'
import type { Addresses } from './addresses.ts'
import type { Json } from './cdp.ts'
import type { Chromium } from './chromium.ts'
import type { HeldRequest } from './page.ts'

type CheckHandler = Parameters<Electron.Session['setPermissionCheckHandler']>[0]
type RequestHandler = Parameters<Electron.Session['setPermissionRequestHandler']>[0]
type BeforeRequest = Parameters<Electron.WebRequest['onBeforeRequest']>[0]
type ProtocolHandler = Parameters<Electron.Protocol['handle']>[1]

type Permission = Parameters<NonNullable<CheckHandler>>[1]

/** Permissions that a page can ask for in this Chromium, under Electron's name and the DevTools protocol's. */
const asked: readonly (readonly [Permission, Json])[] = [
  ['clipboard-read', { name: 'clipboard-read' }],
  ['clipboard-sanitized-write', { name: 'clipboard-write' }],
  ['geolocation', { name: 'geolocation' }],
  ['media', { name: 'camera' }],
  ['media', { name: 'microphone' }],
  ['midi', { name: 'midi' }],
  ['midiSysex', { name: 'midi', sysex: true }],
  ['notifications', { name: 'notifications' }],
  ['persistent-storage', { name: 'persistent-storage' }],
  ['idle-detection', { name: 'idle-detection' }],
  ['local-fonts', { name: 'local-fonts' }],
  ['screen-wake-lock', { name: 'screen-wake-lock' }],
  ['window-management', { name: 'window-management' }],
]

/** The default session: permissions, requests, protocols. */
export class Session extends EventEmitter {
  readonly #addresses: Addresses
  readonly #chromium: () => Chromium
  readonly #handlers = new Map<string, ProtocolHandler>()
  #check: CheckHandler = null
  #request: RequestHandler = null
  #device: ((details: unknown) => boolean) | null = null
  #beforeRequest: BeforeRequest = null
  #lastRequest = 0

  constructor(addresses: Addresses, chromium: () => Chromium) {
    super()
    this.#addresses = addresses
    this.#chromium = chromium
  }

  readonly protocol = {
    handle: (scheme: string, handler: ProtocolHandler) => {
      if (this.#handlers.has(scheme)) throw new Error(`Failed to register protocol: ${scheme}`)
      this.#handlers.set(scheme, handler)
    },
    unhandle: (scheme: string) => void this.#handlers.delete(scheme),
    isProtocolHandled: (scheme: string) => this.#handlers.has(scheme),
  }

  readonly webRequest = {
    onBeforeRequest: (listener: BeforeRequest) => {
      this.#beforeRequest = listener
    },
  }

  setPermissionCheckHandler(handler: CheckHandler): void {
    this.#check = handler
  }

  setPermissionRequestHandler(handler: RequestHandler): void {
    this.#request = handler
  }

  setDevicePermissionHandler(handler: ((details: unknown) => boolean) | null): void {
    this.#device = handler
  }

  /** Which handlers the app has set, for tests. */
  get standInHandlers() {
    return { check: this.#check, request: this.#request, device: this.#device, beforeRequest: this.#beforeRequest }
  }

  /**
   * Chromium cannot ask the app at the moment when a page asks for a permission, so it is asked beforehand, for each
   * permission and origin of the app, and Chromium told the answer. Without a handler everything is granted, as in Electron.
   */
  async applyPermissions(): Promise<void> {
    const { pipe } = this.#chromium()
    const requestingUrl = 'app://wheelhouse/index.html'
    const details = { requestingUrl, isMainFrame: true }
    const origin = this.#addresses.inChromium('app://wheelhouse')
    await Promise.all(
      asked.map(async ([permission, chromium]) => {
        const granted = this.#check?.(null, permission, this.#addresses.originOf(requestingUrl), details) ?? true
        await pipe.call('Browser.setPermission', {
          permission: chromium,
          setting: granted ? 'granted' : 'denied',
          origin,
        })
      }),
    )
  }

  /** Whether the app's `onBeforeRequest` cancels a request. */
  cancels(url: string, method: string, webContentsId: number): Promise<boolean> {
    const listener = this.#beforeRequest
    if (!listener) return Promise.resolve(false)
    const id = ++this.#lastRequest
    return new Promise((resolve) => {
      const details = {
        id,
        url,
        method,
        webContentsId,
        resourceType: 'other' as const,
        referrer: '',
        timestamp: Date.now(),
        uploadData: [],
      }
      listener(details, ({ cancel }) => resolve(cancel === true))
    })
  }

  /** Answers a request of a scheme that the app handles; lets every other go to the network. */
  async answer(request: HeldRequest): Promise<void> {
    const { url, method, headers, body } = request
    const handler = this.#handlers.get(url.slice(0, url.indexOf(':')))
    if (!handler) {
      request.goOn()
      return
    }
    try {
      const response = await handler(new Request(url, { method, headers, ...(body === undefined ? {} : { body }) }))
      request.answer(response.status, [...response.headers], new Uint8Array(await response.arrayBuffer()))
    } catch {
      request.refuse()
    }
  }
}
