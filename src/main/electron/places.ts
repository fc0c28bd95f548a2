import { join, sep } from 'node:path'
import { builtRuntime, type Runtime, type UserFolders } from '#core/platform/index.ts'

/** Where the parts of the app lie, in a checkout and in an installed app. Absolute paths. */
export interface Places {
  readonly renderer: string
  readonly preload: string
  readonly icons: string
  readonly windowIcon: string
  /** Folder with `sites/`, as shipped. */
  readonly resources: string
  readonly runtime: Runtime
  /** Chromium's own profile: nothing of the console is in it. */
  readonly profile: string
  readonly log: string
  readonly windowState: string
}

export interface PlacesOptions {
  /** The app itself: the checkout, or `…/resources/app.asar`. */
  readonly app: string
  /** `process.resourcesPath`, where an installed app keeps what lies outside the archive. */
  readonly installedResources: string
  readonly isPackaged: boolean
  readonly platform: NodeJS.Platform
  readonly folders: UserFolders
}

/**
 * The places. Whatever the services' Node loads, programs and their packages, lies outside the archive: only Electron can look
 * into one, and Electron's binary does not run services.
 */
export function findPlaces({ app, installedResources, isPackaged, platform, folders }: PlacesOptions): Places {
  const outside = isPackaged ? app.replace(/app\.asar$/, 'app.asar.unpacked') : app
  const node = platform === 'win32' ? 'node.exe' : 'node'
  const nodeFolder = isPackaged ? join(installedResources, 'node', 'bin') : join(app, 'node_modules', 'node', 'bin')
  return {
    renderer: join(app, 'out', 'renderer'),
    preload: join(app, 'out', 'preload', 'index.cjs'),
    icons: join(app, 'resources', 'icons'),
    windowIcon: join(app, 'resources', 'icons', '256.png'),
    resources: isPackaged ? installedResources : join(app, 'resources'),
    runtime: builtRuntime([outside, 'out', 'main'].join(sep), join(nodeFolder, node)),
    profile: join(folders.data, 'desktop'),
    log: join(folders.data, 'logs', 'console.log'),
    windowState: join(folders.data, 'window.json'),
  }
}
