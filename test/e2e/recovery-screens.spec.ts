import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { namelessControls, pageForEachTest } from './scripted-page.ts'

// Recovery and maintenance on screen, in a real browser over a scripted console.

let page: Page
const pages = pageForEachTest((opened) => {
  page = opened.page
})

async function open(route: string): Promise<void> {
  await page.goto(`${pages.origin}testing/index.html#${route}`)
  await page.locator('main h1').first().waitFor()
}

const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true })
const asked = () => page.evaluate(() => window.scripted.asked)

test('Recovery shows each policy with its state, and what was done; a filter narrows it', async () => {
  await open('/recovery')
  const policies = page.getByRole('table', { name: 'Recovery policies' })
  await policies.getByText('between steps').waitFor()
  await expect.poll(() => policies.getByRole('row').count()).toBe(4)
  const attempts = page.getByRole('table', { name: /Attempts of recovery/ })
  await attempts.getByRole('cell', { name: 'held back', exact: true }).waitFor()
  await expect.poll(() => attempts.getByRole('row').count()).toBe(5)
  await page.getByRole('combobox', { name: 'Only with this result' }).click()
  await page.getByRole('option', { name: 'failed' }).click()
  await expect.poll(() => attempts.getByRole('row').count()).toBe(2)
  await expect.poll(() => namelessControls(page)).toEqual([])
})

test('a step is run by hand after its preview, and a policy is switched off and on', async () => {
  await open('/recovery/restart-unhealthy')
  await button('Run now…').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Restart api.').waitFor()
  await dialog.getByRole('button', { name: 'Do this step' }).click()
  await expect.poll(asked).toContainEqual({
    call: 'recovery.run',
    input: { policy: 'restart-unhealthy', subject: 'service:desk-units' },
  })
  await button('Switch off').click()
  await button('Switch on').waitFor()
  await expect
    .poll(asked)
    .toContainEqual({ call: 'recovery.switch', input: { policy: 'restart-unhealthy', on: false } })
})

test('maintenance is on in two presses from any page, shows what is left of it, and ends with one', async () => {
  await open('/')
  await button('Maintenance').click()
  await page.getByRole('textbox', { name: 'What is being done' }).fill('new switch')
  await button('On for 1 h').click()
  const chip = page.getByRole('button', { name: /Maintenance, 1 h 00 min left|Maintenance, 60 min left/ })
  await chip.waitFor()
  await expect.poll(asked).toContainEqual({ call: 'maintenance.on', input: { forMs: 3_600_000, reason: 'new switch' } })
  await chip.click()
  await button('End now').click()
  await button('Maintenance').waitFor()
})
