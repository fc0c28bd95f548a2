import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { namelessControls, pageForEachTest, type WatchedPage } from './scripted-page.ts'

// The screens in a real browser over a scripted console: what a person sees and presses. The same page over the real console is
// driven by the other specs of this folder.

let page: Page
let watched: WatchedPage
const pages = pageForEachTest((opened) => {
  watched = opened
  page = opened.page
})

async function open(route: string): Promise<void> {
  await page.goto(`${pages.origin}testing/index.html#${route}`)
  await page.getByRole('navigation', { name: 'Pages' }).waitFor()
}

const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true })
const dialog = () => page.getByRole('dialog')
const asked = () => page.evaluate(() => window.scripted.asked)

test('every page is drawn under the strict policy, from its own files alone, and every button has a name', async () => {
  for (const route of [
    '/',
    '/services/api',
    '/services/api?tab=log',
    '/services/api?tab=history',
    '/services/database',
    '/messages',
    '/messages/topics',
    '/messages/routes',
    '/messages/quarantine',
    '/messages/journal',
    '/messages/publish',
    '/timeline/ev-240',
    '/backups/sn-11',
    '/deploys',
    '/alerts',
    '/metrics',
    '/diagnose',
    '/settings',
    '/nowhere',
  ]) {
    await open(route)
    await page.locator('main h1').first().waitFor()
    await expect.poll(() => namelessControls(page), { message: route }).toEqual([])
    const broken = () => [...document.images].filter((image) => image.naturalWidth === 0).map((image) => image.src)
    await expect.poll(() => page.evaluate(broken), { message: route }).toEqual([])
  }
  expect(watched.requests.filter((address) => !address.startsWith(pages.origin))).toEqual([])
})

test('the overview says what is wrong, why, whom to call, and what to press', async () => {
  await open('/')
  const verdict = page.getByRole('region', { name: 'Is it all right' })
  await verdict.getByText('Degraded: desk-units lost the broker.').waitFor()
  await verdict.getByText('Lab office, local 204').waitFor()
  await verdict.getByRole('link', { name: 'desk-units' }).waitFor()
  const attention = page.getByRole('region', { name: 'Needs attention' })
  await attention.getByRole('button', { name: 'Restart desk-units' }).click()
  await dialog().getByText('Restart desk-units?').waitFor()
  await page.keyboard.press('Escape')
  await attention.getByRole('button', { name: 'Dismiss: desk-units is degraded' }).click()
  await expect.poll(asked).toContainEqual({ call: 'attention.dismiss', input: { id: 'a-1' } })
})

