import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { electronUnderTest, launchDesktop, needsChromium, waitFor } from './desktop.ts'
import { closeWindow, crashPage, entry, fixture, greeted, greetings, runJob } from './fixture/drive.ts'

needsChromium()

describe(`the desktop host, on ${electronUnderTest}`, () => {
  test('opens a window whose page greets the console and is answered', async () => {
    using home = temporaryFolder()
    await using desktop = await launchDesktop({ home: home.path, entry })
    await greeted(desktop)
    const page = await desktop.page()
    expect(await page.textContent('#answer')).toContain('ep-1')
    expect(await fixture(desktop, 'calls')).toEqual(['open sample'])
  })

  test('opens the site that it was started with', async () => {
    using home = temporaryFolder()
    await using desktop = await launchDesktop({ home: home.path, entry, args: ['--site', '/srv/lab'] })
    await greeted(desktop)
    expect(await fixture(desktop, 'calls')).toEqual(['open /srv/lab'])
  })

  test('goes on in the tray when the window is closed, and shows a new window when it is asked to', async () => {
    using home = temporaryFolder()
    await using desktop = await launchDesktop({ home: home.path, entry })
    await greeted(desktop)
    await closeWindow(desktop)
    await waitFor('the connection to end', desktop, async () => (await fixture(desktop, 'connected')) === 0)
    expect(await fixture(desktop, 'calls')).toEqual(['open sample'])
    expect(await desktop.evaluate((electron) => electron.app.isReady(), null)).toBe(true)

    await desktop.evaluate((electron) => electron.app.emit('activate'), null)
    await greeted(desktop)
    expect(await desktop.windowCount()).toBe(1)
  })

  test('remembers where the window was and how large', async () => {
    using home = temporaryFolder()
    const bounds = { x: 120, y: 80, width: 1_000, height: 700 }
    {
      await using desktop = await launchDesktop({ home: home.path, entry })
      await greeted(desktop)
      await desktop.evaluate((electron, bounds) => electron.BrowserWindow.getAllWindows()[0]?.setBounds(bounds), bounds)
      await desktop.pressMenu('quit').catch(() => {})
      await desktop.exited
    }
    expect(JSON.parse(readFileSync(join(home.path, 'window.json'), 'utf8'))).toEqual({ ...bounds, maximized: false })
    await using again = await launchDesktop({ home: home.path, entry })
    await greeted(again)
    expect(await again.evaluate((electron) => electron.BrowserWindow.getAllWindows()[0]?.getBounds(), null)).toEqual(
      bounds,
    )
  })

  test('a second launch shows the window of the first, hands over its site and ends', async () => {
    using home = temporaryFolder()
    await using first = await launchDesktop({ home: home.path, entry })
    await greeted(first)
    await closeWindow(first)

    const second = await launchDesktop({ home: home.path, entry, args: ['--site', '/srv/other'] })
    expect(await second.exited).toEqual({ code: 0, signal: null })
    await second[Symbol.asyncDispose]()
    await greeted(first)
    await waitFor('the site', first, async () => (await fixture(first, 'calls')).length > 1)
    expect(await fixture(first, 'calls')).toEqual(['open sample', 'open /srv/other'])
  })

  test('a launch after a kill takes over', async () => {
    using home = temporaryFolder()
    await using killed = await launchDesktop({ home: home.path, entry })
    await greeted(killed)
    killed.kill('SIGKILL')
    await killed.exited
    await using next = await launchDesktop({ home: home.path, entry })
    await greeted(next)
  })

  test('loads a page that crashed again, and asks once it goes on crashing', async () => {
    using home = temporaryFolder()
    await using desktop = await launchDesktop({ home: home.path, entry })
    await greeted(desktop)
    await desktop.answerMessageBoxes(1)
    for (let crash = 1; crash <= 3; crash++) {
      await crashPage(desktop)
      await waitFor(`greeting ${crash + 1}`, desktop, async () => (await greetings(desktop)) === crash + 1)
    }
    expect(await desktop.messageBoxes()).toEqual([])
    expect(await fixture(desktop, 'connected')).toBe(1)

    await crashPage(desktop)
    await waitFor('the question', desktop, async () => (await desktop.messageBoxes()).length === 1)
    const [box] = await desktop.messageBoxes()
    expect(box?.detail).toContain('services go on running')
    await waitFor('the window to close', desktop, async () => (await desktop.windowCount()) === 0)
    expect(await fixture(desktop, 'calls')).toEqual(['open sample'])
  })

  test('an error that nothing caught is logged, and the console goes on', async () => {
    using home = temporaryFolder()
    await using desktop = await launchDesktop({ home: home.path, entry })
    await greeted(desktop)
    await desktop.evaluate(() => void setTimeout(() => Promise.reject(new Error('a stray one')), 0), null)
    const log = join(home.path, 'logs', 'console.log')
    await waitFor('the log', desktop, () => readFileSync(log, 'utf8').includes('a stray one'))
    expect(statSync(log).mode & 0o777).toBe(0o600)
    expect(await fixture(desktop, 'connected')).toBe(1)
  })

  test('goes on when the terminal that it was started from has gone', async () => {
    using home = temporaryFolder()
    await using desktop = await launchDesktop({ home: home.path, entry })
    await greeted(desktop)
    desktop.app.closeOutput()
    const log = join(home.path, 'logs', 'console.log')
    for (const name of ['one', 'two', 'three']) {
      await desktop.evaluate(
        (_electron, name) => void setTimeout(() => Promise.reject(new Error(`stray ${name}`)), 0),
        name,
      )
      await waitFor('the log', desktop, () => readFileSync(log, 'utf8').includes(`stray ${name}`))
    }
    expect(await fixture(desktop, 'connected')).toBe(1)
    desktop.kill('SIGTERM')
    expect(await desktop.exited).toEqual({ code: 0, signal: null })
    expect(readFileSync(log, 'utf8')).not.toContain('EPIPE')
  })
})

