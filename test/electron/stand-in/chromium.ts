import { type ChildProcess, spawn } from 'node:child_process'
import { Readable, Writable } from 'node:stream'
import { CdpPipe } from './cdp.ts'
import { Targets } from './targets.ts'

/** The Chromium whose pages are the windows of the stand-in. */
export interface Chromium {
  readonly pipe: CdpPipe
  readonly targets: Targets
  /** Where a test can connect with playwright-core as well: `ws://127.0.0.1:…`. */
  readonly endpoint: string
  readonly pid: number
}

/** Starts Chromium with a fresh profile. `ready` rejects when it does not say where it listens. */
export function startChromium(
  executable: string,
  profile: string,
): { readonly ready: Promise<Chromium>; kill(): void } {
  const child = spawn(executable, [...switches, `--user-data-dir=${profile}`], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
  })
  return { ready: connect(child), kill: () => void child.kill('SIGKILL') }
}

async function connect(child: ChildProcess): Promise<Chromium> {
  const [, , , toChromium, fromChromium] = child.stdio
  if (!(toChromium instanceof Writable) || !(fromChromium instanceof Readable)) {
    throw new Error('Chromium was started without a debugging pipe.')
  }
  const pipe = new CdpPipe(toChromium, fromChromium)
  const endpoint = await endpointOf(child)
  return { pipe, targets: await Targets.watch(pipe), endpoint, pid: child.pid ?? 0 }
}

const switches = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Frames of other sites stay in the page's process, so that one session sees all of them.
  '--disable-site-isolation-trials',
  '--disable-features=IsolateOrigins,site-per-process,HttpsUpgrades,Translate',
  // Whether a page may open a window is for the app to say, as in Electron, not for a pop-up blocker.
  '--disable-popup-blocking',
  // Windows come when the app makes them; Chromium itself opens none.
  '--no-startup-window',
  '--remote-debugging-pipe',
  '--remote-debugging-port=0',
]

function endpointOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stderr?.setEncoding('utf8')
    child.stderr?.on('data', (text: string) => {
      said = (said + text).slice(-8_192)
      const [, endpoint] = /DevTools listening on (ws:\S+)/.exec(said) ?? []
      if (endpoint) resolve(endpoint)
    })
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`Chromium ended with ${code}: ${said.trim()}`)))
  })
}
