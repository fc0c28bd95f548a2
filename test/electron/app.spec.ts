import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { makeTinySite } from '../support/tiny-site.ts'
import { type Desktop, electronUnderTest, launchDesktop, needsChromium, waitFor } from './desktop.ts'

needsChromium()

describe(`the desktop app as built, on ${electronUnderTest}`, () => {
  test('shows the shell at once, and a call from its page starts the services', async () => {
    using home = temporaryFolder()
    const { directory, ports } = await makeTinySite(join(home.path, 'tiny'))
    await using desktop = await launchDesktop({ home: join(home.path, 'user'), args: ['--site', directory] })
    const page = await desktop.page()
    await page.getByRole('link', { name: 'Overview', exact: true }).waitFor()
    expect(await answers(ports.http)).toBe(false)

    await trust(page)
    await waitFor('the service to answer', desktop, () => answers(ports.http))
    await quit(desktop)
    expect(await answers(ports.http)).toBe(false)
  })

  test('closing the window leaves the services running, and a second launch shows it again', async () => {
    using home = temporaryFolder()
    const { directory, ports } = await makeTinySite(join(home.path, 'tiny'))
    const launch = { home: join(home.path, 'user'), args: ['--site', directory] }
    await using desktop = await launchDesktop(launch)
    await trust(await desktop.page())
    await waitFor('the service to answer', desktop, () => answers(ports.http))
    await desktop.evaluate((electron) => electron.BrowserWindow.getAllWindows()[0]?.close(), null)
    await waitFor('the window to close', desktop, async () => (await desktop.windowCount()) === 0)
    expect(await answers(ports.http)).toBe(true)

    const second = await launchDesktop({ home: launch.home })
    expect(await second.exited).toEqual({ code: 0, signal: null })
    await second[Symbol.asyncDispose]()
    await waitFor('the window', desktop, async () => (await desktop.windowCount()) === 1)
    const page = await desktop.page()
    await page.getByRole('link', { name: 'Services', exact: true }).waitFor()
    await page.getByText('tiny').first().waitFor()
    expect(await answers(ports.http)).toBe(true)
    await quit(desktop)
  })

  test('rubbish from the page costs it its connection, which it makes anew, and nothing else', async () => {
    using home = temporaryFolder()
    const { directory, ports } = await makeTinySite(join(home.path, 'tiny'))
    await using desktop = await launchDesktop({ home: join(home.path, 'user'), args: ['--site', directory] })
    const page = await desktop.page()
    await trust(page)
    await waitFor('the service to answer', desktop, () => answers(ports.http))
    await page.evaluate(() => {
      const pipe = window.wheelhouse
      const told: string[] = []
      Reflect.set(window, 'told', told)
      pipe?.onEnvelope((envelope) => void told.push(envelope.slice(0, 1)))
      pipe?.send('rubbish')
    })
    await page.waitForFunction(() => {
      const told: unknown = Reflect.get(window, 'told')
      return Array.isArray(told) && told.indexOf('h') > told.indexOf('c') && told.includes('c')
    })
    expect(await answers(ports.http)).toBe(true)
    await quit(desktop)
  })

  test('its page keeps to its policy: nothing that it loads is refused', async () => {
    using home = temporaryFolder()
    const { directory } = await makeTinySite(join(home.path, 'tiny'))
    await using desktop = await launchDesktop({ home: join(home.path, 'user'), args: ['--site', directory] })
    const page = await desktop.page()
    const complaints: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    // Loaded once: a reload in the middle of that would be cut off by it.
    await page.getByRole('link', { name: 'Overview', exact: true }).waitFor()
    await page.reload()
    for (const name of ['Overview', 'Services', 'Messages', 'Timeline', 'Backups', 'Settings']) {
      await page.getByRole('link', { name, exact: true }).click()
    }
    await page.getByText('tiny').first().waitFor()
    expect(complaints).toEqual([])
    expect(desktop.output()).not.toContain('request was cancelled')
    await quit(desktop)
  })
})

async function trust(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Trust these/ }).click()
}

/** Whether the tiny site's service answers. */
async function answers(port: number): Promise<boolean> {
  try {
    return (await (await fetch(`http://127.0.0.1:${port}/`)).text()) === 'ok'
  } catch {
    return false
  }
}

/** Quits from the menu, whatever still runs; everything stops in order. */
async function quit(desktop: Desktop): Promise<void> {
  await desktop.answerMessageBoxes(1)
  await desktop.pressMenu('quit').catch(() => {})
  expect(await desktop.exited).toEqual({ code: 0, signal: null })
}
