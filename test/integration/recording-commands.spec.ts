import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { RecordingView } from '#shared/contract/index.ts'
import { TestUser } from '../support/command-line.ts'
import { temporaryFolder } from '../support/folders.ts'
import { makeTinySite } from '../support/tiny-site.ts'

test('a file is imported when every line is good, listed, exported as it was, and deleted, with no console running', async () => {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const user = new TestUser(folder.path)
  onTestFinished(() => user.killHosts())
  const { directory: site } = await makeTinySite(join(folder.path, 'site'))
  const lines = Array.from({ length: 1_200 }, (_, n) =>
    JSON.stringify({
      at: new Date(1_764_200_000_000 + n * 1_000).toISOString(),
      topic: `desk/${n % 7}/status`,
      qos: 1,
      retain: n === 0,
      payload: `{"n":${n}}`,
    }),
  )
  const file = join(folder.path, 'desks.jsonl')
  writeFileSync(file, [...lines.slice(0, 600), 'not json', '{"at":1,"topic":"a/#","payload":""}', ''].join('\n'))
  const refused = await user.run('recording', 'import', file, '--site', site)
  expect(refused.code).not.toBe(0)
  expect(refused.err).toContain('line 601: it is not JSON; line 602: "topic" is not as it must be')

  writeFileSync(file, `${lines.join('\n')}\n`)
  const imported = await user.document<{ recording: string; messages: number }>(
    'recording',
    'import',
    file,
    '--site',
    site,
  )
  expect(imported.messages).toBe(1_200)
  const { recordings } = await user.document<{ recordings: RecordingView[] }>('recording', '--site', site)
  expect(recordings).toMatchObject([{ id: imported.recording, name: 'desks', state: 'complete', messages: 1_200 }])

  const out = join(folder.path, 'again.jsonl')
  await user.document('recording', 'export', imported.recording, out, '--site', site)
  expect(readFileSync(out, 'utf8')).toBe(readFileSync(file, 'utf8'))
  const twice = await user.run('recording', 'export', imported.recording, out, '--site', site)
  expect(twice.err).toContain('--force')

  const plan = await user.run('recording', 'replay', imported.recording, '--prefix', 'test', '--plan', '--site', site)
  expect(plan.out).toContain('Publishes 1200 messages of desks to 7 topics below test')
  expect(plan.out).toContain('test/desk/0/status: 172')
  expect(plan.out).toContain('1 of them are retained')

  expect(await user.run('recording', 'delete', imported.recording, '--yes', '--site', site)).toMatchObject({ code: 0 })
  expect(await user.document('recording', 'list', '--site', site)).toEqual({ recordings: [] })
})
