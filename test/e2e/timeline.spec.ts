import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { pageForEachTest } from './scripted-page.ts'

// The flight recorder's screen in a real browser over a scripted console, which makes up a log of any size.

const million = 1_000_000
let page: Page
const pages = pageForEachTest((opened) => {
  page = opened.page
})

async function open(route: string, events = 0): Promise<void> {
  await page.goto(`${pages.origin}testing/index.html?events=${events}#${route}`)
  await list().getByRole('option').first().waitFor()
  await slider().waitFor()
}

const list = () => page.getByRole('listbox', { name: 'Events, newest first' })
const slider = () => page.getByRole('slider', { name: 'Place in the log' })
const drawer = () => page.getByRole('complementary', { name: 'Event' })
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true })
const bars = () => page.getByRole('region', { name: 'The log over time' })
const place = async () => Number(await slider().getAttribute('aria-valuenow'))
const selected = () => list().locator('[aria-selected="true"]')
const read = () => page.evaluate(() => window.scripted.read)
const eventually = <T>(read: () => T | Promise<T>) => expect.poll(read)
/** Something happens to the kiosk; `unheard`: no stream tells it. */
const happen = (messages: readonly string[], unheard = false) =>
  page.evaluate(
    ([said, silent]) => {
      for (const message of said) {
        window.scripted.happen(
          {
            at: Date.now(),
            kind: 'service.exited',
            subject: 'service:kiosk',
            severity: 'error',
            message,
            cause: { type: 'observation', what: 'the process ended' },
            operation: null,
            data: {},
          },
          silent,
        )
      }
    },
    [messages, unheard] as const,
  )

test('one million events: drawn, jumped through and scrolled with a few rows in the page at a time', async ({
  annotate,
}) => {
  await open('/timeline', million)
  await bars().getByText('1\u202f000\u202f000 events').waitFor()
  await expect.poll(place).toBe(million)
  await expect.poll(() => list().getByRole('option').count()).toBeLessThan(80)

  const box = await bars().locator('svg').boundingBox()
  if (!box) throw new Error('The bars are not drawn.')
  await page.mouse.click(box.x + box.width / 2, box.y + 30)
  await eventually(place).toBeLessThan(600_000)
  await expect.poll(place).toBeGreaterThan(400_000)
  const asked = await read()
  const jumped = await place()
  expect(asked).toContainEqual({ call: 'events.page', input: { before: jumped + 1, limit: 200 } })

  // Down through many pages, a screenful each frame.
  const frames = await page.evaluate(async () => {
    const element = document.querySelector('[role="listbox"]')
    const work: number[] = []
    let most = 0
    for (let frame = 0; frame < 120; frame++) {
      await new Promise(requestAnimationFrame)
      const began = performance.now()
      element?.scrollBy(0, 500)
      await new Promise<void>((resolve) => {
        const channel = new MessageChannel()
        channel.port1.onmessage = () => resolve()
        requestAnimationFrame(() => channel.port2.postMessage(null))
      })
      work.push(performance.now() - began)
      most = Math.max(most, document.querySelectorAll('[role="option"]').length)
    }
    work.sort((a, b) => a - b)
    return { most, p50: work[60] ?? 0, p95: work[114] ?? 0 }
  })
  await annotate(`from a scroll to its frame: p50 ${frames.p50.toFixed(1)} ms, p95 ${frames.p95.toFixed(1)} ms`)
  expect(frames.most).toBeLessThan(120)
  await expect.poll(place).toBeLessThan(jumped - 1_000)
  // What is shown is what the log has there.
  const shown = await list().getByRole('option').allTextContents()
  expect(shown.length).toBeGreaterThan(10)
  // Further than what is kept: what lies above was let go and is read again.
  for (let n = 0; n < 15; n++) {
    await page.evaluate(() => {
      const element = document.querySelector('[role="listbox"]')
      element?.scrollTo(0, element.scrollHeight)
    })
    await eventually(() => page.getByText('Loading older…').count()).toBe(0)
  }
  const loaded = await page.getByText(/events loaded/).textContent()
  expect(Number(loaded?.replaceAll(/\D/g, ''))).toBeLessThanOrEqual(5_000)
  await expect.poll(() => list().getByRole('option').count()).toBeLessThan(80)
  await button('↑ Now').click()
  await eventually(place).toBe(million)
})

test('the scrubber is a slider: from bar to bar, to the ends, with a text that says where; with Shift it selects', async () => {
  await open('/timeline', million)
  await slider().focus()
  await expect
    .poll(() => slider().getAttribute('aria-valuetext'))
    .toMatch(/^\w{3} \d+ \w{3} \d{4} \d\d:\d\d:\d\d, event 1\u202f000\u202f000 of 1\u202f000\u202f000$/)
  await page.keyboard.press('ArrowLeft')
  await eventually(place).toBeLessThan(million)
  const one = await place()
  await page.keyboard.press('PageDown')
  await eventually(place).toBeLessThan(one - 10_000)
  await page.keyboard.press('Shift+ArrowLeft')
  await page.keyboard.press('Shift+ArrowLeft')
  await button('Export this span').waitFor()
  await expect.poll(() => page.url()).toMatch(/[?&]span=\d+-\d+/)
  await page.keyboard.press('Home')
  await list().getByText('The router is connected').first().waitFor()
  await eventually(place).toBeLessThan(100)
  await page.keyboard.press('End')
  await eventually(place).toBe(million)
  await page.getByText('follows what happens').waitFor()
})

