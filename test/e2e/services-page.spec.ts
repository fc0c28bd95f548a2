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
  await expect
    .poll(() => heads.allInnerTexts())
    .toEqual([
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
  await expect
    .poll(() => path.getByRole('listitem').allInnerTexts())
    .toEqual(['broker 120 ms, 5.0 %', 'api 1.6 s, 68 %', 'kiosk 650 ms, 27 %'])
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

test('a long list of services has the whole height of a small window, its heads stay, and the dependencies come after it', async () => {
  await page.setViewportSize({ width: 1024, height: 700 })
  await open('/services')
  const services = page.getByRole('table', { name: 'Services' })
  await services.getByRole('link', { name: 'broker' }).waitFor()
  await page.evaluate(() => {
    const { kiosk } = window.scripted.slices.services
    if (!kiosk) throw new Error('No kiosk is drawn.')
    const many = Array.from({ length: 30 }, (_, n) => ({ ...kiosk, id: `worker-${n + 10}`, needs: [], dependents: [] }))
    window.scripted.change('services', Object.fromEntries(many.map((worker) => [worker.id, worker])))
  })
  await services.getByRole('link', { name: 'worker-39' }).waitFor()
  const inView = await services
    .getByRole('row')
    .evaluateAll((rows) => rows.filter((row) => row.getBoundingClientRect().bottom <= innerHeight).length)
  expect(inView).toBeGreaterThan(17)
  const head = services.getByRole('columnheader', { name: 'Service', exact: true })
  const dependencies = page.getByRole('table', { name: 'Dependencies' })
  await dependencies.getByRole('link', { name: 'SMS gateway' }).scrollIntoViewIfNeeded()
  await services.getByRole('link', { name: 'worker-30' }).scrollIntoViewIfNeeded()
  expect(
    await head.evaluate(
      (cell) =>
        document.elementFromPoint(cell.getBoundingClientRect().x + 15, cell.getBoundingClientRect().y + 10) === cell,
    ),
  ).toBe(true)
  // From far above, what is in trouble below is seen and one press away.
  await page.getByRole('link', { name: '2 dependencies in trouble.' }).click()
  await page.getByRole('complementary', { name: 'Dependency model' }).waitFor()
})
