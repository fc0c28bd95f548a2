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
  await expect.poll(() => tree.getByRole('treeitem').count()).toBeLessThan(80)
  await page.keyboard.type('127')
  const desk = tree.getByRole('treeitem', { name: /^127, 3 topics/ })
  await desk.waitFor()
  await page.keyboard.press('Enter')
  await expect
    .poll(streams)
    .toEqual([{ topic: 'messages.tap', params: { filter: 'consultease/faculty/127/#', text: '' } }])
  await expect.poll(() => desk.getAttribute('aria-selected')).toBe('true')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('ArrowLeft')
  await expect.poll(() => tree.getByRole('treeitem', { name: /^faculty/ }).getAttribute('aria-expanded')).toBe('false')
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

test('the list is narrowed to one client, by its id or from the drawer of a message that it published', async () => {
  await open('/messages')
  await page.getByRole('textbox', { name: 'Client id' }).fill('desk-unit-9')
  await expect.poll(streams).toMatchObject([{ params: { filter: '#', client: 'desk-unit-9' } }])
  await page.getByText('from the client desk-unit-9').waitFor()
  await pass([message(1, { client: 'desk-unit-9', user: 'desk' })])
  await page.getByRole('option').first().click()
  const drawer = page.getByRole('complementary', { name: 'Message' })
  await drawer.getByText('desk-unit-9, logged in as desk').waitFor()
  await page.getByRole('textbox', { name: 'Client id' }).fill('')
  await expect.poll(streams).toEqual([{ topic: 'messages.tap', params: { filter: '#', text: '' } }])
  await page.getByRole('button', { name: 'Only this client' }).click()
  await expect.poll(streams).toMatchObject([{ params: { filter: '#', client: 'desk-unit-9' } }])
})

test('the stages of a route are unfolded by key, and say where messages end', async () => {
  await open('/messages/routes')
  await page.getByRole('button', { name: 'Stages of desk-presence' }).focus()
  await page.keyboard.press('Enter')
  const stages = page.getByRole('table', { name: 'Stages of desk-presence' })
  await stages.getByRole('row', { name: /^validate "validate" refused it.*212 of 212/ }).waitFor()
  await expect.poll(() => stages.getByRole('row').allInnerTexts()).toHaveLength(6)
  await page.keyboard.press('Enter')
  await stages.waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Stages of requests' }).click()
  await page.getByText('Of its stages nothing is known').waitFor()
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
  await expect
    .poll(() => changes.getByRole('row').allInnerTexts())
    .toEqual(['Where\tBefore\tNow', 'battery\t73\t70', 'present\tfalse\ttrue'])
  await pictures('changes')
  await list.getByRole('option').filter({ hasText: 'camera/1' }).click()
  await drawer.getByText('Only the first 16 kB').waitFor()
  await drawer.getByRole('button', { name: 'Show all of it' }).click()
  await drawer.getByText('"whole": true').waitFor()
  await expect.poll(() => namelessControls(page)).toEqual([])
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
  await expect.poll(() => page.getByRole('textbox', { name: 'Topic' }).inputValue()).toBe('desk/7/set')
})

const asked = () => page.evaluate(() => window.scripted.asked)

