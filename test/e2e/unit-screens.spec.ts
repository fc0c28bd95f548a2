import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type CameraSite, cameraSite } from '../support/camera-site.ts'
import { needs } from '../support/needs.ts'
import type { Desk } from './desk.ts'
import { launchHeadless } from './headless-desk.ts'
import { focusedName, tabTo } from './keyboard.ts'
import { seenInPage } from './page-steps.ts'
import { namelessControls } from './scripted-page.ts'

// A service that systemd runs, taken over and given back on screen: the built headless host with real processes, in a real browser. No
// systemd runs where specs do: a program that really starts and stops processes stands in for systemctl.

const missing = needs('chromium')
let camera: CameraSite
let desk: Desk
let page: Page

beforeEach(async () => {
  if (missing) return
  camera = cameraSite()
  writeFileSync(join(camera.directory, 'site.yaml'), definition(camera.state))
  const env = { WHEELHOUSE_HOME: join(camera.home, 'user'), XDG_RUNTIME_DIR: join(camera.home, 'run') }
  desk = await launchHeadless({ env }, {}, ['--site', camera.directory])
  page = desk.page
  await page.getByRole('button', { name: /^Trust/ }).click()
  await page.getByRole('link', { name: 'Services', exact: true }).click()
  await page.getByRole('link', { name: 'camera', exact: true }).click()
  await drawer().getByText('systemd runs camera.').waitFor()
})

afterEach(async () => {
  await desk?.quit()
  camera?.[Symbol.dispose]()
})

function definition(state: string): string {
  return `wheelhouse: 1
site: lab
services:
  camera:
    kind: process
    run: [sh, ${state}/camera.sh, ${state}, console]
    unit: camera.service
    startup: { command: [test, -e, ${state}/ready], every: 100ms, within: 8s }
    restart: { backoff: { first: 50ms, factor: 1, cap: 50ms }, budget: { starts: 2, per: 10m } }
`
}

const drawer = () => page.getByRole('complementary', { name: 'Service camera' })
const dialog = () => page.getByRole('dialog')
const press = (where: Page | Locator, name: string) => where.getByRole('button', { name, exact: true }).click()
const jobs = () => page.getByRole('region', { name: 'Started from here' })

test('a service that systemd runs says so, with its unit; what would be done is shown first, and leaving it changes nothing', async () => {
  const pid = String(camera.running())
  await drawer().getByText('systemd runs this service as camera.service; the console only watches it.').waitFor()
  await drawer().getByText('active (running)', { exact: true }).waitFor()
  await drawer().getByText('enabled', { exact: true }).waitFor()
  await drawer().getByText('wheelhouse adopt camera --plan').waitFor()
  await expect.poll(() => drawer().getByRole('button', { name: 'Stop', exact: true }).count()).toBe(0)
  await press(drawer(), 'Adopt…')
  await dialog().getByText('camera.service is stopped, and the console runs camera in its place.').waitFor()
  const steps = await dialog().getByRole('list', { name: 'What is done' }).getByRole('listitem').allInnerTexts()
  expect(steps).toEqual([
    expect.stringContaining('Write down how camera.service is now'),
    expect.stringContaining('Disable camera.service'),
    expect.stringContaining('Stop camera.service'),
    expect.stringContaining('Start camera under the console'),
    expect.stringContaining('Wait until it is ready, at most 8 s'),
  ])
  await dialog().getByRole('list', { name: 'It touches' }).getByText(`pid ${pid}`).waitFor()
  await dialog().getByText('wheelhouse adopt camera', { exact: true }).waitFor()
  await expect.poll(() => namelessControls(page)).toEqual([])
  await press(dialog(), 'Leave it as it is')
  await dialog().waitFor({ state: 'detached' })
  expect(camera.systemd.changes()).toEqual([])
  expect(String(camera.running())).toBe(pid)
})

test('adopted by a press the console runs it, given back systemd does; a second press does nothing twice', async () => {
  await press(drawer(), 'Adopt…')
  await dialog().getByRole('button', { name: 'Adopt camera' }).dblclick()
  await jobs().getByText('The console runs camera now; camera.service is stopped and disabled.').waitFor()
  await drawer().getByText('The console has taken camera over from it.').waitFor()
  await drawer().getByText('inactive (dead)', { exact: true }).waitFor()
  await drawer().getByRole('button', { name: 'Stop', exact: true }).waitFor()
  expect(camera.systemd.changes()).toEqual(['disable camera.service', 'stop camera.service'])
  expect(camera.started()).toEqual(['systemd', 'console'])
  await expect
    .poll(() => page.getByRole('alert').count(), { message: 'the second press is not told as a failure' })
    .toBe(0)

  await press(drawer(), 'Release…')
  await dialog().getByText('The console stops camera and gives it back to camera.service.').waitFor()
  await dialog().getByRole('button', { name: 'Release camera' }).dblclick()
  await jobs().getByText('camera.service runs camera again.').waitFor()
  await drawer().getByText('systemd runs camera.').waitFor()
  expect(camera.systemd.state('camera.service')).toBe('active enabled')
  expect(camera.started()).toEqual(['systemd', 'console', 'systemd'])
  expect(camera.twoCopies()).toBe('')
})

