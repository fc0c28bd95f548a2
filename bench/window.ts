import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { chromium, type Page } from 'playwright-core'
import { type Home, makeHome, projectRoot } from '../test/e2e/desk.ts'
import { goTo, seenInPage } from '../test/e2e/page-steps.ts'
import { publishFromOutside } from '../test/e2e/site-steps.ts'
import { type Benchmark, median, quantile } from './benchmark.ts'

const runs = 5
const messages = 21
const quiet = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** How long until a person can use the page, whether services were waited for, and how soon a message from outside is on it. */
const benchmark: Benchmark = {
  what: `From the address that the headless host prints to a usable Overview in Chromium with an empty cache, while the sample's services start; ${runs} starts. Then from the start of mosquitto_pub to the message on the page Messages; ${messages} messages.`,
  async run({ folder, note }) {
    const up: number[] = []
    const usable: number[] = []
    const shown: number[] = []
    for (let n = 0; n < runs; n++) {
      const home = await makeHome(join(folder, String(n)))
      const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: quiet })
      const from = performance.now()
      const host = spawn(process.execPath, [join(projectRoot, 'out/main/headless.js'), '--json'], {
        env: { ...process.env, ...home.env },
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      const ended = once(host, 'exit')
      const [line] = await once(createInterface({ input: host.stdout }), 'line')
      up.push(performance.now() - from)
      const page = await browser.newPage()
      const opened = performance.now()
      await page.goto(JSON.parse(String(line)).address)
      await page.getByRole('button', { name: 'Back up now' }).first().click({ trial: true })
      usable.push(performance.now() - opened)
      note(
        `start ${n + 1}: host up in ${Math.round(up.at(-1) ?? 0)} ms, page usable ${Math.round(usable.at(-1) ?? 0)} ms later`,
      )
      if (n === runs - 1) shown.push(...(await messagesShown(page, home)))
      await browser.close()
      host.kill('SIGTERM')
      await ended
    }
    return [
      { what: 'page usable after the host is up, median', value: median(usable), unit: 'ms', bar: { atMost: 1_500 } },
      { what: 'page usable after the host is up, slowest', value: quantile(usable, 1), unit: 'ms' },
      { what: 'message from outside shown, median', value: median(shown), unit: 'ms', bar: { atMost: 200 } },
      { what: 'message from outside shown, slowest', value: quantile(shown, 1), unit: 'ms' },
      { what: 'host up after its process was started, median', value: median(up), unit: 'ms' },
    ]
  },
}
export default benchmark

/** Milliseconds from the start of mosquitto_pub, a process of its own, until its message stands on the page. */
async function messagesShown(page: Page, home: Home): Promise<readonly number[]> {
  await goTo(page, 'Messages')
  // Once the sample's own units are heard, broker and router are there.
  await page.locator('main').getByText('consultease/faculty/').first().waitFor()
  const took: number[] = []
  for (let n = 0; n < messages; n++) {
    const word = `outside-${n}-${process.pid}`
    const seen = seenInPage(page, word)
    const from = performance.now()
    await publishFromOutside(
      home,
      'consultease/faculty/outsider/status',
      `{"present":true,"battery":81,"note":"${word}"}`,
    )
    await seen
    took.push(performance.now() - from)
  }
  return took
}
