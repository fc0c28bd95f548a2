import { createHash } from 'node:crypto'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/** Where the console keeps what is its own, outside any site. */
export interface UserFolders {
  /** Sites, backups, trust, secrets, the console's log. Mode 0700. */
  readonly data: string
  /** Sockets; short paths, gone after a reboot. Mode 0700. */
  readonly runtime: string
}

/** The folders for this user, by the platform's custom; `WHEELHOUSE_HOME` overrides the first. */
export function userFolders(env: Readonly<Record<string, string | undefined>>): UserFolders {
  return { data: env.WHEELHOUSE_HOME || platformData(env), runtime: runtimeFolder(env) }
}

function platformData(env: Readonly<Record<string, string | undefined>>): string {
  if (process.platform === 'win32') return join(env.APPDATA || join(homedir(), 'AppData', 'Roaming'), 'Wheelhouse')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Wheelhouse')
  return join(env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'wheelhouse')
}

function runtimeFolder(env: Readonly<Record<string, string | undefined>>): string {
  if (env.XDG_RUNTIME_DIR) return join(env.XDG_RUNTIME_DIR, 'wheelhouse')
  const { uid, username } = userInfo()
  return join(tmpdir(), `wheelhouse-${uid >= 0 ? uid : username}`)
}

/** Path of the control socket of the console that has a site open. `directory` is the site's real path. */
export function controlSocketPath(folders: UserFolders, directory: string): string {
  const name = sha256Hex(directory).slice(0, 16)
  return process.platform === 'win32' ? `\\\\.\\pipe\\wheelhouse-${name}` : join(folders.runtime, `${name}.sock`)
}

/** The default backup folder of a site. `directory` is the site's real path. */
export function backupFolder(folders: UserFolders, site: string, directory: string): string {
  return join(folders.data, 'backups', `${site}-${sha256Hex(directory).slice(0, 8)}`)
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
