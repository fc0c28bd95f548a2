// Draws the PNG icons from resources/icons/source with Chromium. To be run by hand when a source has changed:
// node scripts/render-icons.mjs
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const icons = join(import.meta.dirname, '..', 'resources', 'icons')
const appSizes = [16, 24, 32, 48, 64, 128, 256, 512]
const trayHealths = ['healthy', 'degraded', 'unhealthy', 'unknown']

const browser = await chromium.launch({
  executablePath: process.env.WHEELHOUSE_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
})
const page = await browser.newPage()
for (const size of appSizes) await draw('wheelhouse', size, `${size}.png`)
for (const health of trayHealths) {
  await draw(`tray-${health}`, 22, `tray-${health}.png`)
  await draw(`tray-${health}`, 44, `tray-${health}@2x.png`)
}
await browser.close()

async function draw(source, size, target) {
  const svg = readFileSync(join(icons, 'source', `${source}.svg`), 'utf8')
  await page.setViewportSize({ width: size, height: size })
  await page.setContent(
    `<style>html, body { margin: 0; background: transparent } svg { display: block; width: ${size}px; height: ${size}px }</style>${svg}`,
  )
  writeFileSync(join(icons, target), await page.screenshot({ omitBackground: true }))
}
