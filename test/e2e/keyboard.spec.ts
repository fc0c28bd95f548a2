import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { focusedName, tabTo } from './keyboard.ts'
import { pageForEachTest } from './scripted-page.ts'
import { scriptedSteps } from './scripted-steps.ts'

// What supervision can do, with the keyboard alone: every stop on the way shows that it has the focus (tabTo looks), and the focus never
// falls back to the top of the page.

let page: Page
const pages = pageForEachTest((opened) => {
  page = opened.page
})
const { open, dialog, asked } = scriptedSteps(() => page, pages)

/** Opened by Enter on the button that has the focus, left by Escape: the focus is on that button again. */
async function opensAndLeaves(name: string): Promise<void> {
  await page.keyboard.press('Enter')
  await dialog().waitFor()
  await page.keyboard.press('Escape')
  await dialog().waitFor({ state: 'detached' })
  await expect.poll(() => focusedName(page)).toBe(name)
}

test('Overview: the score, the checks and what a card offers', async () => {
  await open('/')
  await tabTo(page, 'Maintenance')
  await page.keyboard.press('Enter')
  await expect.poll(() => focusedName(page)).toBe('What is being done')
  await page.keyboard.press('Escape')
  await expect.poll(() => focusedName(page)).toBe('Maintenance')
  await tabTo(page, /^6 of 7 checks passed/)
  await tabTo(page, 'Restart desk-units')
  await opensAndLeaves('Restart desk-units')
  await tabTo(page, 'Dismiss: desk-units is degraded')
  await page.keyboard.press('Enter')
  await expect.poll(asked).toContainEqual({ call: 'attention.dismiss', input: { id: 'a-1' } })
  await expect.poll(() => focusedName(page)).not.toBe('')
})

test('Services: the whole site, the path of the start, a service, and a dependency whose breaker is open', async () => {
  await open('/services')
  for (const name of ['Start all', 'Stop all', 'Emergency stop']) {
    await tabTo(page, name)
    await opensAndLeaves(name)
  }
  await tabTo(page, 'Search services')
  await tabTo(page, 'Export services')
  await tabTo(page, 'desk-units')
  await page.keyboard.press('ArrowUp')
  await expect.poll(() => focusedName(page)).toBe('kiosk')
  await page.getByRole('complementary', { name: 'Service kiosk' }).waitFor()
  await tabTo(page, 'Restart')
  await opensAndLeaves('Restart')
  await page.keyboard.press('Escape')
  await page.getByRole('complementary').waitFor({ state: 'detached' })
  await expect.poll(() => focusedName(page)).toBe('kiosk')
  await tabTo(page, 'Model API')
  await page.keyboard.press('Enter')
  await page.getByRole('complementary', { name: 'Dependency model' }).waitFor()
  await tabTo(page, 'Check now')
  await page.keyboard.press('Enter')
  await expect.poll(asked).toContainEqual({ call: 'dependencies.check', input: { dependency: 'model' } })
  await expect.poll(() => focusedName(page)).toBe('Check now')
  await tabTo(page, 'Keep calls away')
  await page.keyboard.press('Enter')
  await expect.poll(asked).toContainEqual({ call: 'dependencies.isolate', input: { dependency: 'model' } })
  await expect.poll(() => focusedName(page)).not.toBe('')
})

test('Diagnose: a round of checks, and a drill that is looked at and left', async () => {
  await open('/diagnose')
  await tabTo(page, 'Check now')
  await page.keyboard.press('Enter')
  await expect.poll(() => focusedName(page)).toMatch(/^Check now|^Checking/)
  await tabTo(page, 'Run… Kill api')
  await opensAndLeaves('Run… Kill api')
})

test('Recovery: a policy is opened, looked at and switched; the focus stays where one goes on', async () => {
  await open('/recovery')
  await tabTo(page, 'Restart what stays unhealthy')
  await page.keyboard.press('Enter')
  await page.getByRole('complementary', { name: 'Recovery policy' }).waitFor()
  await tabTo(page, 'Run now…')
  await opensAndLeaves('Run now…')
  await tabTo(page, 'Switch off')
  await page.keyboard.press('Enter')
  await expect.poll(() => focusedName(page)).toBe('Switch on')
  await page.keyboard.press('Escape')
  await expect.poll(() => focusedName(page)).toBe('Restart what stays unhealthy')
})