test('what cannot be done is told with what to do about it, before it is tried and when it is refused', async () => {
  await press(drawer(), 'Adopt…')
  // The plan is of before it is masked.
  await dialog().getByRole('list', { name: 'What is done' }).waitFor()
  camera.systemd.tell('camera.service', { LoadState: 'masked', UnitFileState: 'masked' })
  await press(dialog(), 'Adopt camera')
  const told = page.getByRole('alert').filter({ hasText: 'camera.service is masked' }).first()
  await told.getByText('systemctl unmask camera.service').waitFor()
  await dialog().getByText('somebody has forbidden systemd to run it').waitFor()
  await dialog().getByRole('button', { name: 'Adopt camera' }).waitFor({ state: 'detached' })
  expect(camera.systemd.changes()).toEqual([])

  await press(dialog(), 'Leave it as it is')
  camera.systemd.tell('camera.service', {})
  camera.systemd.refuse('disable', 'Failed to disable unit: Access denied')
  await press(drawer(), 'Adopt…')
  await press(dialog(), 'Adopt camera')
  await jobs().getByText('Failed to disable unit: Access denied').waitFor()
  await jobs().getByText('Do it by hand (sudo systemctl disable camera.service)').waitFor()
  expect(camera.started()).toEqual(['systemd'])
  expect(camera.systemd.state('camera.service')).toBe('active enabled')
})

test('one that does not become ready goes back by itself; its card on Overview tries again, and one of a copy beside it gives it back', async () => {
  camera.become('never-ready')
  await press(drawer(), 'Adopt…')
  await press(dialog(), 'Adopt camera')
  await page.getByRole('link', { name: 'Overview', exact: true }).click()
  const cards = page.getByRole('list', { name: 'Needs attention' })
  const failed = cards.getByRole('listitem').filter({ hasText: 'could not be taken over from systemd' })
  await failed.getByText('It was given back.').waitFor()
  expect(camera.systemd.state('camera.service')).toBe('active enabled')
  camera.become('ready')
  await press(failed, 'Adopt again…')
  await press(dialog(), 'Adopt camera')
  await jobs().getByText('The console runs camera now').waitFor()
  await failed.waitFor({ state: 'detached' })

  camera.systemd.by('start', 'camera.service')
  const beside = cards.getByRole('listitem').filter({ hasText: 'systemd runs camera as well' })
  await beside.waitFor()
  await press(beside, 'Give it back…')
  await press(dialog(), 'Release camera')
  await beside.waitFor({ state: 'detached' })
  expect(camera.systemd.state('camera.service')).toBe('active enabled')
})

test('with the keyboard alone it is taken over and given back, and the focus is where one goes on', async () => {
  await page.getByRole('link', { name: 'camera', exact: true }).focus()
  await tabTo(page, 'Adopt…')
  await page.keyboard.press('Enter')
  await dialog().getByRole('button', { name: 'Adopt camera' }).waitFor()
  await expect.poll(() => focusedName(page)).toBe('Leave it as it is')
  await page.keyboard.press('Escape')
  await dialog().waitFor({ state: 'detached' })
  await expect.poll(() => focusedName(page)).toBe('Adopt…')
  await expect.poll(() => drawer().count(), { message: 'Escape closed what lay over the page, not the drawer' }).toBe(1)
  expect(camera.systemd.changes()).toEqual([])

  let isGone = false
  void seenInPage(page, 'has no service named camera').then(
    () => {
      isGone = true
    },
    () => {}, // the page is closed
  )
  await page.keyboard.press('Enter')
  await dialog().getByRole('button', { name: 'Adopt camera' }).waitFor()
  await tabTo(page, 'Adopt camera')
  await page.keyboard.press('Enter')
  await jobs().getByText('The console runs camera now').waitFor()
  await expect.poll(() => focusedName(page)).toBe('Release…')
  await page.keyboard.press('Enter')
  await dialog().getByRole('button', { name: 'Release camera' }).waitFor()
  await tabTo(page, 'Release camera')
  await page.keyboard.press('Enter')
  await jobs().getByText('camera.service runs camera again.').waitFor()
  expect(camera.systemd.state('camera.service')).toBe('active enabled')
  await expect.poll(() => focusedName(page)).toBe('Adopt…')
  expect(isGone, 'it is shown all the while that it changes places').toBe(false)
})
