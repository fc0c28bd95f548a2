// Makes sure that what the project needs is installed. Runs on Node 20, needs nothing installed.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root, run, say, withPath } from './run.mjs'

/** The folder with the programs of the installed packages; `node` there is Node 24. */
export const programs = join(root, 'node_modules', '.bin')

/** The Node that the project runs on. */
export const node = join(programs, 'node')

/**
 * The environment in which the project's programs run: `node` is Node 24, Electron's binary is never fetched on the way, and no
 * colours are written where nobody sees them.
 */
export function projectEnvironment() {
  const plain = process.stdout.isTTY || process.env.FORCE_COLOR ? {} : { NO_COLOR: '1' }
  return withPath(programs, { ...process.env, ...plain, ELECTRON_SKIP_BINARY_DOWNLOAD: '1' })
}

/**
 * Installs the packages when they are missing or older than package-lock.json, and checks that Node 24 is among them. Says
 * what it does. Resolves with false, after a sentence why, when the project cannot run.
 */
export async function ensureInstalled() {
  const refusal = hostRefusal(process.versions.node)
  if (refusal) {
    say(refusal)
    return false
  }
  const reason = whyInstall()
  if (reason) {
    say(`${reason}: installing them with npm ci (once, about half a minute).`)
    const code = await install()
    if (code !== 0) {
      say(
        `The packages could not be installed (npm ended with ${code}): read npm's own lines above, check the network, and try again.`,
      )
      return false
    }
  }
  return checkNode()
}

/** Why this project cannot even install itself on a Node of this version, or null. */
export function hostRefusal(version) {
  if (Number(version.split('.')[0]) >= 20) return null
  return `Node ${version} is too old to install Wheelhouse: install Node 20 or later (Wheelhouse then brings Node 24 along).`
}

function whyInstall() {
  const wanted = join(root, 'package-lock.json')
  const installed = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installed)) return 'The packages are not installed yet'
  if (statSync(wanted).mtimeMs <= statSync(installed).mtimeMs || sameVersions(wanted, installed)) return null
  return 'The packages are older than package-lock.json'
}

/** Times alone mislead: a checkout, or npm itself, may write package-lock.json last without changing a version. */
function sameVersions(wantedFile, installedFile) {
  const wanted = JSON.parse(readFileSync(wantedFile, 'utf8')).packages
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages
  return Object.entries(wanted).every(
    ([path, { version, optional, devOptional }]) =>
      path === '' || (installed[path] ? installed[path].version === version : optional || devOptional),
  )
}

/**
 * npm 11 reads `allowScripts` from package.json and runs only the install script that fetches Node 24. Older ones would
 * compile better-sqlite3, which carries its binaries, so they run no script but that one.
 */
async function install() {
  const env = { ...process.env, ELECTRON_SKIP_BINARY_DOWNLOAD: '1' }
  if (npmMajor(env) >= 11) return run('npm', ['ci', '--include=dev'], { env })
  const code = await run('npm', ['ci', '--include=dev', '--ignore-scripts'], { env })
  return code === 0 ? run('npm', ['rebuild', 'node'], { env }) : code
}

function npmMajor(env) {
  const { stdout } = spawnSync('npm', ['--version'], { env, encoding: 'utf8' })
  return Number((stdout ?? '').split('.')[0])
}

async function checkNode() {
  let version = nodeVersion()
  if (!version) {
    say('Node 24 is missing from the packages: fetching it with npm rebuild node.')
    // The installed `node` may be the broken one, so npm must not find it first.
    await run('npm', ['rebuild', 'node'])
    version = nodeVersion()
  }
  if (version && Number(version.split('.')[0]) >= 24) return true
  say(
    version
      ? `Wheelhouse runs on Node 24, but ${node} is Node ${version}: remove the folder node_modules and start again.`
      : `Wheelhouse runs on Node 24, and ${node} cannot be started on this machine: remove the folder node_modules and start again.`,
  )
  return false
}

/** "24.21.0", or null when there is none or it does not run. */
function nodeVersion() {
  if (!existsSync(node)) return null
  const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
  return status === 0 ? stdout.trim().replace(/^v/, '') : null
}

/** The folder that Electron's binary lies in when it is there, else null. Asking never fetches it. */
export function electronFolder(env = process.env) {
  const folder = env.ELECTRON_OVERRIDE_DIST_PATH || join(root, 'node_modules', 'electron', 'dist')
  return existsSync(join(folder, electronName)) ? folder : null
}

export const electronName =
  process.platform === 'win32'
    ? 'electron.exe'
    : process.platform === 'darwin'
      ? join('Electron.app', 'Contents', 'MacOS', 'Electron')
      : 'electron'

/** The folder of the package whose program Electron's own installer is. */
export const electronInstaller = join(dirname(programs), 'electron', 'install.js')
