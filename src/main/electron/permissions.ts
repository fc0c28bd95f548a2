import type { Session } from 'electron'
import type { Logger } from '#core/platform/index.ts'
import { appOrigin } from './app-protocol.ts'

type CheckHandler = NonNullable<Parameters<Session['setPermissionCheckHandler']>[0]>

/** Everything that Chromium asks permission for, as Electron names it. */
export type Permission = Parameters<CheckHandler>[1]

/** What the page may be granted, and why nothing else: an operator console needs no device of the machine. */
export const permissionTable: Readonly<Record<Permission, { readonly allowed: boolean; readonly why: string }>> = {
  'clipboard-sanitized-write': { allowed: true, why: 'Copy buttons beside logs, messages and command lines.' },
  'clipboard-read': denied('Pasting goes through the keyboard; a page that reads the clipboard sees passwords.'),
  'deprecated-sync-clipboard-read': denied(
    'Pasting goes through the keyboard; a page that reads the clipboard sees passwords.',
  ),
  notifications: denied('Notifications are the host’s: they must also come while no window is open.'),
  fullscreen: denied('The menu does it for the window; a page in full screen can imitate the desktop.'),
  'automatic-fullscreen': denied('The menu does it for the window; a page in full screen can imitate the desktop.'),
  fileSystem: denied('Folders are chosen in the host’s dialog and opened by the core.'),
  openExternal: denied('Only addresses that the site declares are opened, by the core.'),
  media: denied('There is nothing to record.'),
  mediaKeySystem: denied('There is nothing to play.'),
  'display-capture': denied('There is nothing to record.'),
  'captured-surface-control': denied('There is nothing to record.'),
  'speaker-selection': denied('There is nothing to play.'),
  'local-network': denied('The page talks through the pipe alone; the network is the core’s.'),
  'local-network-access': denied('The page talks through the pipe alone; the network is the core’s.'),
  'loopback-network': denied('The page talks through the pipe alone; the network is the core’s.'),
  'background-fetch': denied('The page talks through the pipe alone; the network is the core’s.'),
  'background-sync': denied('The page talks through the pipe alone; the network is the core’s.'),
  'periodic-background-sync': denied('The page talks through the pipe alone; the network is the core’s.'),
  'persistent-storage': denied('The page keeps nothing that matters; the store is the core’s.'),
  'storage-access': denied('Nothing of the console rides on cookies.'),
  'top-level-storage-access': denied('Nothing of the console rides on cookies.'),
  serial: denied('Devices belong to services, never to the page.'),
  usb: denied('Devices belong to services, never to the page.'),
  hid: denied('Devices belong to services, never to the page.'),
  midi: denied('Devices belong to services, never to the page.'),
  midiSysex: denied('Devices belong to services, never to the page.'),
  nfc: denied('Devices belong to services, never to the page.'),
  'smart-card': denied('Devices belong to services, never to the page.'),
  sensors: denied('Devices belong to services, never to the page.'),
  ar: denied('Devices belong to services, never to the page.'),
  vr: denied('Devices belong to services, never to the page.'),
  'hand-tracking': denied('Devices belong to services, never to the page.'),
  geolocation: denied('The site says where it is.'),
  'geolocation-approximate': denied('The site says where it is.'),
  'idle-detection': denied('Whether the operator is there is nobody’s business.'),
  keyboardLock: denied('The operator must always get out.'),
  pointerLock: denied('The operator must always get out.'),
  'screen-wake-lock': denied('A site runs with the screen off.'),
  'system-wake-lock': denied('Whether the machine sleeps is for its owner to say.'),
  'local-fonts': denied('Fonts come with the app.'),
  'payment-handler': denied('Nothing is sold here.'),
  'web-app-installation': denied('The app is installed already.'),
  'web-printing': denied('Nothing is printed without the operator’s own command.'),
  'window-management': denied('The host places the window.'),
  unknown: denied('What has no name is not granted.'),
}

/** Whether a page may have a permission: by the table, and only for the console's own page in the top frame. */
export function isPermitted(permission: Permission, origin: string, isMainFrame: boolean): boolean {
  if (!isMainFrame || origin !== appOrigin) return false
  // A newer Chromium may ask for what the table does not know yet.
  return Object.hasOwn(permissionTable, permission) && permissionTable[permission].allowed
}

/** Denies the session everything that is not in the table: permissions, devices, requests to anywhere, downloads. */
export function restrictSession(session: Session, developerTools: boolean, logger: Logger): void {
  session.setPermissionCheckHandler((_contents, permission, requestingOrigin, details) =>
    isPermitted(permission, originOf(requestingOrigin), details.isMainFrame),
  )
  session.setPermissionRequestHandler((_contents, permission, callback, details) => {
    const granted = isPermitted(permission, originOf(details.requestingUrl), details.isMainFrame)
    if (!granted) logger.warn(`The page asked for the permission "${permission}"; it was denied.`)
    callback(granted)
  })
  session.setDevicePermissionHandler(() => false)
  session.webRequest.onBeforeRequest((details, callback) => {
    const cancel = !mayRequest(details.url, developerTools)
    if (cancel)
      logger.warn('The page asked for something outside the app; the request was cancelled.', { url: details.url })
    callback({ cancel })
  })
  // Exports are made by the page itself; the operator is asked where to save them.
  session.on('will-download', (event, item) => {
    if (item.getURL().startsWith(`blob:${appOrigin}/`)) return
    logger.warn('A download from outside the app was refused.', { url: item.getURL() })
    event.preventDefault()
  })
}

/** What a page may load: the app's own files and what it made itself. Developer tools only where they exist. */
export function mayRequest(url: string, developerTools: boolean): boolean {
  if (url.startsWith(`${appOrigin}/`) || url.startsWith(`blob:${appOrigin}/`) || url.startsWith('data:')) return true
  return developerTools && url.startsWith('devtools://')
}

function denied(why: string): { readonly allowed: false; readonly why: string } {
  return { allowed: false, why }
}

/** `app://wheelhouse/index.html#/services` → `app://wheelhouse`. URL.origin is "null" for schemes that it does not know. */
function originOf(address: string): string {
  const url = URL.parse(address)
  return url ? `${url.protocol}//${url.host}` : ''
}
