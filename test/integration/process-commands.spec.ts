import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { LogPage, ServiceProcesses } from '#shared/contract/index.ts'
import { UserHere } from '../support/command-line.ts'
import { temporaryFolder } from '../support/folders.ts'
import { makeTinySite } from '../support/tiny-site.ts'

test('processes, ports, signals, limits, logs and units from the command line, over a console that runs', async () => {
  const folder = temporaryFolder()
  const user = new UserHere(folder.path)
  onTestFinished(async () => {
    await user.endSite(join(folder.path, 'site'))
    folder[Symbol.dispose]()
  })
  const { directory, ports } = await makeTinySite(join(folder.path, 'site'))
  await user.startHost('--site', directory)
  expect(await user.run('trust', '--yes')).toMatchObject({ code: 0 })
  expect(await user.run('start', '--all')).toMatchObject({ code: 0 })

  const { services } = await user.document<{ services: ServiceProcesses[] }>('processes')
  expect(services.map(({ service }) => service).sort()).toEqual(['ticker', 'web'])
  expect(services.find(({ service }) => service === 'web')).toMatchObject({
    processes: [{ name: 'node web.mjs' }],
    ports: [{ protocol: 'tcp', address: '127.0.0.1', port: ports.http, name: 'http', beyondLoopback: false }],
  })
  const words = await user.run('processes', 'web')
  expect(words.out).toContain(`tcp 127.0.0.1:${ports.http}  http`)
  expect((await user.run('processes', 'broker')).out).toContain('It runs inside the console')

  expect(await user.run('signal', 'web', 'hup')).toMatchObject({
    code: 1,
    err: expect.stringContaining('so the system would end it'),
  })
  expect(await user.run('signal', 'web', 'SIGCONT')).toMatchObject({ code: 0 })
  expect(await user.run('signal', 'web', 'SIGKILL')).toMatchObject({ code: 2 })

  const page = await user.document<LogPage>('logs', 'web', '--search', 'WEB listens')
  expect(page.lines).toEqual([{ at: null, stream: 'out', text: 'web listens' }])
  expect((await user.run('logs', 'web')).out).toContain('web listens')
  expect(await user.run('logs', 'web', '--regex')).toMatchObject({ code: 2 })
  expect(await user.run('unit', 'web')).toMatchObject({ err: expect.stringContaining('has no `unit` in site.yaml') })
})
