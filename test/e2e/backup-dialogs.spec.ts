import { existsSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { needs } from '../support/needs.ts'
import { makeDatabase } from '../support/odd-site.ts'
import { makeTinySite } from '../support/tiny-site.ts'
import type { Desk } from './desk.ts'
import { launchHeadless } from './headless-desk.ts'
import { focusedName } from './keyboard.ts'
import { namelessControls } from './scripted-page.ts'

// What the Backups page asks before it does anything: the built headless host on an encrypted repository with two copies, in a real
// browser. The tests follow one another as an operator's day does.

const missing = needs('chromium')
const folder = temporaryFolder()
const user = join(folder.path, 'user')
let desk: Desk
let page: Page
let directory: string

const extra = `backup:
  folder: ${join(folder.path, 'backups')}
  encryption: { passphrase: "\${secrets.BACKUP}" }
  copies:
    second: { folder: ${join(folder.path, 'copy')} }
    drive: { usb: { label: NOT-HERE } }
`

beforeAll(async () => {
  if (missing) return
  directory = join(folder.path, 'tiny')
  await makeTinySite(directory, { extra })
  makeDatabase(join(directory, 'data', 'app.db'), 10)
  mkdirSync(user)
  const secrets = { [realpathSync(directory)]: { BACKUP: 'correct horse battery staple' } }
  writeFileSync(join(user, 'secrets.json'), JSON.stringify(secrets), { mode: 0o600 })
  const env = { WHEELHOUSE_HOME: user, XDG_RUNTIME_DIR: join(folder.path, 'run') }
  desk = await launchHeadless({ env }, {}, ['--site', directory])
  page = desk.page
  await page.getByRole('button', { name: /^Trust/ }).click()
  await page.getByText('All 3 services healthy').first().waitFor()
  await page.getByRole('link', { name: 'Backups', exact: true }).click()
  await page.getByRole('button', { name: 'Back up now' }).first().click()
  await rows().nth(1).waitFor()
  await place('second').getByText('up to date').waitFor()
})
afterAll(async () => {
  await desk?.quit()
  folder[Symbol.dispose]()
})

const dialog = () => page.getByRole('dialog')
const rows = () => page.getByRole('table', { name: 'Snapshots' }).getByRole('row')
const place = (name: string) =>
  page.getByRole('listitem').filter({ hasText: `${name}${name === 'drive' ? 'drive' : 'folder'}` })
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true })