describe(`quitting, on ${electronUnderTest}`, () => {
  test('Quit closes the console, its services stopped, and ends', async () => {
    using home = temporaryFolder()
    await using desktop = await launchDesktop({ home: home.path, entry })
    await greeted(desktop)
    await desktop.pressMenu('quit').catch(() => {})
    expect(await desktop.exited).toEqual({ code: 0, signal: null })
    expect(readFileSync(join(home.path, 'logs', 'console.log'), 'utf8')).toContain('The console ends.')
  })

  test('Quit asks while a job runs, and goes on when the answer is no', async () => {
    using home = temporaryFolder()
    await using desktop = await launchDesktop({ home: home.path, entry })
    await greeted(desktop)
    await runJob(desktop)
    await desktop.answerMessageBoxes(0)
    await desktop.pressMenu('quit')
    await waitFor('the question', desktop, async () => (await desktop.messageBoxes()).length === 1)
    const [box] = await desktop.messageBoxes()
    expect(box?.message).toContain('Back up ConsultEase')
    expect(box?.defaultId).toBe(0)
    expect(await fixture(desktop, 'calls')).toEqual(['open sample'])
    expect(await fixture(desktop, 'connected')).toBe(1)
  })

  test('Quit while a job runs ends when the answer is yes', async () => {
    using home = temporaryFolder()
    await using desktop = await launchDesktop({ home: home.path, entry })
    await greeted(desktop)
    await runJob(desktop)
    await desktop.answerMessageBoxes(1)
    await desktop.pressMenu('quit').catch(() => {})
    expect(await desktop.exited).toEqual({ code: 0, signal: null })
  })

  test('SIGTERM closes the console without asking, also while a job runs', async () => {
    using home = temporaryFolder()
    await using desktop = await launchDesktop({ home: home.path, entry })
    await greeted(desktop)
    await runJob(desktop)
    await desktop.answerMessageBoxes(0)
    desktop.kill('SIGTERM')
    expect(await desktop.exited).toEqual({ code: 0, signal: null })
  })

  test('app.quit() by the desktop waits until the console has closed', async () => {
    using home = temporaryFolder()
    await using desktop = await launchDesktop({ home: home.path, entry })
    await greeted(desktop)
    await desktop.evaluate(() => Object.assign(Reflect.get(globalThis, 'fixture'), { closeTakes: 300 }), null)
    const started = performance.now()
    await desktop.evaluate((electron) => electron.app.quit(), null)
    expect(await desktop.exited).toEqual({ code: 0, signal: null })
    expect(performance.now() - started).toBeGreaterThan(290)
  })
})
