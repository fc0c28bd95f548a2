import { once } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { TestUser } from '../support/command-line.ts'
import { temporaryFolder } from '../support/folders.ts'
import { makeTinySite } from '../support/tiny-site.ts'

test('events are followed until nobody reads them any more', async () => {
  const folder = temporaryFolder()
  const user = new TestUser(folder.path)
  onTestFinished(async () => {
    await user.killHosts()
    folder[Symbol.dispose]()
  })
  const { directory } = await makeTinySite(join(folder.path, 'site'))
  const site = ['--site', directory] as const
  await user.startHost(...site)
  const following = user.begin('events', '--follow', ...site)
  const ended = once(following, 'exit')
  if (following.stdout) await once(following.stdout, 'data')
  following.stdout?.destroy()
  for (const words of [['on', '--for', '5m'], ['off']]) {
    expect(await user.run('maintenance', ...words, ...site)).toMatchObject({ code: 0 })
  }
  expect(await ended).toEqual([0, null])
})
