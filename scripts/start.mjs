// npm start: installs and builds what is missing, then starts the desktop app, or the headless host where there can be none.
// Everything after `--` goes to the host. Runs on Node 20.
import { join } from 'node:path'
import { ensureBuilt } from './parts/build.mjs'
import {
  electronFolder,
  electronInstaller,
  electronName,
  ensureInstalled,
  node,
  projectEnvironment,
} from './parts/installation.mjs'
import { root, run, say } from './parts/run.mjs'

process.exitCode = await start(process.argv.slice(2))

async function start(args) {
  if (!(await ensureInstalled())) return 1
  if ((await ensureBuilt()) !== 0) {
    say('Wheelhouse could not be built: the reason is above.')
    return 1
  }
  const reason = args.includes('--headless') ? 'as asked' : await whyNoDesktop(process.env)
  const rest = args.filter((arg) => arg !== '--headless')
  if (reason === null) return startDesktop(rest)
  say(`Starting without a window: ${reason}.`)
  return run(node, [join(root, 'out', 'main', 'headless.js'), ...rest], { env: projectEnvironment() })
}

function startDesktop(args) {
  const env = projectEnvironment()
  delete env.ELECTRON_RUN_AS_NODE
  return run(join(electronFolder(), electronName), [root, ...args], { env })
}

/** Why the desktop app cannot run here, or null. Fetches Electron's binary when that is all that is missing. */
async function whyNoDesktop(env) {
  if (process.platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY) return 'this machine has no display'
  if (process.getuid?.() === 0) return 'Electron keeps its sandbox, and so does not run as root'
  if (electronFolder()) return null
  if (env.ELECTRON_SKIP_BINARY_DOWNLOAD || env.ELECTRON_OVERRIDE_DIST_PATH)
    return 'the Electron binary is not installed'
  say('Fetching the Electron binary (once).')
  await run(node, [electronInstaller], { env })
  return electronFolder() ? null : 'the Electron binary could not be fetched'
}
