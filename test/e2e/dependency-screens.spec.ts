import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { DependencyView } from '#shared/contract/index.ts'
import { namelessControls, pageForEachTest } from './scripted-page.ts'

// What services call through the console on screen, in a real browser over a scripted console.

let page: Page
const pages = pageForEachTest((opened) => {
  page = opened.page
})

async function open(route: string): Promise<void> {
  await page.goto(`${pages.origin}testing/index.html#${route}`)
  await page.locator('main h1').first().waitFor()
}

const table = () => page.getByRole('table', { name: 'Dependencies' })
const drawer = () => page.getByRole('complementary', { name: 'Dependency model' })
const asked = () => page.evaluate(() => window.scripted.asked)

function change(id: string, rest: Partial<DependencyView>): Promise<void> {
  return page.evaluate(
    ([which, more]) => {
      const before = window.scripted.slices.dependencies[which]
      if (before) window.scripted.change('dependencies', { [which]: { ...before, ...more } })
    },
    [id, rest] as const,
  )
}

test('the Services page lists what services call, with the state of each breaker, its reason and who uses it', async () => {
  await open('/services')
  const row = table().getByRole('row', { name: /Model API/ })
  await expect.poll(() => row.textContent()).toContain('5 calls in a row failed.')
  await expect.poll(() => row.textContent()).toContain('api, kiosk')
  await expect.poll(() => row.locator('[data-health]').first().getAttribute('data-health')).toBe('unhealthy')
  expect(
    await table()
      .getByRole('row', { name: /Faculty calendar/ })
      .textContent(),
  ).toContain('calls pass')
  await change('model', { state: 'closed', sentence: 'It answers.', nextTryAt: null, check: null })
  await row.getByText('calls pass').waitFor()
  await expect.poll(() => row.locator('[data-health]').first().getAttribute('data-health')).toBe('healthy')
})

test('its drawer tells why, what became of the calls, and takes an operator’s orders', async () => {
  await open('/services')
  await table().getByRole('link', { name: 'Model API' }).click()
  await drawer().getByText('Tried again at').waitFor()
  const text = (await drawer().textContent()) ?? ''
  expect(text).toContain('1\u202f148 by it, 51 by the fallback, 0 failed')
  expect(text).toContain('opens after 5 failures in a row')
  expect(text).toContain('its breaker is open')
  expect(text).toContain('wheelhouse dependency reset model')
  await expect.poll(() => namelessControls(page)).toEqual([])
  await drawer().getByRole('button', { name: 'Check now' }).click()
  await page.getByText('model passed its check: it answered with 200.').waitFor()
  await drawer().getByRole('button', { name: 'Try it now' }).click()
  await page.getByText('Calls to model pass again.').waitFor()
  await drawer().getByRole('button', { name: 'Keep calls away' }).click()
  await page.getByText('Calls are kept away from model.').waitFor()
  const calls = (await asked()).filter(({ call }) => call.startsWith('dependencies.'))
  expect(calls.map(({ call }) => call)).toEqual(['dependencies.check', 'dependencies.reset', 'dependencies.isolate'])
})

test('the drawer of a service names what it uses, and leads there', async () => {
  await open('/services')
  await page.evaluate(() => {
    const before = window.scripted.slices.services.api
    if (!before) return
    const uses = [{ dependency: 'model', required: true, reachable: false }]
    window.scripted.change('services', { api: { ...before, uses } })
  })
  await page.getByRole('table', { name: 'Services' }).getByRole('link', { name: 'api', exact: true }).click()
  await page.getByRole('complementary', { name: 'Service api' }).getByRole('link', { name: 'Model API' }).click()
  await drawer().waitFor()
})

test('a site that declares none shows no panel', async () => {
  await open('/services')
  await table().waitFor()
  await page.evaluate(() => window.scripted.change('dependencies', { calendar: null, model: null, sms: null }))
  await table().waitFor({ state: 'detached' })
})

test.each([
  ['light', 1440, 900],
  ['dark', 1440, 900],
  ['light', 1024, 700],
  ['dark', 1024, 700],
] as const)('fits in %s at %i by %i: nothing scrolls sideways', async (colorScheme, width, height) => {
  await page.setViewportSize({ width, height })
  await page.emulateMedia({ colorScheme })
  await open('/services/dependency/model')
  await drawer().waitFor()
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  expect(wide).toBeLessThanOrEqual(0)
  if (process.env.WHEELHOUSE_PICTURES) {
    await page.screenshot({ path: `${process.env.WHEELHOUSE_PICTURES}/dependencies-${colorScheme}-${width}.png` })
  }
})