test('a span is dragged with Shift, moved at its handle, stands in the address and is cleared', async () => {
  await open('/timeline', million)
  const box = await bars().locator('svg').boundingBox()
  if (!box) throw new Error('The bars are not drawn.')
  const drag = async (from: number, to: number) => {
    await page.mouse.move(box.x + from, box.y + 30)
    await page.mouse.down()
    await page.mouse.move(box.x + (from + to) / 2, box.y + 30)
    await page.mouse.move(box.x + to, box.y + 30)
    await page.mouse.up()
  }
  const span = () => /span=(\d+)-(\d+)/.exec(page.url())?.slice(1).map(Number) ?? []
  /** How far the middle of the handle at the later end is from this place. */
  const handleFrom = async (x: number) => {
    const handle = await page.locator('[data-handle="to"]').boundingBox()
    return handle ? Math.abs(handle.x + handle.width / 2 - (box.x + x)) : Number.POSITIVE_INFINITY
  }
  await page.keyboard.down('Shift')
  await drag(300, 600)
  await page.keyboard.up('Shift')
  await button('Export this span').waitFor()
  // The address changes before the page is drawn anew: only what is drawn can be taken.
  await eventually(() => handleFrom(600)).toBeLessThan(3)
  const [from = 0, to = 0] = span()
  expect(to - from).toBeGreaterThan(100_000)
  await drag(600, 800)
  await eventually(() => span()[1]).toBeGreaterThan(to)
  expect(span()[0]).toBe(from)
  await expect.poll(place).toBe(million)
  await button('Clear span').click()
  await eventually(span).toEqual([])
})

