import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { electronUnderTest, launchDesktop, waitFor } from './desktop.ts'

const entry = join(import.meta.dirname, 'fixture', 'main.ts')

describe(`the desktop host, on ${electronUnderTest}`, () => {
  test('opens a window whose page greets the console and is answered', async () => {
    using home = temporaryFolder()
    await using desktop = await launchDesktop({ home: home.path, entry })
    const page = await desktop.page()
    await waitFor('the answer', desktop, async () => (await page.textContent('#answer')) !== '')
    expect(await page.textContent('#answer')).toContain('ep-1')
  })
})
