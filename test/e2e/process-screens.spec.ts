import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { namelessControls, pageForEachTest } from './scripted-page.ts'

// The processes of a service and the search through its log, in a real browser over a scripted console.

let page: Page
const pages = pageForEachTest((opened) => {
  page = opened.page
})

async function open(route: string): Promise<void> {
  await page.goto(`${pages.origin}testing/index.html#${route}`)
  await page.getByRole('navigation', { name: 'Pages' }).waitFor()
}

const asked = () => page.evaluate(() => window.scripted.asked)

/** Pictures for whoever asks for them, in both schemes and two sizes. */
async function pictures(name: string): Promise<void> {
  const folder = process.env.WHEELHOUSE_PICTURES
  if (!folder) return
  for (const [width, height] of [
    [1440, 900],
    [1024, 700],
  ] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`) })
    }
  }
}

test('the drawer tells the processes of a service and its ports; what is not in site.yaml or open to others stands out', async () => {
  await open('/services/api')
  const table = page.getByRole('table', { name: 'Processes' })
  await table.getByText('ffmpeg').waitFor()
  await table.getByText('left the tree of its service').waitFor()
  const ports = page.getByRole('list', { name: 'Ports' })
  await ports.getByText('not in site.yaml, open to other machines').waitFor()
  await ports.getByText('admin of site.yaml: nobody listens').waitFor()
  const limits = page.getByRole('list', { name: 'Limits' })
  await limits.getByLabel('over its limit').waitFor()
  await limits.getByText('602 MB of at most 500 MB').waitFor()
  await expect.poll(() => namelessControls(page)).toEqual([])
  await table.scrollIntoViewIfNeeded()
  await pictures('processes')
})

test('a signal is asked about first, with its command line; one that would end the service is not offered', async () => {
  await open('/services/api')
  await page.getByText('SIGUSR2 would end it.').waitFor()
  await page.getByRole('button', { name: 'SIGHUP…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('wheelhouse signal api SIGHUP').waitFor()
  await pictures('signal')
  await expect.poll(asked).toEqual([])
  await dialog.getByRole('button', { name: 'Send SIGHUP' }).click()
  await page.getByText('SIGHUP was sent to api (pid 4711).').waitFor()
  await expect.poll(asked).toEqual([{ call: 'services.signal', input: { service: 'api', signal: 'SIGHUP' } }])
})

test('everything that a service wrote is searched by Enter, a page at a time, with the same command line', async () => {
  await open('/services/api?tab=log')
  await page.getByText('Search all files').click()
  await page.getByRole('textbox', { name: 'Search everything that api wrote' }).fill("desk's camera")
  await page.keyboard.press('Enter')
  const found = page.getByRole('listbox', { name: 'Lines of api that were found' })
  await found.getByText("desk's camera 1").waitFor()
  await page.getByText(`wheelhouse logs api --search 'desk'\\''s camera'`).waitFor()
  await pictures('log-search')
  await page.getByRole('button', { name: 'Older' }).click()
  await expect.poll(() => page.getByText(/^6 lines, newest first; 96 MB looked through/).count()).toBe(1)
  expect((await asked()).at(-1)).toMatchObject({ call: 'services.searchLog', input: { after: '7@4096,done' } })
  await expect.poll(() => namelessControls(page)).toEqual([])
})