test.skipIf(missing)(
  'a restore tells what is lost, row by row, and its buttons are in view on a small screen',
  async () => {
    const database = new Database(join(directory, 'data', 'app.db'))
    for (const text of ['a', 'b', 'c']) database.prepare('INSERT INTO notes (text) VALUES (?)').run(text)
    database.close()
    for (let at = 0; at < 12; at++) writeFileSync(join(directory, 'data', `later-${at}.txt`), 'came later')
    await page.setViewportSize({ width: 1024, height: 700 })
    await button('Restore…').first().click()
    await dialog()
      .getByText(/notes in data\/app\.db: 13 rows now, 10 in the snapshot: 3 rows are lost/)
      .waitFor({ timeout: 60_000 })
    await dialog().getByLabel('Go back to').first().waitFor()
    await expect.poll(() => focusedName(page)).toBe('Keep everything as it is')
    const act = dialog().getByRole('button', { name: /^Restore / })
    const box = await act.boundingBox()
    expect((box?.y ?? 1_000) + (box?.height ?? 0)).toBeLessThan(700)
    await expect.poll(() => namelessControls(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.setViewportSize({ width: 1440, height: 900 })
  },
)

test.skipIf(missing)(
  'a snapshot is exported where the console suggests it, and comes back as another one',
  async () => {
    await rows().nth(1).click()
    await page.getByRole('link', { name: 'Browse…' }).click()
    await button('Export…').click()
    const file = dialog().getByLabel('File')
    await expect.poll(() => file.inputValue()).toContain(join(user, 'exports', 'tiny-'))
    const path = await file.inputValue()
    await dialog().getByRole('button', { name: 'Export', exact: true }).click()
    await expect.poll(() => existsSync(path)).toBe(true)

    await page.getByRole('link', { name: 'Backups', exact: true }).click()
    await page
      .getByText(/files, .* in .*tiny-.*\.tar\.gz/)
      .first()
      .waitFor()
    await button('Other kinds of backup').click()
    await page.getByRole('menuitem', { name: /^Import/ }).click()
    await dialog().getByLabel('File on the console’s machine').fill('relative.tar.gz')
    await expect.poll(() => dialog().getByRole('button', { name: 'Import', exact: true }).isDisabled()).toBe(true)
    await dialog().getByLabel('File on the console’s machine').fill(path)
    await dialog().getByLabel('Note').fill('from the stick')
    await dialog().getByRole('button', { name: 'Import', exact: true }).click()
    await rows().filter({ hasText: 'from the stick' }).waitFor({ timeout: 60_000 })
  },
)

test.skipIf(missing)('a snapshot is deleted only after its dialog said what that means', async () => {
  const imported = rows().filter({ hasText: 'from the stick' })
  await imported.click()
  await button('Delete…').click()
  await dialog()
    .getByText(/pinned/)
    .first()
    .waitFor()
  await expect.poll(() => dialog().getByRole('button', { name: 'Delete the snapshot' }).count()).toBe(0)
  await page.keyboard.press('Escape')
  await button('Unpin').click()
  await button('Pin').waitFor()
  await button('Delete…').click()
  await dialog().getByText('This cannot be undone.').waitFor()
  await expect.poll(() => focusedName(page)).toBe('Keep it')
  await page.keyboard.press('Escape')
  await imported.waitFor()
  await button('Delete…').click()
  await dialog().getByRole('button', { name: 'Delete the snapshot' }).click()
  await expect.poll(() => imported.count()).toBe(0)
  await page.keyboard.press('Escape')
})

test.skipIf(missing)('the recovery kit is made from its card, and proven with nothing but its file', async () => {
  await page
    .getByRole('list', { name: 'What is wrong with the backups' })
    .getByRole('button', { name: 'Make the kit…' })
    .click()
  const make = dialog().getByRole('button', { name: 'Make the kit and save it' })
  await expect.poll(() => make.isDisabled()).toBe(true)
  await page.keyboard.type('tiny')
  const saved = page.waitForEvent('download')
  await make.click()
  const kit = join(folder.path, 'kit.html')
  await (await saved).saveAs(kit)
  await dialog().getByLabel('The recovery key, as it stands on the paper').fill('ABCD-EFGH')
  await dialog().getByRole('button', { name: 'Prove it' }).click()
  await dialog().getByText(/row/i).first().waitFor()
  await page.locator('input[type=file]').setInputFiles(kit)
  await dialog().getByRole('button', { name: 'Prove it' }).click()
  await dialog().getByRole('status').waitFor({ timeout: 60_000 })
  await expect.poll(() => namelessControls(page)).toEqual([])
  await dialog().getByRole('button', { name: 'Close' }).last().click()
  await page.getByText(/The recovery kit was proven/).waitFor()
})

test.skipIf(missing)(
  'a drive that is not plugged in is a state, and a copy that is behind is brought up to date',
  async () => {
    await place('drive').getByText('not plugged in').first().waitFor()
    await expect.poll(() => place('drive').getByRole('button', { name: 'Copy now' }).isDisabled()).toBe(true)
    await place('second').getByText('up to date').waitFor({ timeout: 60_000 })
    await place('second').getByRole('button', { name: 'Copy now' }).click()
    await place('second').getByText('up to date').waitFor({ timeout: 60_000 })
    expect(readdirSync(join(folder.path, 'copy', 'snapshots')).length).toBeGreaterThan(0)
    await button('More for second').click()
    await page.getByRole('menuitem', { name: 'Show and restore the snapshots of this copy' }).click()
    await place('second')
      .getByText(/no backups are taken until you go back/)
      .waitFor()
    await place('second').getByRole('button', { name: 'Go back to the backups themselves' }).click()
    await place('second')
      .getByText(/no backups are taken until you go back/)
      .waitFor({ state: 'detached' })
  },
)