test('the site graph is walked with the arrow keys and leads to the service', async () => {
  await open('/')
  const graph = page.getByRole('navigation', { name: 'Services in the order of starting' })
  await graph.getByRole('link', { name: /broker/ }).focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await page.getByRole('complementary', { name: 'Service kiosk' }).waitFor()
  await expect.poll(() => page.url()).toMatch(/#\/services\/kiosk$/)
})

test('Ctrl+K finds a service by name, also from within a field; Escape closes its drawer and the address follows', async () => {
  await open('/services')
  await page.getByPlaceholder('Search services').focus()
  await page.keyboard.press('Control+k')
  await page.getByRole('textbox', { name: 'Find' }).fill('desk')
  await page.keyboard.press('Enter')
  await page.getByRole('complementary', { name: 'Service desk-units' }).waitFor()
  await dialog().waitFor({ state: 'detached' })
  await page.keyboard.press('Escape')
  await page.getByRole('complementary', { name: 'Service desk-units' }).waitFor({ state: 'detached' })
  await expect.poll(() => page.url()).toMatch(/#\/services$/)
})

test('a dialog over the drawer closes first on Escape', async () => {
  await open('/services/api')
  await button('Stop').click()
  await dialog().waitFor()
  await page.keyboard.press('Escape')
  await dialog().waitFor({ state: 'detached' })
  await page.getByRole('complementary', { name: 'Service api' }).waitFor()
})

test('stopping says first what it touches; the safe button has the focus and nothing was asked of the console yet', async () => {
  await open('/services/api')
  await button('Stop').click()
  const touched = dialog().getByRole('list', { name: 'Services that will be touched' })
  await touched.getByText('kiosk', { exact: true }).waitFor()
  await dialog().getByText('wheelhouse stop api').waitFor()
  await expect.poll(() => dialog().locator(':focus').textContent()).toBe('Keep running')
  await expect.poll(asked).toEqual([])
  await dialog().getByRole('button', { name: 'Stop api and 1 other' }).click()
  await expect.poll(asked).toEqual([{ call: 'services.stop', input: { service: 'api' } }])
  await page.getByRole('region', { name: 'Started from here' }).getByText('Stop api').waitFor()
})

test('an emergency stop waits for nothing', async () => {
  await open('/services')
  await page.evaluate(() => {
    window.scripted.previewHangs = true
  })
  await button('Emergency stop').click()
  await dialog().getByRole('button', { name: 'Kill services now' }).click()
  await page.getByText('7 processes were killed in 84 ms').waitFor()
})

test('a restore shows its plan, is done with exactly that plan, and shows its steps and its result with Undo', async () => {
  await open('/backups')
  await button('Restore…').click()
  await dialog().getByText('releases/7/services/api.mjs').waitFor()
  await dialog().getByText('2 consultations made since').waitFor()
  await expect.poll(() => dialog().locator(':focus').textContent()).toBe('Keep everything as it is')
  await dialog().getByRole('button', { name: 'Restore 14 files, delete 2 files and stop api' }).click()
  await expect
    .poll(asked)
    .toEqual([{ call: 'backups.restore', input: { snapshot: 'sn-11', paths: null, fingerprint: 'plan-1' } }])
  const steps = page.getByRole('list', { name: 'Steps of Restore ConsultEase' })
  await steps.getByText('Stage the files').waitFor()
  await page.evaluate(() =>
    window.scripted.change('jobs', {
      'jb-1': window.samples.job(Date.now(), 'jb-1', {
        state: 'completed',
        endedAt: Date.now(),
        message: '14 files are back.',
      }),
    }),
  )
  const result = page.getByRole('status').filter({ hasText: '14 files are back.' })
  await result.getByRole('button', { name: 'Undo…' }).click()
  await dialog().getByText('wheelhouse undo').waitFor()
})

test('messages are followed until the reader scrolls up; then what is read stays and what comes is counted', async () => {
  await open('/messages')
  await page.getByText('No message on').waitFor()
  const pass = (from: number, many: number, skipped = 0) =>
    page.evaluate(
      ([start, length, left]) =>
        window.scripted.pass(
          Array.from({ length }, (_, index) => ({
            n: start + index,
            at: Date.now(),
            topic: `lab/${start + index}`,
            payload: '{"present":true}',
            encoding: 'utf8' as const,
            bytes: 16,
            cut: false,
            qos: 0 as const,
            retain: false,
            routes: [],
          })),
          left,
        ),
      [from, many, skipped] as const,
    )
  await pass(1, 500)
  const list = page.getByRole('listbox', { name: 'Messages, newest last' })
  await list.getByText('lab/500', { exact: true }).waitFor()
  await expect.poll(() => list.getByRole('option').count()).toBeLessThan(80)

  await list.hover()
  await page.mouse.wheel(0, -2_000)
  await button(/Follow/).waitFor()
  const first = await list.getByRole('option').nth(20).textContent()
  await pass(501, 300, 1_200)
  await button('1\u202f500 new ↓').waitFor()
  await expect.poll(() => list.getByRole('option').nth(20).textContent()).toBe(first)
  await page.getByText('1\u202f200 not shown').waitFor()
  await button('1\u202f500 new ↓').click()
  await list.getByText('lab/800', { exact: true }).waitFor()

  await list.getByText('lab/800', { exact: true }).click()
  const drawer = page.getByRole('complementary', { name: 'Message' })
  await drawer.getByText('"present": true').waitFor()
  await drawer.getByText('Hex').click()
  await drawer.getByText('7b 22 70 72 65 73 65 6e 74').waitFor()
})

test('a topic filter that is none says why and is not sent', async () => {
  await open('/messages')
  const filter = page.getByRole('textbox', { name: 'Topic filter' })
  await filter.fill('lab/#/x')
  await page.getByText('# stands alone in the last level').waitFor()
  await page.keyboard.press('Enter')
  const taps = () =>
    page.evaluate(() =>
      window.scripted.streams.filter((stream) => stream.topic === 'messages.tap').map((stream) => stream.params),
    )
  await expect.poll(taps).toEqual([{ filter: '#', text: '' }])
  await filter.fill('lab/+/x')
  await page.keyboard.press('Enter')
  await expect.poll(taps).toEqual([{ filter: 'lab/+/x', text: '' }])
})

test('an event leads to its causes and from there on', async () => {
  await open('/timeline')
  await page
    .getByRole('option', { name: /desk-units became degraded/ })
    .first()
    .click()
  const drawer = page.getByRole('complementary', { name: 'Event' })
  await drawer.getByText('It was seen: the process ended with SIGKILL.').waitFor()
  await drawer.getByRole('button', { name: /api exited/ }).click()
  await expect.poll(() => page.url()).toMatch(/#\/timeline\/ev-235$/)
  await drawer.getByRole('button', { name: /api became unhealthy/ }).waitFor()
})

test('a lost connection is shown with its age, greyed, and everything is current again afterwards', async () => {
  await open('/')
  await page.getByRole('region', { name: 'Machine' }).waitFor()
  await page.evaluate(() => {
    window.scripted.away = true
    window.scripted.drop('killed')
  })
  await page.getByText(/Reconnecting, last heard \d s ago/).waitFor()
  await expect.poll(() => page.getByRole('region', { name: 'Machine' }).getAttribute('data-stale')).toBe('true')
  // Read out once: the age that counts beside it is not.
  await page
    .getByRole('status')
    .filter({ hasText: /^Reconnecting\. What is shown may be out of date/ })
    .waitFor()
  await page.evaluate(() => {
    window.scripted.change(
      'site',
      { site: { ...window.scripted.site(), health: 'healthy', sentence: 'All 5 services healthy.' } },
      true,
    )
    window.scripted.away = false
    // In the same moment: the page tries again by itself too, and the button goes when it gets through.
    for (const each of document.querySelectorAll('button')) if (each.textContent === 'Try now') each.click()
  })
  await page.getByRole('region', { name: 'Is it all right' }).getByText('All 5 services healthy.').waitFor()
  await expect.poll(() => page.getByText(/^Reconnecting, last heard/).count()).toBe(0)
})

test('a foreign site shows every command that it would run before anything else', async () => {
  await open('/services')
  await page.evaluate(() =>
    window.scripted.change('site', {
      site: {
        ...window.scripted.site(),
        trust: {
          fingerprint: 'what-was-shown',
          commands: [
            { service: 'api', of: 'api', command: 'node services/api.mjs', cwd: '/srv/x' },
            { service: 'api', of: 'api', command: '<its probe asks http://10.0.0.7/>', cwd: '/srv/x' },
            { service: 'tidy', of: 'recovery policy tidy', command: 'sh -c "rm -rf /"', cwd: '/srv/x' },
          ],
        },
      },
    }),
  )
  await page.getByRole('row', { name: 'recovery policy tidy sh -c "rm -rf /"' }).waitFor()
  await page.getByRole('row', { name: 'api <its probe asks http://10.0.0.7/>' }).waitFor()
  await button('Trust these 3 commands').click()
  await expect.poll(asked).toEqual([{ call: 'site.trust', input: { fingerprint: 'what-was-shown' } }])
})

test('an invalid site.yaml names file, line and remedy, and backups stay reachable', async () => {
  await open('/')
  await page.evaluate(() => {
    window.scripted.change(
      'services',
      Object.fromEntries(Object.keys(window.scripted.slices.services).map((id) => [id, null])),
    )
    window.scripted.change('site', {
      site: {
        ...window.scripted.site(),
        waves: [],
        config: {
          valid: false,
          loadedAt: Date.now(),
          problems: [
            {
              code: 'unknown-key',
              file: 'site.yaml',
              line: 14,
              column: 5,
              path: 'services.api.rnu',
              message: 'services.api has a key rnu that does not exist.',
              remedy: 'Did you mean run?',
            },
          ],
        },
      },
    })
  })
  const problems = page.getByRole('list', { name: 'Problems in site.yaml' })
  await problems.getByText('site.yaml:14:5').waitFor()
  await problems.getByText('Did you mean run?').waitFor()
  await button('Reload').click()
  await expect.poll(asked).toEqual([{ call: 'site.reload', input: null }])
  await page.getByRole('link', { name: 'restore it from a backup' }).click()
  await button('Restore…').waitFor()
})

test('without a site there are ways to one, and a folder that is none is told where it was typed', async () => {
  await open('/')
  await page.evaluate(() => {
    window.scripted.change('site', { site: null })
    const view = window.scripted.slices.console.console
    if (view) window.scripted.change('console', { console: { ...view, phase: 'no site' } })
  })
  await page.getByRole('textbox', { name: 'Folder of the site' }).fill('/nowhere')
  await button('Open site').click()
  await page.getByText('The folder /nowhere does not exist.').waitFor()
  await button('Open the sample site').click()
  await expect.poll(asked).toContainEqual({ call: 'console.openSample', input: null })
})

test('an address without a token says how to get the right one', async () => {
  await page.goto(`${pages.origin}index.html`)
  await page.getByRole('heading', { name: 'This address is not complete' }).waitFor()
})

test('the chosen colours stay chosen', async () => {
  await open('/settings')
  await page.getByText('Dark', { exact: true }).click()
  await expect.poll(() => page.evaluate(() => document.documentElement.dataset.mantineColorScheme)).toBe('dark')
  await page.reload()
  await expect.poll(() => page.evaluate(() => document.documentElement.dataset.mantineColorScheme)).toBe('dark')
})
