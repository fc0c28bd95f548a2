import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { TestUser } from '../support/command-line.ts'
import { temporaryFolder } from '../support/folders.ts'
import { makeTinySite } from '../support/tiny-site.ts'

test('what takes a running console says how to start one when none runs, and a length that is none is told', async () => {
  using folder = temporaryFolder()
  const user = new TestUser(folder.path)
  const site = join(folder.path, 'site')
  onTestFinished(() => user.killHosts())
  await makeTinySite(site)
  for (const args of [
    ['drill', 'run', 'kill-web', '--yes'],
    ['dependency', 'isolate', 'model'],
    ['dependency', 'check', 'model'],
    ['adopt', 'web', '--yes'],
  ]) {
    const { code, err } = await user.run(...args, '--site', site)
    expect({ args, code }).toEqual({ args, code: 2 })
    expect(err).toContain(`wheelhouse start --headless --site ${site}`)
  }
  const short = await user.run('maintenance', 'on', '--for', '5s', '--site', site)
  expect(short).toMatchObject({ code: 2, err: expect.stringContaining('it lasts from a minute to a week') })
})
