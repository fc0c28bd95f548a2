import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Cause } from '#shared/vocabulary.ts'
import type { Console } from '../../src/main/console/index.ts'
import { temporaryFolder } from '../support/folders.ts'
import { openTestConsole } from '../support/test-console.ts'
import { until } from '../support/until.ts'

const operator: Cause = { type: 'operator', via: 'browser' }

async function open(directory: string): Promise<Console> {
  const console = await openTestConsole(join(directory, 'home'))
  await console.openInitial({ site: directory, otherwise: 'none', start: false })
  return console
}

const daily = (console: Console) => console.site?.definition()?.backup.keep.daily
const asked = (console: Console) => console.state.slice('site').get('site')?.trust ?? null

test('values of an HTTP server count once the site is trusted, without the server too, and what they would run is asked about', async () => {
  using folder = temporaryFolder()
  const directory = folder.path
  let text = 'backup: { keep: { daily: 11 } }\n'
  let questions = 0
  const server = createServer((_request, response) => {
    questions++
    response.end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/lab.yaml`
  writeFileSync(join(directory, 'run.mjs'), '')
  writeFileSync(
    join(directory, 'site.yaml'),
    `wheelhouse: 1
site: lab
sources: { http: { url: "${url}", every: 5s } }
services: { api: { kind: external } }
`,
  )
  let console = await open(directory)
  try {
    expect(asked(console)?.commands.map(({ command }) => command)).toEqual([
      `<the configuration is asked for at ${url}>`,
    ])
    expect(questions, 'nobody trusted it yet').toBe(0)
    await console.site?.config.trust(asked(console)?.fingerprint ?? '', operator)
    await until('its value is in use', () => daily(console) === 11)
    const { values, layers } = console.site?.config.values() ?? { values: [], layers: [] }
    expect(values.find(({ path }) => path === 'backup.keep.daily')).toMatchObject({
      kind: 'http',
      source: url,
      line: 1,
    })
    expect(layers.find(({ kind }) => kind === 'http')?.at).toBeGreaterThan(0)

    text = 'backup: { keep: { daily: 12 } }\nservices: { worker: { kind: node, run: run.mjs } }\n'
    const trust = await until('it asks about the command', () => asked(console))
    expect(trust.commands.map(({ command }) => command)).toContain('node run.mjs')
    expect(daily(console), 'what was trusted stays in use').toBe(11)
    await console.site?.config.trust(trust.fingerprint, operator)
    expect(daily(console)).toBe(12)

    await console.close({ services: 'stop' })
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    console = await open(directory)
    expect(daily(console), 'by what it said last').toBe(12)
    const card = await until('it is told', () => console.state.slice('attention').get('config-source-http'))
    expect(card.why).toContain('ECONNREFUSED')
  } finally {
    await console.close({ services: 'stop' })
    server.closeAllConnections()
    server.close()
  }
}, 180_000)
