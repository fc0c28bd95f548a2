import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { ShownMessage } from '#shared/contract/index.ts'
import { namelessControls, pageForEachTest } from './scripted-page.ts'

// The Messages screen as inspector, in a real browser over a scripted console.

let page: Page
const pages = pageForEachTest((opened) => {
  page = opened.page
})

async function open(route: string): Promise<void> {
  await page.goto(`${pages.origin}testing/index.html#${route}`)
  await page.getByRole('navigation', { name: 'Pages' }).waitFor()
}

/** Pictures for whoever asks for them, in both schemes and two sizes. */
async function pictures(name: string): Promise<void> {
  const folder = process.env.WHEELHOUSE_PICTURES
  if (!folder) return
  for (const [width, height] of [
    [1440, 900],
    [1024, 700],
  ] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`) })
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 })
}

function message(n: number, given: Partial<ShownMessage> = {}): ShownMessage {
  const payload = JSON.stringify({ battery: 100 - n, present: n % 2 === 0 })
  return {
    n,
    at: 1_764_200_000_000 + n * 1_000,
    topic: `consultease/faculty/${n % 3}/status`,
    payload,
    encoding: 'utf8',
    bytes: payload.length,
    cut: false,
    qos: 1,
    retain: false,
    routes: [{ route: 'desk-presence', result: 'delivered' }],
    ...given,
  }
}

const pass = (messages: readonly ShownMessage[], skipped = 0) =>
  page.evaluate(({ messages, skipped }) => window.scripted.pass(messages, skipped), { messages, skipped })

const streams = () => page.evaluate(() => window.scripted.streams.filter(({ topic }) => topic === 'messages.tap'))

test('ten thousand topics are a tree: opened, walked and typed through by key; Enter narrows the list', async () => {
  await open('/messages')
  const tree = page.getByRole('tree', { name: 'Topics seen' })
  await page.getByText(/10.000 topics; 120 not listed/).waitFor()
  await tree.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('f')
  await page.keyboard.press('ArrowRight')
  await tree.getByRole('treeitem', { name: /^faculty, 9.999 topics/ }).waitFor()
  await page.keyboard.press('End')
  await tree.getByRole('treeitem', { name: /^3332, 3 topics/ }).waitFor()
  expect(await tree.getByRole('treeitem').count()).toBeLessThan(80)
  await page.keyboard.type('127')
  const desk = tree.getByRole('treeitem', { name: /^127, 3 topics/ })
  await desk.waitFor()
  await page.keyboard.press('Enter')
  await expect
    .poll(streams)
    .toEqual([{ topic: 'messages.tap', params: { filter: 'consultease/faculty/127/#', text: '' } }])
  expect(await desk.getAttribute('aria-selected')).toBe('true')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('ArrowLeft')
  expect(await tree.getByRole('treeitem', { name: /^faculty/ }).getAttribute('aria-expanded')).toBe('false')
  await pictures('topics')
  await page.getByRole('button', { name: 'Show all' }).click()
  await expect.poll(streams).toEqual([{ topic: 'messages.tap', params: { filter: '#', text: '' } }])
})

test('a topic is found by words, and the list narrowed to a route', async () => {
  await open('/messages')
  await page.getByRole('textbox', { name: 'Find a topic' }).fill('presence')
  await page.getByRole('treeitem', { name: /^presence/ }).click()
  await expect
    .poll(streams)
    .toEqual([{ topic: 'messages.tap', params: { filter: 'consultease/board/presence', text: '' } }])
  await page.getByRole('combobox', { name: 'Route' }).click()
  await page.getByRole('option', { name: 'desk-presence' }).click()
  await expect
    .poll(streams)
    .toMatchObject([{ params: { filter: 'consultease/board/presence', route: 'desk-presence' } }])
  await page.getByText('through the route desk-presence').waitFor()
})

test('a message tells what changed since the one before on its topic; one that was cut is fetched whole', async () => {
  await open('/messages')
  await page.getByText('No message on').waitFor()
  await pass(Array.from({ length: 30 }, (_, index) => message(index + 1)))
  await pass([message(31, { cut: true, bytes: 40_000, topic: 'camera/1' })], 12)
  const list = page.getByRole('listbox', { name: 'Messages, newest last' })
  await page.getByText('43 messages, 12 not shown').waitFor()
  await list.getByRole('option').filter({ hasText: 'consultease/faculty/0/status' }).last().click()
  const drawer = page.getByRole('complementary', { name: 'Message' })
  await drawer.getByText('Changes', { exact: true }).click()
  const changes = drawer.getByRole('table', { name: 'Changes since the message before' })
  await changes.getByText('battery').waitFor()
  expect(await changes.getByRole('row').allInnerTexts()).toEqual([
    'Where\tBefore\tNow',
    'battery\t73\t70',
    'present\tfalse\ttrue',
  ])
  await pictures('changes')
  await list.getByRole('option').filter({ hasText: 'camera/1' }).click()
  await drawer.getByText('Only the first 16 kB').waitFor()
  await drawer.getByRole('button', { name: 'Show all of it' }).click()
  await drawer.getByText('"whole": true').waitFor()
  expect(await namelessControls(page)).toEqual([])
})

test('Ctrl+Enter publishes, and what was published last can be taken again', async () => {
  await open('/messages/publish')
  await page.getByRole('textbox', { name: 'Topic' }).fill('desk/7/set')
  await page.getByRole('textbox', { name: 'Payload' }).fill('{"light": true}')
  await page.keyboard.press('Control+Enter')
  const last = page.getByRole('region', { name: 'Published last' })
  await last.getByText('desk/7/set').waitFor()
  await page.getByRole('textbox', { name: 'Topic' }).fill('other')
  await pictures('publish')
  await last.getByRole('button').click()
  expect(await page.getByRole('textbox', { name: 'Topic' }).inputValue()).toBe('desk/7/set')
})
