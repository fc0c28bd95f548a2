import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { preview } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject } from 'vitest'
import { needs } from '../support/needs.ts'
import { patienceMs } from '../support/until.ts'
import { projectRoot } from './desk.ts'
import { pageNonce } from './page-nonce.ts'

/** The renderer, served as a host would, in a real browser over a scripted console. */
interface ScriptedPages extends AsyncDisposable {
  /** Ends in a slash. */
  readonly origin: string
  open(): Promise<WatchedPage>
}

export interface WatchedPage {
  readonly page: Page
  /** Everything that the page complained of: violations of its policy, errors, warnings, failed loads. */
  readonly complaints: readonly string[]
  /** Every address that it asked for. */
  readonly requests: readonly string[]
}

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'self' 'nonce-${pageNonce}'`,
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
].join('; ')

/** Serves the page that was built (see pages.setup.ts) under the strict policy, and starts the browser. */
async function scriptedPages(outDir: string): Promise<ScriptedPages> {
  const server = await preview({
    configFile: false,
    root: join(projectRoot, 'src/renderer'),
    logLevel: 'error',
    build: { outDir },
    preview: { host: '127.0.0.1', port: 0, headers: { 'content-security-policy': policy } },
  })
  const browser = await chromium.launch({
    executablePath: process.env.WHEELHOUSE_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'],
  })
  return {
    origin: server.resolvedUrls?.local[0] ?? '',
    async open() {
      const page = await browser.newPage({
        viewport: { width: 1440, height: 900 },
        colorScheme: 'light',
        locale: 'en-GB',
      })
      page.setDefaultTimeout(patienceMs)
      const complaints: string[] = []
      const requests: string[] = []
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
      })
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on('request', (request) => requests.push(request.url()))
      return { page, complaints, requests }
    },
    async [Symbol.asyncDispose]() {
      await browser.close()
      await server.close()
    },
  }
}

/**
 * For a spec file: a new page for each test, told to `onPage`; a page that complained of anything fails its test. The tests are
 * skipped on a machine without Chromium.
 */
export function pageForEachTest(onPage: (watched: WatchedPage) => void): Pick<ScriptedPages, 'origin'> {
  needs('chromium')
  const outDir = inject('builtPages')
  let pages: ScriptedPages | undefined
  let watched: WatchedPage | undefined
  beforeAll(async () => {
    if (outDir) pages = await scriptedPages(outDir)
  })
  afterAll(() => pages?.[Symbol.asyncDispose]())
  beforeEach(async () => {
    watched = await pages?.open()
    if (watched) onPage(watched)
  })
  afterEach(async () => {
    await watched?.page.close()
    expect(watched?.complaints ?? []).toEqual([])
  })
  return {
    get origin() {
      return pages?.origin ?? ''
    },
  }
}

/** What a person cannot name or a screen reader cannot read out: visible controls, lists and tables without a name. */
export function namelessControls(page: Page): Promise<readonly string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('button, a, input, summary, [role=listbox], [role=progressbar], aside, nav, table')]
      .filter((element) => element.checkVisibility())
      .filter(
        (element) =>
          !element.getAttribute('aria-label') &&
          !element.getAttribute('aria-labelledby') &&
          !element.textContent?.trim() &&
          !(element instanceof HTMLInputElement && (element.labels?.length ?? 0) > 0) &&
          !(element instanceof HTMLInputElement && element.type === 'hidden'),
      )
      .map((element) => element.outerHTML.slice(0, 200)),
  )
}