test('filters narrow list and bars, stand in the address, and go away with one press each', async () => {
  await open('/timeline?atLeast=error&subject=service%3Aapi', million)
  await bars()
    .getByText(/^1\u202f\d{3} of 1\u202f000\u202f000 events/)
    .waitFor()
  expect(new Set(await list().locator('code:nth-of-type(2)').allTextContents())).toEqual(new Set(['service:api']))
  await page.getByRole('combobox', { name: 'At least this severe' }).focus()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await bars()
    .getByText(/^16\d\u202f\d{3} of/)
    .waitFor()
  await button('Clear subject').press('Enter')
  await bars().getByText('1\u202f000\u202f000 events').waitFor()
  await expect.poll(() => page.url()).toMatch(/#\/timeline$/)

  await page.getByPlaceholder('Any subject').click()
  await page.getByRole('option', { name: 'service:desk-units', exact: true }).click()
  await page.keyboard.press('Escape')
  await page.getByPlaceholder('Search events').fill('degraded')
  await eventually(() => page.url()).toMatch(/subject=service%3Adesk-units&text=degraded/)
  await list().getByText('desk-units became degraded').first().waitFor()
  await page.getByPlaceholder('Search events').fill('nothing like it')
  await page.getByText('No event matches. Clear or widen the filters.').waitFor()
  await button('Clear filters').click()
  await list().getByRole('option').first().waitFor()
})

test('the keys walk the list, open and close, and lead to the cause and the effect, also where nothing is loaded', async () => {
  await open('/timeline', million)
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('k')
  await eventually(() => selected().count()).toBe(1)
  await page.keyboard.press('Enter')
  await drawer().waitFor()
  await eventually(() => page.url()).toMatch(/\/timeline\/ev-1000000$/)
  await page.keyboard.press('Escape')
  await drawer().waitFor({ state: 'detached' })
  // Every thousandth event names a cause that lies three pages back.
  await page.keyboard.press('c')
  await eventually(() => list().locator('[data-kinship="selected"]').count()).toBe(1)
  await expect.poll(place).toBeLessThan(million - 500)
  await expect.poll(place).toBeGreaterThan(million - 700)
  await page.keyboard.press('Enter')
  await drawer().getByRole('list', { name: 'What it caused' }).waitFor()
  // It has two effects: the next event and the one far above. They are offered, the first with the focus.
  await page.keyboard.press('e')
  const effects = drawer().getByRole('list', { name: 'What it caused' }).getByRole('button')
  await eventually(() => effects.count()).toBe(2)
  await eventually(() => effects.first().evaluate((element) => element === document.activeElement)).toBe(true)
  await effects.last().click()
  await eventually(() => page.url()).toMatch(/ev-1000000$/)
  await eventually(() => list().locator('[data-kinship="selected"]').count()).toBe(1)
  await page.keyboard.press('/')
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Search events')
})

test('causes and effects of the selected event are marked, and the chain says what passed in between', async () => {
  await open('/timeline/ev-224')
  await eventually(() => list().locator('[data-kinship="cause"]').count()).toBe(1)
  await expect.poll(() => list().locator('[data-kinship="effect"]').count()).toBe(1)
  const causes = drawer().getByRole('list', { name: 'Its causes, from the root' })
  await causes.getByText('It was seen: the process ended with SIGKILL.').waitFor()
  await causes.getByText('+41 s').waitFor()
  await page.evaluate(() => {
    location.hash = '#/timeline/ev-224?subject=site'
  })
  await drawer().getByText('The filters keep this event out of the list.').waitFor()
})

test('what happens comes onto the list; away from its top the reader stays and what comes is counted', async () => {
  await open('/timeline')
  await happen(['kiosk exited: one'])
  await list().getByText('kiosk exited: one').waitFor()
  await list().hover()
  await page.mouse.wheel(0, 1_500)
  await button('↑ Now').waitFor()
  const reading = await place()
  await happen(['kiosk exited: two', 'kiosk exited: three'])
  await button('↑ 2 new').waitFor()
  await expect.poll(place).toBe(reading)
  await button('↑ 2 new').click()
  await list().getByText('kiosk exited: three').waitFor()
  await expect.poll(place).toBe(243)
})

test('after a lost connection nothing is missing or doubled', async () => {
  await open('/timeline')
  await happen(['kiosk exited: before'])
  await list().getByText('kiosk exited: before').waitFor()
  await page.evaluate(() => {
    window.scripted.away = true
    window.scripted.drop('killed')
  })
  await page
    .getByText(/Reconnecting, last heard/)
    .first()
    .waitFor()
  await happen(['kiosk exited: meanwhile 1', 'kiosk exited: meanwhile 2'], true)
  // In one go: as soon as the console answers again the page finds it by itself too, and the button is gone.
  await page.evaluate(() => {
    window.scripted.away = false
    for (const each of document.querySelectorAll('button')) if (each.textContent === 'Try now') each.click()
  })
  await list().getByText('kiosk exited: meanwhile 2').waitFor()
  await happen(['kiosk exited: after'])
  await list().getByText('kiosk exited: after').waitFor()
  const told = (await list().getByRole('option').allTextContents()).filter((text) => text.includes('kiosk exited'))
  expect(told.map((text) => /exited: (.*?)service/.exec(text)?.[1])).toEqual([
    'after',
    'meanwhile 2',
    'meanwhile 1',
    'before',
  ])
})

test('days and a clock that was set back are marked between the events', async () => {
  // The twentieth working day, at whose middle the clock was set back by two hours.
  await open('/timeline/ev-683335', million)
  await list().getByText('The clock was set back by').waitFor()
  await page.evaluate(() => {
    location.hash = '#/timeline/ev-666681'
  })
  await list()
    .getByText(/^\w{3} \d+ \w{3} \d{4}$/)
    .first()
    .waitFor()
})

test('a span is saved as JSON Lines with progress, can be cancelled, and the command line for it is there', async () => {
  await open('/timeline?span=500001-503500', million)
  await button('Export this span').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('wheelhouse events --export events-consultease.jsonl', { exact: false }).waitFor()
  await page.evaluate(() => {
    window.scripted.logs = { delay: 400 }
  })
  await dialog.getByRole('button', { name: 'Save as a file' }).click()
  await dialog.getByRole('progressbar', { name: 'Events read' }).waitFor()
  await dialog.getByRole('button', { name: 'Cancel the export' }).click()
  await page.evaluate(() => {
    window.scripted.logs = {}
  })
  const download = page.waitForEvent('download')
  await dialog.getByRole('button', { name: 'Save as a file' }).click()
  const file = await download
  expect(file.suggestedFilename()).toBe('events-consultease.jsonl')
  const lines = readFileSync(await file.path(), 'utf8')
    .trimEnd()
    .split('\n')
  expect(lines.map((line): unknown => JSON.parse(line).seq)).toEqual(
    Array.from({ length: 3_500 }, (_, index) => 500_001 + index),
  )
  await dialog.getByText('3\u202f500 events were saved as events-consultease.jsonl.').waitFor()
})

test('what the index of words does not cover yet is said; what fails says why and can be tried again', async () => {
  await open('/timeline?text=healthy', million)
  await page.evaluate(() => {
    window.scripted.logs = { behind: 40_000 }
  })
  await bars()
    .getByText(/^The index of words covers events up to .*; searching the 40\u202f000 newer events takes longer\.$/)
    .waitFor()
  await page.evaluate(() => {
    window.scripted.logs = { failing: true }
  })
  await page.getByPlaceholder('Search events').fill('exited')
  const failed = page.getByRole('alert').filter({ hasText: 'The store is closed.', hasNotText: 'The bars' })
  await failed.waitFor()
  await page.evaluate(() => {
    window.scripted.logs = {}
  })
  await failed.getByRole('button', { name: 'Try again' }).click()
  await list().getByText('api exited').first().waitFor()
})

test('the keys are told on a question mark', async () => {
  await open('/timeline')
  await page.keyboard.press('?')
  await page.getByText('to its effects').waitFor()
})
