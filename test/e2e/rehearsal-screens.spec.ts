import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { needs } from '../support/needs.ts'
import { makeTinySite } from '../support/tiny-site.ts'
import type { Desk } from './desk.ts'
import { launchHeadless } from './headless-desk.ts'
import { tabTo } from './keyboard.ts'
import { namelessControls } from './scripted-page.ts'

// The proof of the backups on screen: the built headless host, a snapshot that really comes up beside the site, in a real browser.

const missing = needs('chromium')
const folder = temporaryFolder()
let desk: Desk
let page: Page

beforeAll(async () => {
  if (missing) return
  const { directory } = await makeTinySite(join(folder.path, 'site'))
  const env = { WHEELHOUSE_HOME: join(folder.path, 'user'), XDG_RUNTIME_DIR: join(folder.path, 'run') }
  desk = await launchHeadless({ env }, {}, ['--site', directory])
  page = desk.page
  await page.getByRole('button', { name: /^Trust/ }).click()
  await page.getByText('All 3 services healthy').first().waitFor()
})
afterAll(async () => {
  await desk?.quit()
  folder[Symbol.dispose]()
})

const to = (name: string) => page.getByRole('navigation').getByRole('link', { name }).click()
const light = (what: string) => page.locator(`[data-light="${what}"]`).first()

test('the light is off without a backup, amber with one that was only verified, and green when it came up', async () => {
  await light('none').waitFor()
  await to('Backups')
  await expect.poll(() => page.getByRole('button', { name: 'Rehearse now' }).isDisabled()).toBe(true)
  await page.getByRole('button', { name: 'Back up now' }).first().click()
  await light('verified').getByText('Verified, not rehearsed').waitFor()

  await page.getByRole('button', { name: 'Rehearse now', disabled: false }).waitFor()
  await tabTo(page, 'Rehearse now')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Rehearsing…' }).waitFor()
  await light('proven').getByText('Proven: 3 of 3 services came up healthy').waitFor({ timeout: 90_000 })
  await light('proven')
    .getByText(/Snapshot of .*ago, rehearsed .*ago/)
    .waitFor()

  await to('Overview')
  await light('proven').waitFor()
  await light('proven').getByRole('button', { name: 'Why?' }).click()
  await page.getByText(/The light is green because the snapshot of/).waitFor()
  await page.keyboard.press('Escape')
})

test('what a rehearsal showed is told service by service, and on the snapshot; every control has a name', async () => {
  await to('Backups')
  await page.getByRole('button', { name: /^What was rehearsed/ }).click()
  const table = page.getByRole('table', { name: 'Rehearsals' })
  await table.getByRole('row').filter({ hasText: 'proven' }).getByRole('button', { name: 'Details' }).click()
  await table.getByText('web came up healthy').waitFor()
  await expect.poll(() => namelessControls(page)).toEqual([])
  await table.getByRole('row').filter({ hasText: 'proven' }).getByRole('link').first().click()
  await page.getByRole('button', { name: 'Rehearse', exact: true }).waitFor()
  await page.getByText('rehearsed', { exact: true }).waitFor()
})
