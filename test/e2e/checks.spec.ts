import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { namelessControls, pageForEachTest } from './scripted-page.ts'

// The list of checks, the score and what a service says of itself, in a real browser over a scripted console.

let page: Page
const pages = pageForEachTest((opened) => {
  page = opened.page
})

async function open(route: string): Promise<void> {
  await page.goto(`${pages.origin}testing/index.html#${route}`)
  await page.locator('main h1').first().waitFor()
}

const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true })

test('the checks of the site say what each found, and can be made now', async () => {
  await open('/diagnose')
  const panel = page.getByRole('region', { name: 'Checks of the site' })
  await panel.getByText('6 of 7 checks passed.').waitFor()
  await expect.poll(() => panel.locator('li[data-state=passed]').count()).toBe(6)
  await expect.poll(() => panel.locator('li[data-state=failed]').innerText()).toContain('it last changed 3 days ago')
  await expect.poll(() => panel.locator('li[data-state=skipped]').innerText()).toContain('no folder')
  await button('Check now').click()
  await expect
    .poll(() => page.evaluate(() => window.scripted.asked.map(({ call }) => call)))
    .toContain('verification.run')
  await expect.poll(() => namelessControls(page)).toEqual([])
})

test('the score leads to what lowers it, also by keyboard', async () => {
  await open('/')
  const score = button(/^Score 92 of 100, falling/)
  await score.focus()
  await page.keyboard.press('Enter')
  const lowered = page.getByRole('list', { name: 'What lowers the score' })
  await expect.poll(() => lowered.getByRole('listitem').count()).toBe(2)
  await lowered.getByRole('link', { name: 'Checks' }).click()
  await page.getByRole('heading', { name: 'Diagnose', level: 1 }).waitFor()
})

test('a service shows what it says of itself: its word, and its figures with their history', async () => {
  await open('/services/api')
  const figures = page.getByRole('list', { name: 'Figures' })
  await figures.waitFor()
  await expect.poll(() => figures.getByRole('listitem').first().innerText()).toContain('desks')
  await expect.poll(() => page.getByText('All 14 desks answer.').count()).toBe(1)
  await expect.poll(() => namelessControls(page)).toEqual([])
})
