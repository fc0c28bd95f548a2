import type { Page } from 'playwright-core'
import { until } from '../support/until.ts'
import type { Home } from './desk.ts'
import { events } from './site-steps.ts'

export async function goTo(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name, exact: true }).click()
}

export async function restoreByClicks(page: Page, home: Home): Promise<void> {
  await goTo(page, 'Overview')
  await page.getByRole('button', { name: 'Restore…' }).first().click()
  await decide(page, /^Restore \d/, home)
}

export async function undoByClicks(page: Page, home: Home): Promise<void> {
  await goTo(page, 'Backups')
  await page.getByRole('button', { name: 'Undo…' }).first().click()
  await decide(page, /^Undo: /, home)
}

export async function decide(page: Page, act: RegExp, home: Home): Promise<void> {
  const before = (await events(home, ['--limit', '1'])).at(-1)?.seq ?? 0
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: act }).click()
  await until('the job to end', async () =>
    (await events(home, ['--kind', 'job.'])).some(
      ({ seq, kind, data, message }) =>
        seq > before && kind === 'job.completed' && /restore|undo/i.test(`${JSON.stringify(data)} ${message}`),
    ),
  )
}

/** Resolves when the word stands somewhere in the page; looks at every change, not at intervals. */
export function seenInPage(page: Page, word: string): Promise<void> {
  return page.evaluate(
    (word) =>
      new Promise<void>((resolve) => {
        const look = () => document.body.textContent?.includes(word) === true
        if (look()) return resolve()
        const observer = new MutationObserver(() => {
          if (!look()) return
          observer.disconnect()
          resolve()
        })
        observer.observe(document.body, { subtree: true, childList: true, characterData: true })
      }),
    word,
  )
}
