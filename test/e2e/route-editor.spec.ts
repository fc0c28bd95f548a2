import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync, type MqttClient } from 'mqtt'
import type { Page } from 'playwright-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { needs } from '../support/needs.ts'
import { makeTinySite } from '../support/tiny-site.ts'
import type { Desk } from './desk.ts'
import { launchHeadless } from './headless-desk.ts'
import { focusedName, tabTo } from './keyboard.ts'
import { namelessControls } from './scripted-page.ts'

// A route is written, tried and saved on screen: the built headless host with its real broker and router, in a real browser.

const missing = needs('chromium')
let folder: ReturnType<typeof temporaryFolder>
let directory: string
let desk: Desk
let page: Page
let client: MqttClient

beforeEach(async () => {
  if (missing) return
  folder = temporaryFolder()
  directory = join(folder.path, 'tiny')
  const { ports } = await makeTinySite(directory)
  const env = { WHEELHOUSE_HOME: join(folder.path, 'user'), XDG_RUNTIME_DIR: join(folder.path, 'run') }
  desk = await launchHeadless({ env }, {}, ['--site', directory])
  page = desk.page
  await page.getByRole('button', { name: /^Trust/ }).click()
  await page.getByRole('link', { name: 'Messages', exact: true }).click()
  await page.getByText('router connected').waitFor()
  client = await connectAsync(`mqtt://127.0.0.1:${ports.mqtt}`)
  await page.getByRole('tab', { name: 'Routes' }).click()
})

afterEach(async () => {
  await client?.endAsync(true)
  await desk?.quit()
  folder?.[Symbol.dispose]()
})

const text = () => page.getByRole('textbox', { name: /^Text of route/ })
const button = (name: string | RegExp) => page.getByRole('button', { name })
const siteYaml = () => readFileSync(join(directory, 'site.yaml'), 'utf8')

test.skipIf(missing)(
  `a route is checked while it is typed, tried on what passes, and saved${missing ?? ''}`,
  async () => {
    await button('Edit route all').click()
    await page.getByText('No mistakes').waitFor()
    await expect.poll(() => text().inputValue()).toBe('{ from: lab/#, to: [ { journal: 1d } ] }')
    await expect.poll(() => button('Save and use').isDisabled()).toBe(true)

    await text().fill('from: lab/#\nwhere: payload.on ==\nto: [ { journal: 1d } ]')
    await page.getByText('1 mistake').waitFor()
    await expect.poll(() => button('Save and use').isDisabled()).toBe(true)
    await button('line 2').click()
    const cursor = await text().evaluate((field) => (field instanceof HTMLTextAreaElement ? field.selectionStart : -1))
    expect(cursor).toBeGreaterThan('from: lab/#\n'.length)

    await text().fill('from: lab/#\nwhere: payload.on\nto: [ { journal: 1d } ]')
    await page.getByText('No mistakes').waitFor()
    await client.publishAsync('lab/1', '{"on": true}')
    await client.publishAsync('lab/2', '{"on": false}')
    await button('Try on 2 messages').click()
    await page.getByText('1 message would fare differently.').waitFor()
    const difference = page.getByRole('list', { name: 'Differences' }).getByRole('listitem')
    await expect.poll(() => difference.innerText()).toMatch(/lab\/2[\s\S]*passed[\s\S]*journal[\s\S]*filtered/)
    await expect.poll(() => namelessControls(page)).toEqual([])

    await text().press('Control+s')
    await page.getByText('Route all is saved and in use.').waitFor()
    expect(siteYaml()).toContain('  all:\n    from: lab/#\n    where: payload.on\n')
    const ledger = page.getByRole('table', { name: 'Ledger of all' }).getByRole('row').nth(1)
    await client.publishAsync('lab/3', '{"on": false}')
    await expect.poll(() => ledger.innerText()).toMatch(/journal\s+1\s+1\s/)
  },
)

test.skipIf(missing)(
  `a new route is written and removed with the keyboard alone, and nothing is lost unasked${missing ?? ''}`,
  async () => {
    await tabTo(page, 'New route')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.type('all')
    await page.getByText('There is a route of this id already.').waitFor()
    await page.getByRole('textbox', { name: 'Id' }).fill('alarms')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'New route alarms' }).waitFor()
    await text().fill('from: alarm/#\nto: [ { channel: alarms } ]')
    await page.getByText('No mistakes').waitFor()
    await text().press('Control+s')
    await button('Edit route alarms').waitFor()
    expect(siteYaml()).toContain('  alarms:\n    from: alarm/#\n')

    await button('Edit route alarms').click()
    await page.getByText('No mistakes').waitFor()
    await text().fill('from: other/#\nto: [ { channel: alarms } ]')
    await button('Back to the routes').click()
    await page.getByRole('dialog', { name: 'Leave without saving?' }).waitFor()
    await expect.poll(() => focusedName(page)).toContain('Go on writing')
    await page.keyboard.press('Enter')
    await expect.poll(() => text().inputValue()).toContain('other/#')
    await button('Remove').click()
    await button('Remove route alarms').click()
    await page.getByText('Route alarms was removed.').waitFor()
    expect(siteYaml()).not.toContain('alarms')
  },
)

test.skipIf(missing)(`a message shows its passport, stage by stage${missing ?? ''}`, async () => {
  await page.getByRole('tab', { name: 'Live' }).click()
  await page.getByText('#').first().waitFor()
  await expect
    .poll(async () => {
      await client.publishAsync('lab/1', '{"on": true}')
      return page.getByText('lab/1').count()
    })
    .toBeGreaterThan(0)
  await page.getByText('lab/1').first().click()
  const drawer = page.getByRole('complementary', { name: 'Message' })
  await drawer.getByRole('button', { name: 'Show each stage' }).click()
  const passport = drawer.getByRole('list', { name: 'Passport' })
  await passport.getByText('passed').waitFor()
  await expect.poll(() => passport.innerText()).toContain('journal')
})
