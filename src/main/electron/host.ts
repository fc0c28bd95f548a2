import type * as Electron from 'electron'
import type { Clock, Logger } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { Dialogs } from '../console/index.ts'
import type { Launch } from '../console/launch/index.ts'
import { serveApp } from './app-protocol.ts'
import { desktopDialogs } from './dialogs.ts'
import type { HostedConsole } from './hosted-console.ts'
import { setMenu } from './menu.ts'
import { lockNavigation } from './navigation.ts'
import { Notifier } from './notifier.ts'
import { restrictSession } from './permissions.ts'
import { openPipe } from './pipe.ts'
import type { Places } from './places.ts'
import { obeyMachine, Quit } from './quit.ts'
import { takeSingleInstance } from './single-instance.ts'
import { siteActions } from './site-actions.ts'
import { surviveStrayErrors } from './stray-errors.ts'
import { ConsoleTray } from './tray.ts'
import { ConsoleWindow } from './window.ts'

/** What the host takes of the `electron` module. */
export type ElectronParts = Pick<
  typeof Electron,
  | 'app'
  | 'BrowserWindow'
  | 'dialog'
  | 'ipcMain'
  | 'Menu'
  | 'nativeImage'
  | 'nativeTheme'
  | 'Notification'
  | 'powerMonitor'
  | 'protocol'
  | 'screen'
  | 'session'
  | 'shell'
  | 'Tray'
>

export interface DesktopOptions {
  readonly electron: ElectronParts
  readonly places: Places
  readonly launch: Launch
  /** Whether developer tools exist. */
  readonly developerTools: boolean
  readonly clock: Clock
  readonly logger: Logger
  /** Opens the console that this host hosts, without a site. */
  openConsole(dialogs: Dialogs): Promise<HostedConsole>
}

const byMenu: Cause = { type: 'operator', via: 'window' }
const byTray: Cause = { type: 'operator', via: 'tray' }

/**
 * Runs the desktop host until it quits. The window is made at once and the console opened beside it: the page greets when it
 * is there, and the console answers when it is. `registerAppScheme` must have been called; another instance is sent away.
 */
export async function runDesktop(options: DesktopOptions): Promise<void> {
  const { electron, launch, logger } = options
  const { app } = electron
  let show: (asked: Launch) => void = () => {}
  if (!takeSingleInstance(app, launch, logger, (asked) => show(asked))) {
    app.exit(0)
    return
  }
  // Without a listener the app would end with its last window; the site runs on in the tray.
  app.on('window-all-closed', () => {})
  lockNavigation(app, logger)
  await app.whenReady()
  try {
    show = startHost(options)
  } catch (error) {
    // Half a host, without a tray or a window, could not be ended by anyone.
    logger.error('The desktop app could not start.', { error: error instanceof Error ? error.stack : String(error) })
    electron.dialog.showErrorBox('Wheelhouse cannot start', `${String(error)}\n\nThe console log has the details.`)
    app.exit(1)
  }
}

/** Everything after `ready`. Returns what a second launch does. */
function startHost(options: DesktopOptions): (asked: Launch) => void {
  const { electron, places, developerTools, clock, logger } = options
  const { app, dialog, shell } = electron
  logger.info('The desktop console starts.', {
    version: app.getVersion(),
    electron: process.versions.electron,
    pid: process.pid,
  })
  restrictSession(electron.session.defaultSession, developerTools, logger)
  serveApp(electron.protocol, places.renderer, logger)

  const window = new ConsoleWindow({
    Window: electron.BrowserWindow,
    screen: electron.screen,
    nativeTheme: electron.nativeTheme,
    dialog,
    clock,
    logger,
    preload: places.preload,
    icon: places.windowIcon,
    stateFile: places.windowState,
    developerTools,
  })
  const open = () => {
    if (!quit.ending) window.show()
  }
  const notifier = new Notifier({ Notification: electron.Notification, icon: places.windowIcon, onPressed: open })
  surviveStrayErrors(process, clock, logger, (notice) => notifier.notify(notice))
  const dialogs = desktopDialogs(dialog, shell, () => window.current)

  // A console that cannot open is told about once, below; whoever else waits for it finds none.
  const opening = options.openConsole(dialogs)
  const opened = opening.catch(() => null)
  let hosted: HostedConsole | null = null

  const tell = (sentence: string, remedy: string) => notifier.notify({ title: sentence, body: remedy })
  const tray = new ConsoleTray({
    Tray: electron.Tray,
    Menu: electron.Menu,
    nativeImage: electron.nativeImage,
    icons: places.icons,
    actions: siteActions(() => hosted, byTray, logger, tell),
    open,
    quit: () => quit.request('operator'),
  })
  const pipe = openPipe({
    ipcMain: electron.ipcMain,
    isOwn: (contents) => window.owns(contents),
    onConnection: (transport) => {
      void opened.then((console) => console?.connect(transport, { client: 'window', token: null }))
    },
    logger,
  })
  const quit = new Quit({
    app,
    dialog,
    clock,
    logger,
    console: () => opened,
    announce: (sentence) => tray.announceQuit(sentence),
    finish: async () => {
      await window.settled()
      pipe[Symbol.dispose]()
      notifier[Symbol.dispose]()
      tray[Symbol.dispose]()
    },
  })
  obeyMachine(app, electron.powerMonitor, process, quit)

  const openSite = (directory: string, cause: Cause) => {
    open()
    attempt(
      opened.then((console) => console?.openSite(directory, cause)),
      'The site could not be opened',
      tell,
    )
  }
  setMenu({
    Menu: electron.Menu,
    developerTools,
    actions: siteActions(() => hosted, byMenu, logger, tell),
    openSite: () => {
      attempt(
        dialogs.chooseFolder().then((directory) => {
          if (directory !== null) openSite(directory, byMenu)
        }),
        'No folder could be chosen',
        tell,
      )
    },
    openSample: () =>
      attempt(
        opened.then((console) => console?.openSample(byMenu)),
        'The sample could not be opened',
        tell,
      ),
    openLogs: () => shell.showItemInFolder(places.log),
    showAbout: () => app.showAboutPanel(),
    quit: () => quit.request('operator'),
  })
  app.on('activate', open)

  window.show()
  opening.then(
    (console) => {
      hosted = console
      tray.follow(console.state)
      notifier.follow(console.state)
      const { site, start } = options.launch
      // In a checkout there is always something to see; an installed app asks at its first start.
      return console.openInitial({
        site,
        otherwise: app.isPackaged ? 'recent' : 'sample',
        start,
        choice: options.launch,
      })
    },
    (error: unknown) => {
      const { message, remedy } = sentenceOf(error)
      logger.error(`The console could not open: ${message}`, {
        error: error instanceof Error ? error.stack : String(error),
      })
      dialog.showErrorBox('Wheelhouse cannot start', `${message}\n\n${remedy}`)
      app.exit(1)
    },
  )

  return ({ site }) => {
    if (site === null) open()
    else openSite(site, byMenu)
  }
}

function attempt(work: Promise<unknown>, what: string, tell: (sentence: string, remedy: string) => void): void {
  work.catch((error: unknown) => {
    const { message, remedy } = sentenceOf(error)
    tell(`${what}: ${message}`, remedy)
  })
}

function sentenceOf(error: unknown): { readonly message: string; readonly remedy: string } {
  if (error instanceof ConsoleError) return error.problem
  const message = error instanceof Error ? error.message : String(error)
  return { message, remedy: 'The console log has the details.' }
}
