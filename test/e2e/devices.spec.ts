import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { pageForEachTest } from './scripted-page.ts'

// The Devices screen over a scripted console: the devices that site.yaml describes.

let page: Page
const pages = pageForEachTest((opened) => {
  page = opened.page
})

async function open(route: string): Promise<void> {
  await page.goto(`${pages.origin}testing/index.html#${route}`)
  await page.getByRole('navigation', { name: 'Pages' }).waitFor()
}

/** Pictures for whoever asks for them, in both schemes and two sizes. */
async function pictures(name: string): Promise<void> {
  const folder = process.env.WHEELHOUSE_PICTURES
  if (!folder) return
  for (const [width, height] of [
    [1440, 900],
    [1024, 700],
  ] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`) })
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 })
}

const names = () => page.getByRole('listbox', { name: 'Devices' }).getByRole('option').allInnerTexts()

test('described devices: those in trouble stand first, are found by words and state, and tell why in their drawer', async () => {
  await open('/devices')
  await page.getByText('60 of 64 devices online').or(page.getByText('61 of 64 devices online')).waitFor()
  const first = await names()
  expect(first[0]).toMatch(/Desk units 204[\s\S]*silent/)
  expect(first[1]).toMatch(/Desk units 208[\s\S]*battery 9 %/)
  await pictures('described-devices')

  await page.getByRole('textbox', { name: 'Search devices' }).fill('faculty/310')
  await expect.poll(async () => (await names()).length).toBe(1)
  await page.getByRole('textbox', { name: 'Search devices' }).fill('')
  await page.getByRole('combobox', { name: 'State' }).click()
  await page.getByRole('option', { name: 'offline', exact: true }).click()
  await expect.poll(async () => (await names()).map((text) => text.split('\n')[0])).toEqual(['Desk units 207'])
  await page.getByRole('combobox', { name: 'State' }).click()
  await page.getByRole('option', { name: 'offline', exact: true }).click()

  const list = page.getByRole('listbox', { name: 'Devices' })
  await list.focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('Enter')
  const drawer = page.getByRole('complementary', { name: 'Device' })
  await drawer.getByText('Nothing came from it for 120 s.').waitFor()
  await drawer.getByText('not connected').waitFor()
  await drawer.getByText('wheelhouse devices desk-unit/204').waitFor()
  await expect.poll(() => page.url()).toContain('device=desk-unit')
  await pictures('device-drawer')
  // Asked twice, as it cannot be undone.
  await drawer.getByRole('button', { name: 'Forget this device' }).click()
  await drawer.getByRole('button', { name: /Really forget it/ }).click()
  await drawer.waitFor({ state: 'detached' })
})
