import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { type Desktop, electronUnderTest, launchDesktop, needsChromium, waitFor } from './desktop.ts'
import { closeWindow, entry, fixture, greeted } from './fixture/drive.ts'

needsChromium()

// What a real desktop shows cannot be looked at from a test; what it is told can, on the stand-in.
describe.skipIf(electronUnderTest !== 'the stand-in')(`tray, menu and notifications, on ${electronUnderTest}`, () => {
  test('the tray shows the health of the site by a shape of its own, and its sentence', async () => {
    using home = temporaryFolder()
    await using desktop = await start(home.path)
    expect(await tray(desktop)).toEqual({ icon: 'tray-unknown.png', sentence: 'Opening the site…' })
    for (const health of ['healthy', 'degraded', 'unhealthy']) {
      await setSite(desktop, health, `is ${health}`)
      await waitFor(
        `the tray to be ${health}`,
        desktop,
        async () => (await tray(desktop)).icon === `tray-${health}.png`,
      )
      expect((await tray(desktop)).sentence).toBe(`Lab: is ${health}`)
    }
  })

  test('the tray starts and stops all, stops in an emergency, opens the window and quits', async () => {
    using home = temporaryFolder()
    await using desktop = await start(home.path)
    await setSite(desktop, 'healthy', 'all well')
    await waitFor('the tray to know the site', desktop, async () => (await tray(desktop)).icon === 'tray-healthy.png')
    for (const id of ['start-all', 'stop-all', 'emergency-stop']) await pressTray(desktop, id)
    expect(await fixture(desktop, 'calls')).toEqual(['open sample', 'start all', 'stop all', 'emergency stop'])

    await closeWindow(desktop)
    await pressTray(desktop, 'open')
    await greeted(desktop)
    await pressTray(desktop, 'quit').catch(() => {})
    expect(await desktop.exited).toEqual({ code: 0, signal: null })
  })

  test('what the menu offers is done: open a site, the sample, start and stop', async () => {
    using home = temporaryFolder()
    await using desktop = await start(home.path)
    await desktop.evaluate((electron, home) => {
      electron.dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [home] })
    }, home.path)
    for (const id of ['open-site', 'open-sample', 'start-all', 'stop-all', 'emergency-stop'])
      await desktop.pressMenu(id)
    await waitFor('all of it', desktop, async () => (await fixture(desktop, 'calls')).length === 6)
    expect(new Set(await fixture(desktop, 'calls'))).toEqual(
      new Set(['open sample', `open ${home.path}`, 'start all', 'stop all', 'emergency stop']),
    )
    await desktop.pressMenu('open-logs')
    expect(await desktop.shown((_electron, _argument, { asked }) => asked.at(-1), null)).toEqual({
      what: 'showItemInFolder',
      options: `${home.path}/logs/console.log`,
    })
  })

  test('a condition that needs a person is notified while no window is open, and pressing it opens one', async () => {
    using home = temporaryFolder()
    await using desktop = await start(home.path)
    await closeWindow(desktop)
    await desktop.evaluate(() => {
      Reflect.get(globalThis, 'fixture').state.slice('attention').set('service-failed:api', {
        id: 'service-failed:api',
        subject: 'service:api',
        severity: 'error',
        title: 'api has failed',
        why: 'It exited with 1 five times.',
        since: 1,
        fixes: [],
        event: null,
        dismissible: true,
        dismissed: false,
      })
    }, null)
    await waitFor('the notification', desktop, () =>
      desktop.shown((_e, _a, { notifications }) => notifications.length === 1, null),
    )
    const [told] = await desktop.shown(
      (_e, _a, { notifications }) => notifications.map(({ title, body }) => ({ title, body })),
      null,
    )
    expect(told).toEqual({ title: 'api has failed', body: 'It exited with 1 five times.' })
    await desktop.shown((_e, _a, { notifications }) => notifications[0]?.emit('click'), null)
    await greeted(desktop)
  })
})

async function start(home: string): Promise<Desktop> {
  const desktop = await launchDesktop({ home, entry })
  await greeted(desktop)
  return desktop
}

function tray(desktop: Desktop): Promise<{ icon: string | undefined; sentence: string | undefined }> {
  return desktop.shown(
    (_electron, _argument, { trays }) => ({
      icon: trays[0]?.standInImage.path.split('/').at(-1),
      sentence: trays[0]?.standInToolTip,
    }),
    null,
  )
}

function pressTray(desktop: Desktop, id: string): Promise<void> {
  return desktop.shown((_electron, id, { trays }) => trays[0]?.standInMenu?.getMenuItemById(id)?.click(), id)
}

function setSite(desktop: Desktop, health: string, sentence: string): Promise<void> {
  return desktop.evaluate(
    (_electron, { health, sentence }) => {
      Reflect.get(globalThis, 'fixture').state.slice('site').set('site', { name: 'Lab', health, sentence })
    },
    { health, sentence },
  )
}
