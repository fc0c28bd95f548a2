import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { SiteDatabaseView } from '#shared/contract/index.ts'
import { namelessControls, pageForEachTest } from './scripted-page.ts'
import { scriptedSteps } from './scripted-steps.ts'

// The site's databases on screen, in a real browser over a scripted console.

let page: Page
const pages = pageForEachTest((opened) => {
  page = opened.page
})
const { open, button, dialog, asked, changeJob } = scriptedSteps(() => page, pages)

const drawer = () => page.getByRole('complementary', { name: 'Service database' })

test('a service that stands for a database shows its pool, its queries and its copies', async () => {
  await open('/services/database')
  await drawer().getByText('Answers in 0.4 ms; 2 of 45 connections are in use.').waitFor()
  await drawer().getByText('SQLite 3.53.1').waitFor()
  await drawer().getByRole('img', { name: '2 in use, 4 idle, of at most 45: 15 and 30 overflow' }).waitFor()
  await drawer().getByText('18/s now, 61\u202f220 in all').waitFor()
  await drawer().getByText('0.4 ms p50, 12 ms p99').waitFor()
  await drawer().getByText('12\u202f904 committed, 17 rolled back').waitFor()
  await drawer().getByText('newest 40 min ago, 5 checked copies').waitFor()
  await drawer().getByText('96 ms worst of 3 times').waitFor()
  await drawer()
    .getByText(/database is locked: .* 26 min ago/)
    .waitFor()
  await open('/services/api')
  await expect.poll(() => page.getByText('Pool of connections').count()).toBe(0)
})

test('of PostgreSQL only what applies is shown, and who waits for a connection is marked', async () => {
  await open('/services/database')
  await page.evaluate(() =>
    window.scripted.change('databases', { database: window.samples.postgres(Date.now(), 'database') }),
  )
  await drawer().getByText('PostgreSQL 15.14').waitFor()
  await drawer()
    .getByRole('list', { name: 'Connections', exact: true })
    .getByRole('listitem')
    .filter({ hasText: '4 waiting' })
    .getByRole('img', { name: 'warning' })
    .waitFor()
  await expect.poll(() => button('Copy database now').count()).toBe(0)
  await expect.poll(() => button('Recover database…').count()).toBe(0)
  await expect.poll(() => drawer().getByText('checked cop').count()).toBe(0)
  await button('Check database').click()
  await expect.poll(asked).toEqual([{ call: 'databases.check', input: { service: 'database' } }])
})

test("recovering a site's database shows the console's plan first, then the job beside it and its result", async () => {
  await open('/services/database')
  await button('Recover database…').click()
  await dialog().getByText('Move the database and its log into quarantine.').waitFor()
  await dialog().getByText('api, kiosk', { exact: true }).waitFor()
  await dialog()
    .getByText(/what was written since .*, the last 40 min/)
    .waitFor()
  await dialog().getByText('wheelhouse database recover database').waitFor()
  await expect.poll(() => dialog().locator(':focus').textContent()).toBe('Leave it as it is')
  await expect.poll(asked).toEqual([])
  await dialog().getByRole('button', { name: 'Recover database and stop 2 services' }).dblclick()
  await dialog().waitFor({ state: 'detached' })
  await expect.poll(asked).toEqual([{ call: 'databases.recover', input: { service: 'database' } }])
  await drawer().getByRole('progressbar', { name: 'Recover database' }).waitFor()
  await changeJob('jb-1', {
    state: 'failed',
    endedAt: Date.now(),
    message: 'No copy passed its check.',
    remedy: 'Restore a backup.',
  })
  await drawer().getByRole('alert').getByText('No copy passed its check.').waitFor()
})

test('a failed database is marked with its last error and its last recovery', async () => {
  await open('/services/database')
  const rest: Partial<SiteDatabaseView> = {
    health: 'unhealthy',
    sentence: 'The file is damaged: page 12 is malformed.',
    lastCheck: { at: Date.now() - 60_000, ok: false, note: 'Page 12 is malformed.' },
    recovery: {
      policy: 'automatic',
      copies: 0,
      newestCopyAt: null,
      last: { at: Date.now() - 3_600_000, sentence: 'The copy of 06:00 took its place; 12 min are missing.' },
    },
  }
  await page.evaluate(
    (more) => window.scripted.change('databases', { database: window.samples.database(Date.now(), 'database', more) }),
    rest,
  )
  await drawer().getByText('The file is damaged: page 12 is malformed.').waitFor()
  await drawer().getByText('failed 1 min ago').waitFor()
  await drawer().getByText('is put right by itself').waitFor()
  await drawer().getByText('12 min are missing. 1 h ago').waitFor()
  await expect.poll(() => namelessControls(page)).toEqual([])
})

test('Escape closes the dialog alone, and whoever works with the keyboard goes on from the button that asked', async () => {
  await open('/services/database')
  await button('Recover database…').focus()
  await page.keyboard.press('Enter')
  await dialog().waitFor()
  await page.keyboard.press('Escape')
  await expect.poll(() => dialog().count()).toBe(0)
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label')))
    .toBe('Recover database…')
  await page.keyboard.press('Escape')
  await expect.poll(() => page.url()).toMatch(/#\/services$/)
})
