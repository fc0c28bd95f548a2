import { Addresses } from './addresses.ts'
import { App } from './app.ts'
import { browserWindowClass } from './browser-window.ts'
import { type Chromium, startChromium } from './chromium.ts'
import { serveControl } from './control.ts'
import { desktopParts } from './desktop-parts.ts'
import { IpcMain } from './ipc-main.ts'
import { menuClasses } from './menu.ts'
import { Session } from './session.ts'
import { settingsFrom } from './settings.ts'

// What `import … from 'electron'` gives the app under the stand-in. Electron is one module of singletons, and so is this.
const settings = settingsFrom(process.env)
delete process.env.ELECTRON_STAND_IN

const starting = startChromium(settings.chromium, settings.profile)
let running: Chromium | null = null
let lastId = 0
const chromium = (): Chromium => {
  if (running) return running
  throw new Error('Cannot create BrowserWindow before app is ready')
}
const addresses = new Addresses()
const desktop = desktopParts()

export const app = new App(settings.root, () => starting.kill())
export const ipcMain = new IpcMain()
const defaultSession = new Session(addresses, chromium)
export const session = { defaultSession }
export const protocol = {
  ...defaultSession.protocol,
  registerSchemesAsPrivileged(schemes: readonly Electron.CustomScheme[]) {
    if (app.isReady()) throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready')
    for (const { scheme, privileges } of schemes) if (privileges?.standard) addresses.register(scheme)
  },
}
export const BrowserWindow = browserWindowClass({
  chromium,
  addresses,
  session: defaultSession,
  app,
  ipcMain,
  nextId: () => ++lastId,
})
export const { Menu, MenuItem } = menuClasses(() => BrowserWindow.getFocusedWindow(), {
  close: (window) => window?.close(),
  reload: (window) => window?.webContents.reload(),
  quit: () => app.quit(),
})
export const { Tray, Notification, nativeImage, dialog, shell, nativeTheme, screen, powerMonitor } = desktop
export const webContents = {
  getAllWebContents: () => BrowserWindow.getAllWindows().map((window) => window.webContents),
}

const electron = {
  app,
  ipcMain,
  session,
  protocol,
  BrowserWindow,
  Menu,
  MenuItem,
  Tray,
  Notification,
  nativeImage,
  dialog,
  shell,
  nativeTheme,
  screen,
  powerMonitor,
  webContents,
}
export default electron

const control = serveControl({ electron, shown: desktop.shown })
starting.ready.then(
  (started) => {
    running = started
    control.tell({ chromium: { endpoint: started.endpoint, pid: started.pid } })
    app.standInReady({
      close: () => BrowserWindow.getAllWindows().map((window) => window.close()),
      destroy: () => BrowserWindow.getAllWindows().map((window) => window.destroy()),
      count: () => BrowserWindow.getAllWindows().length,
    })
  },
  (error: unknown) => {
    process.stderr.write(`The stand-in has no Chromium: ${String(error)}\n`)
    process.exit(1)
  },
)
