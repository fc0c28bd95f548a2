import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { AttentionView } from '#shared/contract/index.ts'
import { namelessControls, pageForEachTest } from './scripted-page.ts'
import { scriptedSteps } from './scripted-steps.ts'

// The console's own store on screen, in a real browser over a scripted console.

let page: Page
const pages = pageForEachTest((opened) => {
  page = opened.page
})
const { open, button, dialog, asked, change, changeDatabase, changeJob, refuse } = scriptedSteps(() => page, pages)

test('the diagnose page shows each database with its figures, and each figure with its unit', async () => {
  await open('/diagnose')
  const control = page.getByRole('region', { name: 'Control' })
  await control.getByText('12 MB of at most 512 MB, 2.4 %').waitFor()
  await control.getByRole('img', { name: 'Size of control: 12 MB of at most 512 MB' }).waitFor()
  await control.getByText('1.1 MB in the write-ahead log').waitFor()
  await control.getByText('newest 2 h ago, 3 checked copies, 34 MB in all').waitFor()
  await control.getByText(/passed quick, 3 h ago/).waitFor()
  const recording = page.getByRole('region', { name: 'Recording' })
  await expect.poll(() => recording.locator('dl').innerText()).toContain('0.8 ms')
  await recording.getByText('12 of at most 20\u202f000').waitFor()
  const slow = page.getByRole('table', { name: 'Slow statements' })
  await slow.getByRole('row', { name: /events\.search 212 ms 64 ms 4/ }).waitFor()
  const quarantine = page.getByRole('table', { name: 'Quarantine' })
  await quarantine.getByText('A check found page 4 212').waitFor()
  await quarantine.getByText('139 MB').waitFor()
  await page.getByRole('region', { name: 'Checks of the site' }).waitFor()
})

test('the overview tells the size, commits, queue and last copy of the store, and what is not right', async () => {
  await open('/')
  const store = page.getByRole('region', { name: 'Store', exact: true })
  await store.getByText('155 MB of 2.5 GB').waitFor()
  await store.getByText('0.8 ms to 4 ms').waitFor()
  await store.getByText('12 of 20\u202f000').waitFor()
  await store.getByText('2 h ago').waitFor()
  await change({ state: 'read-only', since: Date.now() - 60_000, note: 'The disk is full.' })
  await store.getByText('read-only since 1 min: The disk is full.').waitFor()
  await store.getByRole('link', { name: 'Diagnose' }).click()
  await page.getByRole('heading', { name: 'Diagnose' }).waitFor()
})

test('a check runs at once, beside its database, and can be cancelled there; its failure says what to do', async () => {
  await open('/diagnose')
  await button('Other checks of control').click()
  await page.getByRole('menuitem', { name: /^Full/ }).click()
  await expect.poll(asked).toEqual([{ call: 'store.check', input: { database: 'control', kind: 'full' } }])
  await changeJob('jb-1', {
    steps: [{ id: 'read', title: 'Read every page', state: 'running', startedAt: Date.now(), endedAt: null }],
    progress: { done: 812, total: 3_027, unit: 'pages' },
    commandLine: 'wheelhouse store check control --full',
  })
  const control = page.getByRole('region', { name: 'Control' })
  await control.getByText('Read every page, 812 of 3\u202f027 pages').waitFor()
  await control.getByText('wheelhouse store check control --full').first().waitFor()
  await expect.poll(() => button('Check control, quick').isDisabled()).toBe(true)
  await expect.poll(() => button('Check messages, quick').isDisabled()).toBe(false)
  await expect
    .poll(() => page.getByRole('region', { name: 'Started from here' }).getByText('Check the control').count())
    .toBe(0)
  await button('Cancel Check the control database').click()
  await expect.poll(asked).toContainEqual({ call: 'jobs.cancel', input: { job: 'jb-1' } })
  await changeJob('jb-1', {
    state: 'failed',
    endedAt: Date.now(),
    message: 'Page 812 of the table events is malformed.',
    remedy: 'Recover the control database.',
  })
  const failed = control.getByRole('alert')
  await failed.getByText('Page 812 of the table events is malformed.').waitFor()
  await failed.getByText('Recover the control database.').waitFor()
  await button('Copy messages now').click()
  await expect.poll(asked).toContainEqual({ call: 'store.copy', input: { database: 'messages' } })
})

test('recovering says what is done, lost and kept; Escape leaves all as it is; a second click is no second order', async () => {
  await open('/diagnose')
  await button('Recover control…').click()
  await dialog()
    .getByText(/Found whole, it stays as it is/)
    .waitFor()
  await dialog()
    .getByText(/The newest good copy takes its place/)
    .waitFor()
  await dialog()
    .getByText(/what was recorded since/)
    .waitFor()
  await dialog()
    .getByText(/for 14 days/)
    .waitFor()
  await dialog().getByText('wheelhouse store recover control').waitFor()
  await expect.poll(() => dialog().locator(':focus').textContent()).toBe('Leave it as it is')
  await expect.poll(() => namelessControls(page)).toEqual([])
  await page.keyboard.press('Escape')
  await dialog().waitFor({ state: 'detached' })
  await expect.poll(asked).toEqual([])
  await button('Recover control…').click()
  await dialog().getByRole('button', { name: 'Recover control if it is damaged' }).dblclick()
  await dialog().waitFor({ state: 'detached' })
  await expect.poll(asked).toEqual([{ call: 'store.recover', input: { database: 'control' } }])
})

