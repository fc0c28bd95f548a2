import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { pageForEachTest } from './scripted-page.ts'

// "Why?" beside the states on screen, in a real browser over a scripted console. What the console answers has its own specs.

let page: Page
const pages = pageForEachTest((opened) => {
  page = opened.page
})

async function open(route: string): Promise<void> {
  await page.goto(`${pages.origin}testing/index.html#${route}`)
  await page.getByRole('navigation', { name: 'Pages' }).waitFor()
}

const why = (about: string) => page.getByRole('button', { name: `Why? ${about}`, exact: true })
const answer = () => page.getByRole('region', { name: 'Why?', exact: true })
const askedWhy = () =>
  page.evaluate(() => window.scripted.asked.filter(({ call }) => call === 'diagnostics.why').map(({ input }) => input))

test('it stands beside every state that is on screen', async () => {
  await open('/')
  await page.evaluate(() => {
    const { snapshots, routes } = window.scripted.slices
    const snapshot = snapshots['sn-11']
    const route = routes.requests
    if (snapshot)
      window.scripted.change('snapshots', {
        'sn-11': { ...snapshot, verified: { at: Date.now(), ok: false, note: 'Damaged.' } },
      })
    if (route) window.scripted.change('routes', { requests: { ...route, lastError: 'It throws.' } })
  })
  const expected = {
    '/': ['site', 'service:desk-units', 'card:a-1', 'card:a-2', 'broker', 'store', 'machine'],
    '/services/desk-units': ['service:broker', 'service:api', 'service:kiosk', 'service:desk-units'],
    '/messages/routes': ['broker', 'route:desk-presence', 'route:requests'],
    '/backups/sn-11': ['backups', 'snapshot:sn-11'],
    '/diagnose': ['check:site:export', 'drill:kill-api', 'drill:freeze-kiosk'],
  }
  for (const [route, subjects] of Object.entries(expected)) {
    await page.evaluate((hash) => {
      window.location.hash = hash
    }, route)
    for (const subject of subjects) await page.locator(`main [data-why="${subject}"]`).first().waitFor()
    await page.locator('header [data-why="site"]').first().waitFor()
  }
  // The graph has one for what is not well only.
  await open('/')
  const graph = page.getByRole('navigation', { name: 'Services in the order of starting' })
  await graph.getByRole('button', { name: 'Why? desk-units' }).waitFor()
  await expect.poll(() => graph.getByRole('button').count()).toBe(1)
})

test('it tells the sentence, leads to its evidence, and closes with Escape, the drawer staying', async () => {
  await open('/services/api')
  await page.getByRole('complementary', { name: 'Service api' }).getByRole('button', { name: 'Why? api' }).click()
  await answer().getByText('says “3 of 12 units lost the broker”').waitFor()
  await answer().getByText('wheelhouse why service:api').waitFor()
  await page.keyboard.press('Escape')
  await answer().waitFor({ state: 'detached' })
  await page.getByRole('complementary', { name: 'Service api' }).waitFor()

  const row = page.getByRole('row', { name: /kiosk/ })
  await row.getByRole('button', { name: 'Why? kiosk' }).click()
  await answer().getByText('2 more').click()
  await expect.poll(() => answer().getByRole('listitem').count()).toBe(8)
  await expect.poll(() => page.url()).toMatch(/#\/services\/api$/) // the row was not chosen by it
  await answer()
    .getByRole('link', { name: /503 Service Unavailable/ })
    .click()
  await page.getByRole('complementary', { name: 'Service desk-units' }).waitFor()
  await answer().waitFor({ state: 'detached' })
  await expect.poll(askedWhy).toEqual([{ subject: 'service:api' }, { subject: 'service:kiosk' }])
})

test('a fix asks first what it touches', async () => {
  await open('/')
  await why('desk-units is degraded').click()
  await answer().getByRole('button', { name: 'Restart desk-units' }).click()
  await page.getByRole('dialog').getByText('Restart desk-units?').waitFor()
  await answer().waitFor({ state: 'detached' })
})

test('by the keyboard the focus goes into the answer and comes back; by the mouse it stays where it was', async () => {
  await open('/')
  const site = page.locator('header [data-why="site"]')
  await site.focus()
  await page.keyboard.press('Enter')
  await answer().getByRole('list').waitFor()
  await expect.poll(() => page.evaluate(() => document.activeElement?.closest('[role="dialog"]') !== null)).toBe(true)
  await page.keyboard.press('Escape')
  await answer().waitFor({ state: 'detached' })
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-why'))).toBe('site')
  await site.click()
  await answer().getByRole('list').waitFor()
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-why'))).toBe('site')
})

test('while it is open it follows the state, and is not asked anew for mere figures', async () => {
  await open('/')
  await page.locator('header [data-why="site"]').click()
  await answer()
    .getByText(/desk-units is degraded since/)
    .waitFor()
  await page.evaluate(() => {
    const units = window.scripted.slices.services['desk-units']
    if (units) window.scripted.change('services', { 'desk-units': { ...units, cpu: 77, memory: 1 } })
    if (units) window.scripted.change('services', { 'desk-units': { ...units, cpu: 78, health: 'unhealthy' } })
  })
  await answer()
    .getByText(/desk-units is unhealthy since/)
    .waitFor()
  await expect.poll(askedWhy).toHaveLength(2)
})

test('an answer that fails says so and can be tried again; one out of reach is greyed with its age', async () => {
  await open('/')
  await page.evaluate(() => {
    const { refusal } = window.samples
    window.scripted.refusingWhy = refusal(
      'subject-unknown',
      'Nothing here is called “site”.',
      'Ask about something else.',
    )
  })
  await page.locator('header [data-why="site"]').click()
  await answer().getByText('Nothing here is called “site”.').waitFor()
  await page.evaluate(() => {
    window.scripted.refusingWhy = null
  })
  await answer().getByRole('button', { name: 'Try again' }).click()
  await answer()
    .getByText(/desk-units is degraded since/)
    .waitFor()
  await page.evaluate(() => {
    window.scripted.away = true
    window.scripted.drop('gone')
  })
  await answer()
    .getByText(/reconnecting/)
    .waitFor()
  await answer()
    .getByText(/desk-units is degraded since/)
    .waitFor()
})

test('a failed job in the tray has one, which does not close the tray', async () => {
  await open('/')
  await page.evaluate(() => {
    const failed = window.samples.job(Date.now(), 'jb-9', {
      title: 'Start kiosk',
      state: 'failed',
      message: 'kiosk is not running.',
      endedAt: Date.now(),
    })
    window.scripted.change('jobs', { 'jb-9': failed })
  })
  await page.getByRole('button', { name: 'Jobs: none runs' }).click()
  await why('Start kiosk').click()
  await answer().getByText('wheelhouse why job:jb-9').waitFor()
  await answer().getByText('2 more').click()
  await page.getByRole('list', { name: 'Jobs' }).waitFor()
})
