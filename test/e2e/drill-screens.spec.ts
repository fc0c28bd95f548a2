import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { needs } from '../support/needs.ts'
import { makeTinySite } from '../support/tiny-site.ts'
import type { Desk } from './desk.ts'
import { launchHeadless } from './headless-desk.ts'
import { focusedName, tabTo } from './keyboard.ts'
import { namelessControls } from './scripted-page.ts'

// Drills on screen: the built headless host with real processes that are really killed and frozen, in a real browser.

const missing = needs('chromium')
const folder = temporaryFolder()
let desk: Desk
let page: Page

beforeAll(async () => {
  if (missing) return
  // Nothing looks after the ticker, so that its freezing lasts until somebody ends it.
  const extra = 'drills:\n  unseen: { do: freeze, of: ticker, within: 10m, title: Freeze the ticker }'
  const { directory } = await makeTinySite(join(folder.path, 'site'), { extra })
  const env = { WHEELHOUSE_HOME: join(folder.path, 'user'), XDG_RUNTIME_DIR: join(folder.path, 'run') }
  desk = await launchHeadless({ env }, {}, ['--site', directory])
  page = desk.page
  await page.getByRole('button', { name: /^Trust/ }).click()
  await page.getByText('All 3 services healthy').first().waitFor()
  await toDiagnose()
})
afterAll(async () => {
  await desk?.quit()
  folder[Symbol.dispose]()
})

const toDiagnose = () => page.getByRole('navigation').getByRole('link', { name: 'Diagnose' }).click()
const dialog = () => page.getByRole('dialog')
const drills = () => page.getByRole('table', { name: 'Drills', exact: true })
const row = (title: string) => drills().getByRole('row').filter({ hasText: title })
const done = () => page.getByRole('table', { name: 'Drills done' })

test('a service is killed on purpose, by the keyboard alone; how long it took to notice and to recover is told', async () => {
  await page.getByText('No drill was done yet.').waitFor()
  const before = Number(await pidOf('web'))
  await toDiagnose()
  await row('Kill web').getByText('never done').waitFor()
  await tabTo(page, 'Run… Kill web')
  await page.keyboard.press('Enter')
  await dialog().getByText('On purpose, web is killed (SIGKILL).').waitFor()
  await dialog().getByRole('list', { name: 'Services that will be touched' }).getByText('needs web').waitFor()
  await dialog().getByText('wheelhouse drill run kill-web').waitFor()
  await dialog().getByRole('button', { name: 'Kill web now' }).waitFor()
  await expect.poll(() => focusedName(page)).toBe('Leave it in peace')
  await tabTo(page, 'Kill web now')
  await page.keyboard.press('Enter')
  await row('Kill web').getByText('passed').waitFor()
  const noticed = await row('Kill web').getByRole('cell').nth(2).innerText()
  const recovered = await row('Kill web').getByRole('cell').nth(3).innerText()
  expect(noticed).toMatch(/^\d+(\.\d+)? (ms|s)$/)
  expect(recovered).toMatch(/^\d+(\.\d+)? (ms|s)$/)
  const told = done().getByRole('row').filter({ hasText: 'Kill web' })
  await told.getByText(/SIGKILL/).waitFor()
  expect((await told.getByRole('cell').allInnerTexts()).slice(3, 5)).toEqual([noticed, recovered])
  await expect.poll(() => namelessControls(page)).toEqual([])
  await expect.poll(() => focusedName(page)).toBe('Run… Kill web')
  expect(Number(await pidOf('web'))).not.toBe(before)
})

test('while another job runs a drill is refused in words; the one that runs is cancelled, and what it did is undone', async () => {
  await toDiagnose()
  await page.getByRole('button', { name: 'Run… Freeze the ticker' }).click()
  await dialog().getByRole('button', { name: 'Freeze the ticker now' }).dblclick()
  await row('Freeze the ticker').getByText('running').waitFor()
  await page.getByRole('button', { name: 'Run… Kill web' }).click()
  const refused = dialog().getByRole('alert')
  await refused.getByText(/Not now: The drill "Kill web" is not done while ".*Freeze the ticker.*" runs\./).waitFor()
  await expect.poll(() => dialog().getByRole('button', { name: 'Kill web now' }).count()).toBe(0)
  await page.keyboard.press('Escape')
  await row('Freeze the ticker')
    .getByRole('button', { name: /^Cancel/ })
    .click()
  await row('Freeze the ticker').getByText('cancelled').waitFor()
  await expect
    .poll(() => done().getByRole('row').filter({ hasText: 'Freeze the ticker' }).count(), { message: 'begun once' })
    .toBe(1)
  // Refused as long as what was frozen is not well again; a dialog tells what was when it was opened.
  await expect.poll(killWebOffered, { message: 'the other drill is possible again' }).toBe(true)
  await dialog().getByRole('button', { name: 'Leave it in peace' }).click()
})

/** Opens the dialog of "Kill web"; leaves it open when the drill may be done now. */
async function killWebOffered(): Promise<boolean> {
  await page.getByRole('button', { name: 'Run… Kill web' }).click()
  const now = dialog().getByRole('button', { name: 'Kill web now' })
  await now.or(dialog().getByRole('alert')).first().waitFor()
  if ((await now.count()) > 0) return true
  await page.keyboard.press('Escape')
  await dialog().waitFor({ state: 'detached' })
  return false
}

async function pidOf(service: string): Promise<string> {
  await page.evaluate((id) => location.assign(`#/services/${id}`), service)
  const drawer = page.getByRole('complementary', { name: `Service ${service}` })
  return await drawer.locator('dt', { hasText: /^pid$/ }).first().locator('xpath=following-sibling::dd').innerText()
}
