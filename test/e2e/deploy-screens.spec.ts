import type { Page } from 'playwright-core'
import { beforeEach, expect, test } from 'vitest'
import type { DeployView } from '#shared/contract/index.ts'
import { namelessControls, pageForEachTest } from './scripted-page.ts'
import { scriptedSteps } from './scripted-steps.ts'

// Releases and deploys on the Deploys screen, in a real browser over a scripted console.

let page: Page
const pages = pageForEachTest((opened) => {
  page = opened.page
})
const { open, button, dialog, asked, changeJob } = scriptedSteps(() => page, pages)

const focused = () => page.evaluate(() => document.activeElement?.textContent)
const deployed = (more: Partial<DeployView>) =>
  page.evaluate((rest) => window.scripted.change('deploys', { 'dp-1': window.samples.deploy(Date.now(), rest) }), more)

beforeEach(() => open('/deploys'))

test('a release is brought, its plan is shown with the focus on the safe button, and exactly that plan is begun', async () => {
  await button('Deploy…').focus()
  await page.keyboard.press('Enter')
  await dialog().getByText('Git', { exact: true }).click()
  await dialog().getByLabel('Repository').fill('https://git.example.org/lab/site.git')
  await dialog().getByLabel('Branch, tag or commit').fill('v1.5')
  await dialog().getByText('wheelhouse deploy https://git.example.org/lab/site.git --ref v1.5').waitFor()
  await dialog().getByRole('button', { name: 'Bring it and show what it would touch' }).press('Enter')
  await dialog().getByText('Nothing of the site is touched.').waitFor()
  await expect.poll(focused, { message: 'the button that was pressed is gone' }).toBe('Hide (it goes on)')
  const job = await page.evaluate(() => `jb-${window.scripted.asked.length}`)
  await changeJob(job, { state: 'completed', data: { release: 'r8' } })
  await dialog().getByText('Deploy r8: 2 services stop for about 1.4 s.').waitFor()
  await dialog().getByText('Student kiosk', { exact: true }).waitFor()
  await dialog().getByText('LOG: debug').waitFor()
  await expect.poll(focused).toBe('Keep everything as it is')
  expect(await namelessControls(page)).toEqual([])
  await dialog().getByRole('button', { name: 'Deploy r8 and restart 2 services' }).press('Enter')
  await expect
    .poll(asked)
    .toContainEqual({ call: 'deploys.begin', input: { release: 'r8', fingerprint: 'plan-r8', trust: null } })
})

test('what nobody has trusted is listed, and the deploy waits until the operator says that it is', async () => {
  await button('Deploy…').click()
  await dialog().getByLabel('Archive on').fill('/media/usb/site.tar.gz')
  await dialog().getByRole('button', { name: 'Bring it and show what it would touch' }).click()
  await dialog().getByText('Nothing of the site is touched.').waitFor()
  const job = await page.evaluate(() => `jb-${window.scripted.asked.length}`)
  await changeJob(job, { state: 'completed', data: { release: 'r9' } })
  await dialog().getByText('node tests/booking.mjs').waitFor()
  const act = dialog().getByRole('button', { name: 'Deploy r9 and restart 2 services' })
  expect(await act.isDisabled()).toBe(true)
  await dialog().getByRole('checkbox').press('Space')
  await act.click()
  await expect
    .poll(asked)
    .toContainEqual({ call: 'deploys.begin', input: { release: 'r9', fingerprint: 'plan-r9', trust: 'trust-r9' } })
})

test('a roll-back names its act and is done only when that is pressed', async () => {
  await button('Roll back…').click()
  await dialog().getByText('Go back to r5.', { exact: true }).waitFor()
  await expect.poll(focused).toBe('Keep everything as it is')
  await page.keyboard.press('Enter')
  await dialog().waitFor({ state: 'detached' })
  expect((await asked()) as unknown[]).not.toContainEqual(expect.objectContaining({ call: 'deploys.rollBack' }))
  await button('Roll back…').click()
  await dialog().getByRole('button', { name: 'Roll back to r5 and restart 2 services' }).waitFor()
  await dialog().getByText('Code and data').click()
  await dialog().getByText('Everything that was written since is taken out of use.').waitFor()
  await dialog().getByRole('button', { name: 'Roll back to r5, take back the data and restart 2 services' }).click()
  await expect.poll(asked).toContainEqual({
    call: 'deploys.rollBack',
    input: { release: 'r5', takeBack: 'code-and-data', fingerprint: 'plan-r5' },
  })
})

test('a failed deploy tells why, and a stuck one what to type next', async () => {
  const why = 'The check of api answered 500 for 30 s.'
  await deployed({ phase: 'rolled-back', failedAt: 'verify', failure: why, sentence: 'Taken back: r5 runs again.' })
  const panel = page.getByRole('region', { name: 'Deploy 1.4.2' })
  await panel.getByText('Taken back: r5 runs again.').waitFor()
  await panel.getByText(why).waitFor()
  const said = page.getByRole('table', { name: 'Deploys so far' }).locator('summary')
  await said.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: 'The restore point from before' }).waitFor()
  await deployed({ phase: 'stuck', failedAt: 'verify', failure: why, sentence: 'The way back failed too.' })
  await page.getByText('wheelhouse deploys settle dp-1').waitFor()
  await panel.getByRole('button', { name: 'Try again' }).click()
  await expect.poll(asked).toContainEqual({ call: 'deploys.settle', input: { deploy: 'dp-1' } })
})

test('a release that is held says why it stays, and one that is not goes only after a question', async () => {
  await page.getByRole('link', { name: 'one', exact: true }).click()
  await page.getByText('it is pinned', { exact: true }).waitFor()
  expect(await button('Remove…').isDisabled()).toBe(true)
  await page.getByRole('link', { name: 'r6', exact: true }).click()
  await page.getByText('It was found bad: api was unhealthy').waitFor()
  await button('Remove…').click()
  await expect.poll(focused).toBe('Keep it')
  await dialog().getByRole('button', { name: 'Remove r6' }).click()
  await expect.poll(asked).toContainEqual({ call: 'releases.remove', input: { release: 'r6' } })
})

test('the note beside a release is written', async () => {
  await page.getByRole('link', { name: 'r7', exact: true }).click()
  await button('Edit the note').click()
  await dialog().getByLabel('Note').fill('Before the exams')
  await dialog().getByText("wheelhouse releases note r7 'Before the exams'").waitFor()
  await page.keyboard.press('Enter')
  await page.getByText('The note beside r7 was written.').waitFor()
  await dialog().waitFor({ state: 'detached' })
  expect(await asked()).toContainEqual({ call: 'releases.note', input: { release: 'r7', note: 'Before the exams' } })
})
