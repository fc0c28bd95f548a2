import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { namelessControls, pageForEachTest } from './scripted-page.ts'
import { scriptedSteps } from './scripted-steps.ts'

// The configuration on the Settings screen, in a real browser over a scripted console.

let page: Page
const pages = pageForEachTest((opened) => {
  page = opened.page
})
const { open, button, dialog, asked } = scriptedSteps(() => page, pages)

const row = (table: string, text: string) =>
  page.getByRole('table', { name: table }).getByRole('row').filter({ hasText: text })

test('values say where they come from, are found by words and source, and one is set after it was shown what that does', async () => {
  await open('/settings')
  await row('Values', 'services.api.env.LOG').getByText('profile development:14').waitFor()
  await row('Values', 'API_TOKEN').getByText('hidden', { exact: true }).waitFor()
  expect(await button('Set site').count(), 'only site.yaml says which site it is').toBe(0)
  await page.getByRole('textbox', { name: 'Search values' }).fill('daily')
  await page.getByText('1 value', { exact: true }).waitFor()
  await button('Set backup.keep.daily').click()
  await dialog().getByText('No file is written.').waitFor()
  await dialog().getByRole('textbox').fill('14')
  await dialog().getByText('wheelhouse config set backup.keep.daily 14').waitFor()
  await dialog().getByRole('button', { name: 'Set', exact: true }).click()
  await page.getByText('backup.keep.daily is set and in use.').waitFor()
  expect(await asked()).toContainEqual({ call: 'config.set', input: { path: 'backup.keep.daily', value: '14' } })
  expect(await namelessControls(page)).toEqual([])
})

test('what was set is taken back by keyboard, and a secret is set without being shown', async () => {
  await open('/settings')
  await button('Take back backup.keep.weekly').focus()
  await page.keyboard.press('Enter')
  await page.getByText('What the files say of backup.keep.weekly counts again.').waitFor()
  expect(await asked()).toContainEqual({ call: 'config.unset', input: { path: 'backup.keep.weekly' } })
  await button('Set services.api.env.API_TOKEN').focus()
  await page.keyboard.press('Enter')
  const typed = dialog().getByLabel('Value, now from')
  await typed.waitFor()
  expect(await typed.getAttribute('type')).toBe('password')
  await typed.fill('s3cret')
  expect(await dialog().textContent(), 'nor in the command').not.toContain('s3cret')
  await page.keyboard.press('Enter')
  await page.getByText('services.api.env.API_TOKEN is set and in use.').waitFor()
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label')), {
      message: 'the focus is back',
    })
    .toBe('Set services.api.env.API_TOKEN')
  expect(await dialog().count(), 'one press, one answer').toBe(0)
})

test('a version is compared with what is in use before it is put back', async () => {
  await open('/settings')
  await row('Versions', 'services.api.env.LOG was set').getByText('in use', { exact: true }).waitFor()
  await button('Compare version 2').click()
  await dialog().getByText('debug → info').waitFor()
  expect(
    await page.evaluate(() => document.activeElement?.closest('[role=dialog]') !== null),
    'the focus is in the dialog',
  ).toBe(true)
  await dialog().getByText('removed, was 14').waitFor()
  await dialog().getByRole('button', { name: 'Put back' }).click()
  await page.getByText('Version 2 was put back and is in use.').waitFor()
  expect(await asked()).toContainEqual({ call: 'config.restore', input: { version: 2 } })
})
