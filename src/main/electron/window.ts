import type { BrowserWindow, BrowserWindowConstructorOptions, Dialog, NativeTheme, Screen, WebContents } from 'electron'
import type { Clock, Logger } from '#core/platform/index.ts'
import { appPage } from './app-protocol.ts'
import { judgeCrash } from './crash-limit.ts'
import { placement, readWindowState, writeWindowState } from './window-state.ts'

export interface WindowOptions {
  readonly Window: new (options: BrowserWindowConstructorOptions) => BrowserWindow
  readonly screen: Pick<Screen, 'getAllDisplays'>
  readonly nativeTheme: Pick<NativeTheme, 'shouldUseDarkColors'>
  readonly dialog: Pick<Dialog, 'showMessageBox'>
  readonly clock: Clock
  readonly logger: Logger
  /** Absolute path of the built preload. */
  readonly preload: string
  readonly icon: string
  /** Where size and place are remembered. */
  readonly stateFile: string
  /** Whether developer tools exist. */
  readonly developerTools: boolean
}

/** The console's one window: made when it is wanted, gone when it is closed, the site running on either way. */
export class ConsoleWindow {
  readonly #options: WindowOptions
  #window: BrowserWindow | null = null
  #crashes: readonly number[] = []
  #saved: Promise<void> = Promise.resolve()

  constructor(options: WindowOptions) {
    this.#options = options
  }

  /** Shows the window, made anew when there is none, and puts it in front. */
  show(): void {
    const window = this.#window
    if (!window) {
      this.#window = this.#open()
      return
    }
    if (window.isMinimized()) window.restore()
    window.show()
    window.focus()
  }

  /** The window, while there is one. */
  get current(): BrowserWindow | null {
    return this.#window
  }

  /** Whether a page belongs to this window. */
  owns(contents: WebContents): boolean {
    return this.#window?.webContents === contents
  }

  /** Resolves when what is to be remembered of closed windows is on disk. */
  async settled(): Promise<void> {
    const window = this.#window
    if (window && !window.isDestroyed()) this.#remember(window)
    await this.#saved
  }

  #open(): BrowserWindow {
    const { Window, screen, stateFile } = this.#options
    const remembered = readWindowState(stateFile)
    const areas = screen.getAllDisplays().map((display) => display.workArea)
    const window = new Window(windowOptions(this.#options, placement(remembered, areas)))
    if (remembered?.maximized) window.maximize()

    // Shown with its first paint, so that there is no white flash; whatever the console still has to open comes after.
    window.once('ready-to-show', () => window.show())
    window.on('close', () => this.#remember(window))
    window.on('closed', () => {
      if (this.#window === window) this.#window = null
    })
    window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
      if (reason !== 'clean-exit') this.#recover(window, `${reason}, code ${exitCode}`)
    })
    window.on('unresponsive', () => this.#options.logger.warn('The page of the window does not respond.'))
    window.webContents.on('preload-error', (_event, path, error) => {
      this.#options.logger.error(`The preload ${path} failed: the window cannot reach the console.`, {
        error: error.stack,
      })
    })
    this.#load(window)
    return window
  }

  #load(window: BrowserWindow): void {
    window.loadURL(appPage).catch((error: unknown) => {
      if (!window.isDestroyed()) this.#options.logger.error('The page could not be loaded.', { error: String(error) })
    })
  }

  #remember(window: BrowserWindow): void {
    const { stateFile, logger } = this.#options
    const state = { ...window.getNormalBounds(), maximized: window.isMaximized() }
    this.#saved = this.#saved
      .then(() => writeWindowState(stateFile, state))
      .catch((error: unknown) => logger.warn('Where the window was could not be remembered.', { error: String(error) }))
  }

  /** Services do not notice that a page crashed, and neither should the operator, unless it goes on. */
  #recover(window: BrowserWindow, how: string): void {
    const { clock, logger } = this.#options
    const { reload, remembered } = judgeCrash(this.#crashes, clock.monotonic())
    this.#crashes = remembered
    logger.error(`The page of the window stopped (${how}).`, { reloaded: reload })
    if (window.isDestroyed()) return
    if (reload) this.#load(window)
    else void this.#askAfterCrashes(window)
  }

  async #askAfterCrashes(window: BrowserWindow): Promise<void> {
    const { response } = await this.#options.dialog.showMessageBox({
      type: 'error',
      message: 'The window stopped working several times in a minute.',
      detail:
        'The console and all services go on running. Load the window again, or close it and open it later from the tray; ' +
        'the console log says why it stopped.',
      buttons: ['Load the window again', 'Close the window'],
      defaultId: 0,
      cancelId: 1,
      noLink: true,
    })
    if (window.isDestroyed()) return
    this.#crashes = []
    if (response === 0) this.#load(window)
    else window.destroy()
  }
}

/** Everything that keeps the page in its place, spelled out although some are defaults: a default may change. */
function windowOptions(
  { nativeTheme, preload, icon, developerTools }: WindowOptions,
  place: { readonly x?: number; readonly y?: number; readonly width: number; readonly height: number },
): BrowserWindowConstructorOptions {
  return {
    ...place,
    minWidth: 880,
    minHeight: 560,
    show: false,
    title: 'Wheelhouse',
    icon,
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#1a1b1e' : '#ffffff',
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      navigateOnDragDrop: false,
      safeDialogs: true,
      // The spelling checker would fetch its dictionaries from the network.
      spellcheck: false,
      devTools: developerTools,
    },
  }
}
