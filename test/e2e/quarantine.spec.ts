import { join } from 'node:path'
import { connectAsync, type MqttClient } from 'mqtt'
import type { Page } from 'playwright-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { needs } from '../support/needs.ts'
import { makeTinySite } from '../support/tiny-site.ts'
import type { Desk } from './desk.ts'
import { launchHeadless } from './headless-desk.ts'
import { namelessControls } from './scripted-page.ts'

// What could not be routed is put right, sent again and discarded on screen: the built headless host with its real broker, in a real browser.

const missing = needs('chromium')
let folder: ReturnType<typeof temporaryFolder>
let desk: Desk
let page: Page
let client: MqttClient
let got: string[]

beforeEach(async () => {
  if (missing) return
  folder = temporaryFolder()
  const directory = join(folder.path, 'tiny')
  const extra = '  strict: { from: strict/#, where: payload.n > 3, to: [ { mqtt: out, qos: 1 } ] }\n'
  const { ports } = await makeTinySite(directory, { extra })
  const env = { WHEELHOUSE_HOME: join(folder.path, 'user'), XDG_RUNTIME_DIR: join(folder.path, 'run') }
  desk = await launchHeadless({ env }, {}, ['--site', directory])
  page = desk.page
  await page.getByRole('button', { name: /^Trust/ }).click()
  await page.getByRole('link', { name: 'Messages', exact: true }).click()
  await page.getByText('router connected').waitFor()
  client = await connectAsync(`mqtt://127.0.0.1:${ports.mqtt}`)
  got = []
  client.on('message', (_topic, payload) => got.push(payload.toString()))
  await client.subscribeAsync('out', { qos: 1 })
})

afterEach(async () => {
  await client?.endAsync(true)
  await desk?.quit()
  folder?.[Symbol.dispose]()
})

test.skipIf(missing)(
  `a message in quarantine is put right and sent, given up, or all of its route are; one that is cut is not sent as it is${missing ?? ''}`,
  async () => {
    for (const payload of ['first', 'second', 'third', `large ${'x'.repeat(70_000)}`, 'last']) {
      await client.publishAsync('strict/a', payload, { qos: 1 })
    }
    await page.getByRole('tab', { name: 'Quarantine' }).click()
    const list = page.getByRole('listbox', { name: /^Quarantined messages/ })
    const rows = list.getByRole('option')
    await expect.poll(() => rows.count()).toBe(5)
    const drawer = page.getByRole('complementary', { name: 'Quarantined message' })
    const button = (name: string | RegExp) => drawer.getByRole('button', { name })

    await rows.nth(4).click()
    await button('Edit and send').click()
    await drawer.getByRole('textbox', { name: 'Payload to send' }).fill('{"n": 5}')
    await expect.poll(() => namelessControls(page)).toEqual([])
    await button('Send this').click()
    await page.getByText('1 message sent again.').waitFor()
    await expect.poll(() => got).toEqual(['{"n": 5}'])
    await expect.poll(() => rows.count()).toBe(4)

    await rows.nth(1).click()
    await drawer.getByText('cut to the first 65536').first().waitFor()
    await expect.poll(() => button('Send again').count()).toBe(0)

    await rows.nth(0).click()
    await drawer.getByText('last').first().waitFor()
    await button('Discard…').click()
    const dialog = page.getByRole('dialog')
    await expect.poll(() => namelessControls(page)).toEqual([])
    // The safe one has the focus.
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await expect.poll(() => rows.count()).toBe(4)
    await button('Discard…').click()
    await dialog.getByRole('button', { name: 'Discard the message' }).click()
    await page.getByText('1 message discarded.').waitFor()
    await expect.poll(() => rows.count()).toBe(3)

    await rows.nth(1).click()
    await button('Discard all of strict…').click()
    await dialog.getByText('wheelhouse quarantine discard --route strict').waitFor()
    await expect.poll(() => rows.count()).toBe(3)
    await dialog.getByRole('button', { name: 'Discard all of strict' }).click()
    await page.getByText('3 messages discarded.').waitFor()
    await page.getByText('Nothing is in quarantine.').waitFor()
    expect(got).toEqual(['{"n": 5}'])
  },
)
