import { EventEmitter } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import type { NotificationConstructorOptions } from 'electron'

/** The smaller parts of the desktop. Whatever would show on a screen is kept instead, for tests to look at. */
export function desktopParts() {
  const trays: Tray[] = []
  const notifications: Notification[] = []
  /** Calls of `dialog` and `shell`, in order. */
  const asked: { readonly what: string; readonly options: unknown }[] = []

  class NativeImage {
    readonly path: string
    readonly #bytes: number

    constructor(path: string, bytes: number) {
      this.path = path
      this.#bytes = bytes
    }

    isEmpty(): boolean {
      return this.#bytes === 0
    }
  }

  const nativeImage = {
    // As in Electron, a file that is not there makes an empty image and no error.
    createFromPath: (path: string) => new NativeImage(path, existsSync(path) ? readFileSync(path).length : 0),
    createEmpty: () => new NativeImage('', 0),
  }

  class Tray extends EventEmitter {
    standInImage: NativeImage
    standInToolTip = ''
    standInMenu: { getMenuItemById(id: string): { click(): void } | null } | null = null
    #destroyed = false

    constructor(image: NativeImage | string) {
      super()
      this.standInImage = typeof image === 'string' ? nativeImage.createFromPath(image) : image
      if (this.standInImage.isEmpty()) throw new Error(`Failed to load image from path '${this.standInImage.path}'`)
      trays.push(this)
    }

    setImage(image: NativeImage): void {
      this.standInImage = image
    }

    setToolTip(text: string): void {
      this.standInToolTip = text
    }

    setContextMenu(menu: Tray['standInMenu']): void {
      this.standInMenu = menu
    }

    isDestroyed(): boolean {
      return this.#destroyed
    }

    destroy(): void {
      this.#destroyed = true
      trays.splice(trays.indexOf(this), 1)
    }
  }

  class Notification extends EventEmitter {
    static isSupported(): boolean {
      return true
    }

    readonly title: string
    readonly body: string

    constructor(options: NotificationConstructorOptions = {}) {
      super()
      this.title = options.title ?? ''
      this.body = options.body ?? ''
    }

    show(): void {
      notifications.push(this)
      this.emit('show')
    }

    close(): void {
      this.emit('close')
    }
  }

  /** Nobody sits in front of the stand-in: a dialog waits until a test has put an answer in its place. */
  const unanswered = (what: string) => (options: unknown) => {
    asked.push({ what, options })
    return new Promise<never>(() => {})
  }
  const dialog = {
    showMessageBox: unanswered('showMessageBox'),
    showOpenDialog: unanswered('showOpenDialog'),
    showSaveDialog: unanswered('showSaveDialog'),
    showErrorBox: (title: string, content: string) => {
      asked.push({ what: 'showErrorBox', options: { title, content } })
      process.stderr.write(`error box: ${title}: ${content}\n`)
    },
  }

  const shell = {
    openPath: async (path: string) => {
      asked.push({ what: 'openPath', options: path })
      return existsSync(path) ? '' : 'No such file or directory'
    },
    openExternal: async (url: string) => {
      asked.push({ what: 'openExternal', options: url })
    },
    showItemInFolder: (path: string) => void asked.push({ what: 'showItemInFolder', options: path }),
  }

  const nativeTheme = Object.assign(new EventEmitter(), { shouldUseDarkColors: false, themeSource: 'system' })
  const workArea = { x: 0, y: 0, width: 1_920, height: 1_080 }
  const display = { id: 1, bounds: workArea, workArea, scaleFactor: 1 }
  const screen = Object.assign(new EventEmitter(), {
    getAllDisplays: () => [display],
    getPrimaryDisplay: () => display,
  })
  const powerMonitor = new EventEmitter()

  return {
    Tray,
    Notification,
    nativeImage,
    dialog,
    shell,
    nativeTheme,
    screen,
    powerMonitor,
    shown: { trays, notifications, asked },
  }
}
