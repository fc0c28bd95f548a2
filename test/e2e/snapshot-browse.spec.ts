import { existsSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { needs } from '../support/needs.ts'
import { makeTinySite } from '../support/tiny-site.ts'
import type { Desk } from './desk.ts'
import { launchHeadless } from './headless-desk.ts'
import { namelessControls } from './scripted-page.ts'

// A snapshot is looked into on screen, one of its files is ticked with the keyboard, restored, and that is undone: the built headless
// host in a real browser.

const missing = needs('chromium')
let folder: ReturnType<typeof temporaryFolder>
let desk: Desk
let page: Page
let directory: string

beforeEach(async () => {
  if (missing) return
  folder = temporaryFolder()
  directory = join(folder.path, 'tiny')
  await makeTinySite(directory, {})
  mkdirSync(join(directory, 'data'), { recursive: true })
  writeFileSync(join(directory, 'data', 'a.txt'), 'as backed up')
  writeFileSync(join(directory, 'data', 'b.txt'), 'as backed up')
  const env = { WHEELHOUSE_HOME: join(folder.path, 'user'), XDG_RUNTIME_DIR: join(folder.path, 'run') }
  desk = await launchHeadless({ env }, {}, ['--site', directory])
  page = desk.page
  await page.getByRole('button', { name: /^Trust/ }).click()
  await page.getByRole('link', { name: 'Backups', exact: true }).click()
  await page.getByRole('button', { name: 'Back up now' }).first().click()
  await page.getByRole('table', { name: 'Snapshots' }).getByRole('row').nth(1).click()
})

afterEach(async () => {
  await desk?.quit()
  folder?.[Symbol.dispose]()
})

test.skipIf(missing)(
  `a file of a snapshot is found, restored and that is undone; the file beside it stays as it is${missing ?? ''}`,
  async () => {
    unlinkSync(join(directory, 'data', 'a.txt'))
    writeFileSync(join(directory, 'data', 'b.txt'), 'changed since and not ticked')
    await page.getByRole('link', { name: 'Browse…' }).click()
    const tree = page.getByRole('tree', { name: 'Files of the snapshot' })
    await tree.getByRole('treeitem', { name: /^data, folder, .*1 changed, 1 deleted since/ }).waitFor()
    await tree.focus()
    await page.keyboard.type('data')
    await page.keyboard.press('ArrowRight')
    await tree.getByRole('treeitem', { name: /^a\.txt, file, .*gone since/ }).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Space')
    await expect.poll(() => namelessControls(page)).toEqual([])
    await page.getByRole('button', { name: 'Restore 1 entry…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Everything else in the site stays as it is.').waitFor()
    await dialog.getByRole('button', { name: /^Restore 1 file/ }).click()
    await expect.poll(() => existsSync(join(directory, 'data', 'a.txt'))).toBe(true)
    expect(readFileSync(join(directory, 'data', 'a.txt'), 'utf8')).toBe('as backed up')
    expect(readFileSync(join(directory, 'data', 'b.txt'), 'utf8')).toBe('changed since and not ticked')

    await page.getByRole('link', { name: 'Backups', exact: true }).click()
    await page.getByRole('button', { name: 'Undo…' }).first().click({ timeout: 90_000 })
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Undo: / })
      .click()
    await expect.poll(() => existsSync(join(directory, 'data', 'a.txt'))).toBe(false)
    expect(readFileSync(join(directory, 'data', 'b.txt'), 'utf8')).toBe('changed since and not ticked')
  },
)
