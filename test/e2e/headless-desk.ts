import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type BrowserContext, chromium } from 'playwright-core'
import { patienceMs } from '../support/until.ts'
import { type Desk, type Home, projectRoot } from './desk.ts'

const quiet = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The built headless host, and Chromium on the address that it prints. `args` are the host's own, such as the site. */
export async function launchHeadless(
  home: Pick<Home, 'env'>,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Promise<Desk> {
  const console = spawn(process.execPath, [join(projectRoot, 'out/main/headless.js'), '--json', ...args], {
    env: { ...process.env, ...home.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(console, 'exit').then(() => {})
  const address = await new Promise<string>((resolve, reject) => {
    createInterface({ input: console.stdout }).once('line', (line) => resolve(JSON.parse(line).address))
    void ended.then(() => reject(new Error('The headless host ended before it printed its address.')))
  })
  const profile = mkdtempSync(join(tmpdir(), 'wheelhouse-chromium-'))
  const browser = await openChromium(profile)
  const closeBrowser = async () => {
    await browser.close()
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
  const page = browser.pages()[0] ?? (await browser.newPage())
  page.setDefaultTimeout(patienceMs)
  await page.goto(address)
  return {
    name: 'headless',
    page,
    pid: console.pid ?? 0,
    ended,
    async kill() {
      console.kill('SIGKILL')
      await ended
      await closeBrowser()
    },
    async quit() {
      console.kill('SIGTERM')
      await ended
      await closeBrowser()
    },
  }
}

function openChromium(profile: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    args: quiet,
    viewport: { width: 1440, height: 900 },
  })
}
