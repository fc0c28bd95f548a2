import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { pageForEachTest } from './scripted-page.ts'
import { scriptedSteps } from './scripted-steps.ts'

// What every page says while the console does not simply record, in a real browser over a scripted console.

let page: Page
const pages = pageForEachTest((opened) => {
  page = opened.page
})
const { open, dialog, banner, asked, change, changeDatabase } = scriptedSteps(() => page, pages)

test('while the console cannot record, every page says so, since when, and what helps; nobody can wave it away', async () => {
  await open('/services')
  await expect.poll(() => banner().count()).toBe(0)
  await change({
    state: 'read-only',
    since: Date.now() - 4 * 60_000,
    note: 'The control database cannot be written: the disk is full.',
  })
  await banner().getByText('The store is read-only.').waitFor()
  await banner().getByText('The control database cannot be written: the disk is full.').waitFor()
  await banner()
    .getByText('recording goes on by itself then. What cannot be recorded is refused, not lost silently')
    .waitFor()
  await banner().getByText('Since 4 min.').waitFor()
  await expect.poll(() => banner().getByRole('button').count()).toBe(0)
  await banner().getByRole('link', { name: 'Look at the store' }).click()
  await page.getByRole('heading', { name: 'Diagnose' }).waitFor()
  await banner().getByText('The store is read-only.').waitFor()
  await expect.poll(() => banner().getByRole('link').count()).toBe(0)
})

test('the banner is read out once, not again with every second of its age', async () => {
  await open('/')
  await change({ state: 'read-only', since: Date.now(), note: 'The disk is full.' })
  const spoken = page.getByRole('status').filter({ hasText: 'The store is read-only. The disk is full.' })
  await spoken.waitFor({ state: 'attached' })
  await spoken.evaluate((element) => {
    new MutationObserver(() => element.setAttribute('data-again', 'yes')).observe(element, {
      subtree: true,
      childList: true,
      characterData: true,
    })
  })
  await banner()
    .getByText(/Since ([2-9]|\d\d) s\./)
    .waitFor()
  await expect.poll(() => spoken.getAttribute('data-again')).toBeNull()
})

test('the banner goes by itself, and it is told that recording goes on', async () => {
  await open('/')
  await change({ state: 'read-only', note: 'The disk is full.' })
  await banner().waitFor()
  await change({ state: 'open' })
  await page.getByText('The console records again.').waitFor()
  await banner().waitFor({ state: 'detached' })
})

test('a store that is being recovered, has a stand-in or has failed says so, each with its own press', async () => {
  await open('/')
  await change({ state: 'recovering', note: 'The copy of 06:00 is being checked.' })
  await banner().getByText('being recovered').waitFor()
  await banner().getByRole('link', { name: 'Look at the store' }).waitFor()
  await change({ state: 'failed', note: 'Its writer ended three times.' })
  await banner().getByText('has failed').waitFor()
  await banner().getByText('Its writer ended three times.').waitFor()
  await changeDatabase('messages', { state: 'stand-in' })
  await page.evaluate(() => {
    const { store } = window.scripted.slices.store
    if (store) window.scripted.change('store', { store: { ...store, state: 'stand-in', note: null } })
  })
  await banner().getByText('A stand-in takes the place of a database.').waitFor()
  await banner().getByRole('button', { name: 'Recover…' }).click()
  await dialog().getByText('Recover the messages database?').waitFor()
  await dialog().getByText('What was recorded in the stand-in is not in it either').waitFor()
  await expect.poll(asked).toEqual([])
})

test('a stand-in that ends by itself says so, and the press tries at once', async () => {
  await open('/')
  await changeDatabase('control', { state: 'stand-in', comesBack: true })
  await page.evaluate(() => {
    const { store } = window.scripted.slices.store
    if (store) window.scripted.change('store', { store: { ...store, state: 'stand-in', note: null } })
  })
  await banner().getByText('goes back to the database by itself as soon as that can be opened').waitFor()
  await banner().getByRole('button', { name: 'Try again…' }).click()
  await dialog().getByText('It is opened again. If that is possible now, it is used as it is').waitFor()
  await dialog().getByRole('button', { name: 'Open control again, or recover it' }).waitFor()
})
