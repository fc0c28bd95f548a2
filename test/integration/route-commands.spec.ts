import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { DryRunReport } from '#shared/contract/index.ts'
import { TestUser } from '../support/command-line.ts'
import { temporaryFolder } from '../support/folders.ts'
import { makeTinySite } from '../support/tiny-site.ts'

test('a route is checked, tried on messages in a file, saved, shown and removed, with no console running', async () => {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const user = new TestUser(folder.path)
  onTestFinished(() => user.killHosts())
  const { directory: site } = await makeTinySite(join(folder.path, 'site'))
  const siteYaml = () => readFileSync(join(site, 'site.yaml'), 'utf8')
  const before = siteYaml()
  const route = (...args: readonly string[]) => user.run('route', ...args, '--site', site)

  const file = join(folder.path, 'alarms.yaml')
  writeFileSync(file, 'from: alarm/#\nwhere: payload.on ==\nto: [ { channel: alarms } ]\n')
  const mistaken = await route('check', 'alarms', file)
  expect(mistaken).toMatchObject({ code: 1, out: expect.stringContaining(`${file}:2: `) })
  const refused = await route('save', 'alarms', file)
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('Route alarms was not taken over') })
  expect(siteYaml()).toBe(before)

  writeFileSync(file, 'from: alarm/# # of every room\nwhere: payload.on\nto: [ { channel: alarms } ]\n')
  const messages = join(folder.path, 'messages.jsonl')
  writeFileSync(
    messages,
    ['{"at": 1, "topic": "alarm/1", "payload": "{\\"on\\": true}"}', '{"at": 2, "topic": "x", "payload": ""}'].join(
      '\n',
    ),
  )
  expect(await route('try', 'alarms', file)).toMatchObject({ code: 2, err: expect.stringContaining('--recording') })
  const report = await user.document<DryRunReport>(
    'route',
    'try',
    'alarms',
    file,
    '--messages',
    messages,
    '--site',
    site,
  )
  expect(report).toMatchObject({ messages: 2, changed: 1, after: { passed: 1, 'not matched': 1 } })

  expect(await route('save', 'alarms', file)).toMatchObject({ code: 0 })
  expect(await route('show', 'alarms')).toMatchObject({ code: 0, out: `${readFileSync(file, 'utf8').trimEnd()}\n` })
  expect(await route('remove', 'alarms')).toMatchObject({ code: 0, out: expect.stringContaining('of every room') })
  expect(siteYaml()).toBe(before)
  expect(await route('show', 'alarms')).toMatchObject({ code: 1, err: expect.stringContaining('no route "alarms"') })
})
