import type { Menu, MenuItemConstructorOptions } from 'electron'
import type { SiteActions } from './site-actions.ts'

export interface MenuOptions {
  readonly Menu: Pick<typeof Menu, 'buildFromTemplate' | 'setApplicationMenu'>
  /** Whether developer tools exist. */
  readonly developerTools: boolean
  readonly actions: SiteActions
  readonly openSite: () => void
  readonly openSample: () => void
  readonly openLogs: () => void
  readonly showAbout: () => void
  readonly quit: () => void
}

/** Sets the application's menu. Everything in it can be done in the window as well; this is for the keyboard. */
export function setMenu(options: MenuOptions): void {
  options.Menu.setApplicationMenu(options.Menu.buildFromTemplate(menuTemplate(options)))
}

/** The menu as data. */
export function menuTemplate(options: Omit<MenuOptions, 'Menu'>): MenuItemConstructorOptions[] {
  const { actions, developerTools } = options
  return [
    {
      label: '&File',
      submenu: [
        { id: 'open-site', label: 'Open site…', accelerator: 'CmdOrCtrl+O', click: options.openSite },
        { id: 'open-sample', label: 'Open the sample site', click: options.openSample },
        { type: 'separator' },
        { id: 'close-window', label: 'Close window, services go on', accelerator: 'CmdOrCtrl+W', role: 'close' },
        { id: 'quit', label: 'Quit and stop all services', accelerator: 'CmdOrCtrl+Q', click: options.quit },
      ],
    },
    { label: '&Edit', role: 'editMenu' },
    {
      label: '&Site',
      submenu: [
        { id: 'start-all', label: 'Start all services', click: () => actions.startAll() },
        { id: 'stop-all', label: 'Stop all services', click: () => actions.stopAll() },
        { type: 'separator' },
        { id: 'emergency-stop', label: 'Emergency stop', click: () => actions.emergencyStop() },
      ],
    },
    {
      label: '&View',
      submenu: [
        { role: 'reload', label: 'Load the window again' },
        ...(developerTools ? [{ role: 'toggleDevTools' } as const] : []),
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
      ],
    },
    {
      label: '&Help',
      role: 'help',
      submenu: [
        { id: 'open-logs', label: 'Open the console log’s folder', click: options.openLogs },
        { id: 'about', label: 'About Wheelhouse', click: options.showAbout },
      ],
    },
  ]
}
