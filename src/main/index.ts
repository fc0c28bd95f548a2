import { join } from 'node:path'
import * as electron from 'electron'
import { crashPointsFrom, systemClock, systemProcesses, userFolders } from '#core/platform/index.ts'
import { Console } from './console/index.ts'
import { registerAppScheme } from './electron/app-protocol.ts'
import { readLaunch } from './electron/command-line.ts'
import { runDesktop } from './electron/host.ts'
import { logFile } from './electron/log-file.ts'
import { findPlaces } from './electron/places.ts'

// The desktop app. What must happen before Electron is ready happens here, in this turn; the rest is in electron/host.ts.
const { app } = electron
const folders = userFolders(process.env)
const places = findPlaces({
  app: join(import.meta.dirname, '..', '..'),
  installedResources: process.resourcesPath,
  isPackaged: app.isPackaged,
  platform: process.platform,
  folders,
})
app.setName('Wheelhouse')
app.setPath('userData', places.profile)
app.enableSandbox()
registerAppScheme(electron.protocol)

const clock = systemClock({ keepAlive: true })
const logger = logFile(places.log, electron.ipcMain)
void runDesktop({
  electron,
  places,
  launch: readLaunch(process.argv, process.cwd()),
  development: !app.isPackaged,
  clock,
  logger: logger.part('desktop'),
  openConsole: async (dialogs) =>
    Console.open({
      host: 'electron',
      version: app.getVersion(),
      folders,
      runtime: places.runtime,
      resources: places.resources,
      dialogs,
      logger,
      clock,
      processes: systemProcesses({ clock, logger, runtime: places.runtime }),
      crashPoints: crashPointsFrom(process.env),
      random: Math.random,
    }),
})