test('without a copy the act is named for what it is', async () => {
  await open('/diagnose')
  await changeDatabase('messages', { state: 'failed', note: 'The file is no database.' })
  await button('Recover messages…').click()
  await dialog().getByText('There is no copy: what can be read of the damaged files is salvaged.').waitFor()
  await dialog().getByRole('button', { name: 'Set messages aside and salvage it' }).waitFor()
})

test('what the console refuses is told with what to do, and the dialog stays', async () => {
  await open('/diagnose')
  await refuse('The control database is being checked.')
  await button('Recover control…').click()
  await dialog()
    .getByRole('button', { name: /^Recover control/ })
    .click()
  const told = page.getByRole('alert').filter({ hasText: 'The control database is being checked.' })
  await told.getByText('Wait until it has ended, then try again.').waitFor()
  await dialog().getByText('Recover the control database?').waitFor()
})

test('the fixes on cards ask first', async () => {
  await open('/')
  await page.evaluate(() => {
    const card = (id: string, fix: AttentionView['fixes'][number]): AttentionView => ({
      id,
      subject: 'store',
      severity: 'error',
      title: id,
      why: 'A check found it damaged.',
      since: Date.now(),
      fixes: [fix],
      event: null,
      dismissible: false,
      dismissed: false,
    })
    window.scripted.change('attention', {
      c1: card('c1', { label: 'Check it', action: { type: 'check-store', database: 'messages' } }),
      c2: card('c2', { label: 'Recover it', action: { type: 'recover-store', database: 'control' } }),
      c3: card('c3', { label: 'Recover the site', action: { type: 'recover-database', service: 'database' } }),
    })
  })
  for (const [label, title] of [
    ['Check it', 'Check the messages database?'],
    ['Recover it', 'Recover the control database?'],
    ['Recover the site', 'Recover database?'],
  ] as const) {
    await button(label).click()
    await dialog().getByText(title).waitFor()
    await page.keyboard.press('Escape')
    await dialog().waitFor({ state: 'detached' })
  }
  await expect.poll(asked).toEqual([])
})

test('Ctrl+K checks and copies the store, by keys alone', async () => {
  await open('/')
  const find = async (words: string) => {
    await page.keyboard.press('Control+k')
    await page.getByRole('textbox', { name: 'Find' }).fill(words)
    await page.keyboard.press('Enter')
  }
  await find('check the store')
  await dialog().getByText('Check the store?').waitFor()
  await expect.poll(() => dialog().locator(':focus').textContent()).toBe('Check control, full')
  await expect.poll(() => namelessControls(page)).toEqual([])
  await page.keyboard.press('Enter')
  await expect.poll(asked).toEqual([{ call: 'store.check', input: { database: 'control', kind: 'full' } }])
  await dialog().waitFor({ state: 'detached' })
  await find('copy the store')
  await dialog().getByText('Messages', { exact: true }).click()
  await dialog().getByText('wheelhouse store copy messages').waitFor()
  await dialog().getByRole('button', { name: 'Copy messages now' }).click()
  await expect.poll(asked).toContainEqual({ call: 'store.copy', input: { database: 'messages' } })
})

test('before the first figures, without slow statements and out of reach, the panels say so', async () => {
  await open('/diagnose')
  await change({ slow: [], quarantine: [] })
  await page.getByText('A statement that takes over 40 ms appears here by its name.').waitFor()
  await page.getByText('Nothing is set aside.').waitFor()
  await change({
    slow: Array.from({ length: 20 }, (_, index) => ({
      name: `statement.${index}`,
      count: 1,
      worstMs: 90 - index,
      lastMs: 41,
      lastAt: Date.now(),
    })),
  })
  await page.getByText('The 20 slowest are shown; others over 40 ms are not listed.').waitFor()
  await page.evaluate(() => {
    window.scripted.away = true
    window.scripted.drop('killed')
  })
  await expect.poll(() => page.getByRole('region', { name: 'Control' }).getAttribute('data-stale')).toBe('true')
  await page.evaluate(() => {
    window.scripted.away = false
    window.scripted.change('store', { store: null }, true)
  })
  await page.getByText('Waiting for the figures of the store.').waitFor({ state: 'attached' })
})

test('the quarantine is saved as a file and its folder is copied', async () => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await open('/diagnose')
  const download = page.waitForEvent('download')
  await button('Export quarantine').click()
  const saved = readFileSync(await (await download).path(), 'utf8')
  expect(saved.split('\r\n')[0]).toBe('database,set aside,kept until,bytes,why,folder')
  expect(saved).toContain('139000000')
  await button('Copy folder of 2026-01-02T06-12-00-000Z').click()
  await button('Copied').waitFor()
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toMatch(/quarantine\/2026-01-02T06-12-00-000Z$/)
})
