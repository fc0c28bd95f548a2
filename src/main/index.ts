import { join } from 'node:path'
import * as electron from 'electron'
import { environments, usualEnvironment } from '#core/environment.ts'
import { crashPointsFrom, systemClock, systemProcesses, userFolders } from '#core/platform/index.ts'
import { Console } from './console/index.ts'
import { readDesktopLaunch } from './console/launch/index.ts'
import { registerAppScheme } from './electron/app-protocol.ts'
import { becomeHeadless } from './electron/become-headless.ts'
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

const read = readDesktopLaunch(process.argv, {
  workingDirectory: process.cwd(),
  env: process.env,
  version: app.getVersion(),
})
if (read.kind === 'told') {
  const terminal = read.code === 0 ? process.stdout : process.stderr
  terminal.write(`${read.text}\n`, () => app.exit(read.code))
} else if (read.launch.headless) {
  void becomeHeadless(places.runtime, read.args, process).then((code) => app.exit(code))
} else {
  const environment = read.launch.environment ?? usualEnvironment(app.isPackaged)
  const clock = systemClock({ keepAlive: true })
  const logger = logFile(places.log, environments[environment].log, electron.ipcMain)
  void runDesktop({
    electron,
    places,
    launch: read.launch,
    developerTools: environments[environment].developerTools,
    clock,
    logger: logger.part('desktop'),
    openConsole: async (dialogs) =>
      Console.open({
        host: 'electron',
        version: app.getVersion(),
        runsFor: read.launch.environment,
        installed: app.isPackaged,
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
}
