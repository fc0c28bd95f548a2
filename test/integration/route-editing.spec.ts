import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Site } from '#core/site.ts'
import type { StoredMessage } from '#shared/contract/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { Console } from '../../src/main/console/index.ts'
import { temporaryFolder } from '../support/folders.ts'
import { openTestConsole } from '../support/test-console.ts'
import { makeTinySite } from '../support/tiny-site.ts'

const operator: Cause = { type: 'operator', via: 'command line' }
const text = 'from: lab/+/state # of each desk\nwhere: payload.on\nto:\n  - { journal: 2d }'

describe('routes are written, tried and saved while the site is open', () => {
  const folder = temporaryFolder()
  const home = folder.path
  const directory = join(home, 'tiny')
  const file = join(directory, 'site.yaml')
  let console: Console
  let site: Site

  beforeAll(async () => {
    await makeTinySite(directory)
    console = await openTestConsole(home)
    await console.openInitial({ site: directory, otherwise: 'none', start: false })
    if (!console.site) throw new Error('The site was not opened.')
    site = console.site
    const asked = console.state.slice('site').get('site')?.trust
    if (asked) await site.trust(asked.fingerprint, operator)
  })
  afterAll(async () => {
    await console.close({ services: 'stop' })
    folder[Symbol.dispose]()
  })

  it('gives the text of a route, and none for one that is not there', async () => {
    expect(await site.routes.text('all')).toMatchObject({ text: '{ from: lab/#, to: [ { journal: 1d } ] }' })
    expect(await site.routes.text('nobody')).toMatchObject({ text: null, firstLine: null })
  })

  it('names mistakes by their line in the text, and changes nothing', async () => {
    const before = readFileSync(file, 'utf8')
    expect(await site.routes.check('states', text)).toEqual([])
    expect(await site.routes.check('states', text.replace('payload.on', 'payload.on >'))).toMatchObject([{ line: 2 }])
    expect(await site.routes.check('states', text.replace('to:', 'too:'))).toContainEqual(
      expect.objectContaining({ line: 3, message: expect.stringContaining('too') }),
    )
    expect(await site.routes.check('states', 'from: [')).not.toEqual([])
    expect(await site.routes.check('states', '')).not.toEqual([])
    expect(readFileSync(file, 'utf8')).toBe(before)
  })

  it('finds circles that a route would close with others', async () => {
    const { base } = await site.routes.text('all')
    await site.routes.save('there', 'from: a\nto: [ { mqtt: b } ]', base, operator)
    const problems = await site.routes.check('back', 'from: b\nto: [ { mqtt: a } ]')
    expect(problems.map(({ message }) => message).join()).toContain('circle')
  })

  it('writes a new route into site.yaml and puts it to use at once, with an event that says who', async () => {
    const { base } = await site.routes.text('states')
    const mode = statSync(file).mode
    await site.routes.save('states', text, base, operator)
    expect(site.definition()?.routes.states?.from).toBe('lab/+/state')
    expect(readFileSync(file, 'utf8')).toContain('# of each desk')
    expect(statSync(file).mode).toBe(mode)
    const { events } = await site.events.page({ subject: 'route:states', limit: 10 })
    expect(events.find(({ kind }) => kind === 'config.route-changed')).toMatchObject({
      message: 'Route states was added to site.yaml.',
      cause: operator,
    })
  })

  it('refuses a text with mistakes, and one that was written on an older state of the file', async () => {
    const { base } = await site.routes.text('states')
    const before = readFileSync(file, 'utf8')
    await expect(site.routes.save('states', 'from: a/#/b\nto: []', base, operator)).rejects.toMatchObject({
      problem: { code: 'route-invalid' },
    })
    expect(readFileSync(file, 'utf8')).toBe(before)
    writeFileSync(file, `${before}\n# Somebody else was here.\n`)
    await expect(site.routes.save('states', text, base, operator)).rejects.toMatchObject({
      problem: { code: 'site-yaml-changed' },
    })
    writeFileSync(file, before)
  })

  it('takes recorded messages through the route as it is and as it would be', async () => {
    const message = (topic: string, payload: string, n: number): StoredMessage => ({
      at: Date.UTC(2026, 0, 5) + n,
      topic,
      payload,
      encoding: 'utf8',
      qos: 0,
      retain: false,
    })
    const traffic = [message('lab/1/state', '{"on": true}', 2), message('lab/2/state', '{"on": false}', 1)]
    const report = await site.routes.dryRun('states', text.replace('payload.on', "'!payload.on'"), traffic)
    expect(report).toMatchObject({ messages: 2, changed: 2 })
    expect(report.differences.map(({ message }) => message.topic)).toEqual(['lab/2/state', 'lab/1/state'])
    await expect(site.routes.dryRun('states', 'from: [', traffic)).rejects.toMatchObject({
      problem: { code: 'route-invalid' },
    })
  })

  it('takes the messages of a recording', async () => {
    const { recording } = await site.recordings.importBegin('yesterday')
    const messages = [1, 2, 3].map((n) => ({
      at: Date.UTC(2026, 0, 4) + n,
      topic: `lab/${n}/state`,
      payload: `{"on": ${n === 2}}`,
      encoding: 'utf8' as const,
      qos: 0 as const,
      retain: false,
    }))
    await site.recordings.importAdd(recording, messages)
    await site.recordings.importEnd(recording, messages.length, operator)
    const report = await site.routes.dryRun('states', text.replace('payload.on', "'!payload.on'"), recording)
    expect(report).toMatchObject({ messages: 3, changed: 3, before: { passed: 1 }, after: { passed: 2 } })
    await expect(site.routes.dryRun('states', text, 'r999')).rejects.toMatchObject({
      problem: { code: expect.stringContaining('recording') },
    })
  })

  it('shows the passport of a message through the routes in use', async () => {
    const message: StoredMessage = {
      at: 1,
      topic: 'lab/1/state',
      payload: '{"on": true}',
      encoding: 'utf8',
      qos: 0,
      retain: false,
    }
    expect(await site.routes.passport(message)).toMatchObject([
      { route: 'all', outcome: { outputs: [{ target: 'journal' }] } },
      { route: 'states', stages: [{ stage: 'where', result: 'passed' }] },
    ])
  })

  it('says plainly when nothing is known of a message any more', async () => {
    expect(await site.routes.trace(1, 'lab/1/state', null)).toEqual({
      since: null,
      routes: [],
      deliveries: [],
      quarantine: [],
      journal: [],
    })
  })

  it('removes a route', async () => {
    const { base } = await site.routes.text('states')
    await site.routes.save('states', null, base, operator)
    expect(site.definition()?.routes.states).toBeUndefined()
    expect(readFileSync(file, 'utf8')).not.toContain('of each desk')
  })
})
