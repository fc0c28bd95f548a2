import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { pageForEachTest } from './scripted-page.ts'

let page: Page
const pages = pageForEachTest((opened) => {
  page = opened.page
})

async function open(route: string): Promise<void> {
  await page.goto(`${pages.origin}testing/index.html#${route}`)
  await page.getByRole('navigation', { name: 'Pages' }).waitFor()
}

test('services stand under the phases of the site, each with how many are there', async () => {
  await open('/services')
  const heads = page.getByRole('table', { name: 'Services' }).getByRole('rowheader')
  await heads.first().waitFor()
  expect(await heads.allInnerTexts()).toEqual([
    expect.stringMatching(/^Core infrastructure /),
    expect.stringMatching(/^Business services /),
    expect.stringMatching(/^Other services /),
  ])
  await page.getByPlaceholder('Search services').fill('broker')
  await expect.poll(() => heads.count()).toBeLessThan(3)
})

test('the chain that decided how long the start took is shown with each service’s share', async () => {
  await open('/services')
  const path = page.getByRole('region', { name: 'Critical path of the start' })
  await path.getByText('The last start took 2.4 s, decided by').waitFor()
  expect(await path.getByRole('listitem').allInnerTexts()).toEqual([
    'broker 120 ms, 5.0 %',
    'api 1.6 s, 68 %',
    'kiosk 650 ms, 27 %',
  ])
  await path.getByRole('link', { name: 'api' }).click()
  const drawer = page.getByRole('complementary', { name: 'Service api' }).or(page.locator('[aria-label="Service api"]'))
  await drawer.first().getByText('services/migrate.mjs --all').waitFor()
})

test('stopping the broker names the routes that then carry nothing', async () => {
  await open('/services/broker')
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  const routes = page.getByRole('list', { name: 'Routes that will be touched' })
  await routes.getByText('carries no messages while broker is stopped').waitFor()
})