test('recordings are listed with what became of them, looked through page by page, and one is begun', async () => {
  await open('/messages/recordings')
  const list = page.getByRole('table', { name: 'Recordings' })
  await list.getByText('complete, at its bound, 12 lost').waitFor()
  await list.getByText('recording, interrupted once').waitFor()
  await list.getByRole('button', { name: 'Outage of Monday' }).first().click()
  const held = page.getByRole('region', { name: 'Messages of Outage of Monday' })
  await held.getByText('300 messages listed').waitFor()
  await held.getByRole('button', { name: 'More' }).click()
  await held.getByText('600 messages listed').waitFor()
  await pictures('recordings')
  await page.getByRole('button', { name: 'Record…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Desks')
  await dialog.getByRole('textbox', { name: 'Topic filter' }).fill('desk/#')
  await dialog.getByText("wheelhouse recording start Desks --filter 'desk/#'").waitFor()
  await pictures('record')
  await dialog.getByRole('button', { name: 'Record desk/#' }).click()
  await page.getByText('Desks is being recorded.').waitFor()
  await expect
    .poll(asked)
    .toEqual([{ call: 'recordings.start', input: { name: 'Desks', filter: 'desk/#', text: '', ms: 86_400_000 } }])
  await expect.poll(() => namelessControls(page)).toEqual([])
})

test('a replay says which topics it publishes to before it begins; the safe button has the focus', async () => {
  await open('/messages/recordings')
  await page.getByRole('row').filter({ hasText: 'From the vendor' }).getByRole('button', { name: 'Replay…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('list', { name: 'Topics that it publishes to' }).getByText('replay/desk/1').waitFor()
  await dialog.getByText('Routes that match these topics take the messages in.').waitFor()
  await pictures('replay')
  await dialog.getByRole('button', { name: 'Publish 40 messages' }).click()
  await page.getByText('From the vendor is being replayed').waitFor()
  await expect
    .poll(asked)
    .toMatchObject([
      { call: 'recordings.replay', input: { recording: 'r1', prefix: 'replay', pace: { kind: 'scaled', factor: 1 } } },
    ])
})

test('an import with a bad line is refused with its number and sends nothing; a good one is sent whole', async () => {
  await open('/messages/recordings')
  await page.getByRole('button', { name: 'Import…' }).click()
  const dialog = page.getByRole('dialog')
  const good = '{"at":"2026-01-05T08:30:00Z","topic":"a/b","qos":1,"payload":"x"}'
  const choose = async (text: string) => {
    const chooser = page.waitForEvent('filechooser')
    await dialog.getByRole('button', { name: 'File of JSON Lines' }).click()
    await (await chooser).setFiles({ name: 'desks.jsonl', mimeType: 'text/plain', buffer: Buffer.from(text) })
  }
  await choose(`${good}\nno\n`)
  await dialog.getByRole('button', { name: 'Check and import' }).click()
  await dialog.getByText('One line is bad: line 2: it is not JSON. Nothing was imported.').waitFor()
  await pictures('import')
  await expect.poll(asked).toEqual([])
  await choose(`${good}\n${good}\n`)
  await dialog.getByRole('button', { name: 'Check and import' }).click()
  await page.getByText('2 messages were imported as desks.').waitFor()
  expect((await asked()).map(({ call }) => call)).toEqual([
    'recordings.importBegin',
    'recordings.importAdd',
    'recordings.importEnd',
  ])
})

test('devices: who is silent for longest stands first, is found by words, and tells what it listens to and its last will', async () => {
  await open('/devices?show=clients')
  const list = page.getByRole('table', { name: 'Devices' })
  await list.getByText('desk-unit-7').waitFor()
  await expect.poll(() => list.getByRole('row').nth(1).innerText()).toMatch(/^desk-unit-7\t10.0.0.26:4106\t.*\t1 h\t/)
  await page.getByRole('textbox', { name: 'Search devices' }).fill('faculty/12/')
  await list.getByRole('button', { name: 'desk-unit-12' }).click()
  await expect.poll(() => list.getByRole('row').count()).toBe(2)
  const drawer = page.getByRole('complementary', { name: 'Device' })
  await drawer.getByText('consultease/faculty/12/set').waitFor()
  await drawer.getByText('{"online":false}').waitFor()
  await expect.poll(() => namelessControls(page)).toEqual([])
  await pictures('devices')
  await drawer.getByRole('button', { name: 'consultease/faculty/12/status' }).click()
  await page.getByText('No message on').waitFor()
  await expect
    .poll(streams)
    .toMatchObject([{ topic: 'messages.tap', params: { filter: 'consultease/faculty/12/status' } }])
})
