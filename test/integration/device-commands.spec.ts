import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { expect, onTestFinished, test } from 'vitest'
import type { DeviceView } from '#shared/contract/devices.ts'
import type { TrafficView } from '#shared/contract/state.ts'
import { TestUser } from '../support/command-line.ts'
import { temporaryFolder } from '../support/folders.ts'
import { freePorts } from '../support/ports.ts'
import { makeTinySite } from '../support/tiny-site.ts'
import { until } from '../support/until.ts'

// Devices and brokers from the command line, against a running console: one broker is its own, at the other nobody answers.

test('described devices are listed with why, shown one by one, explained and forgotten; each broker says how it is', async () => {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const user = new TestUser(folder.path)
  onTestFinished(() => user.endSite(join(folder.path, 'site')))
  const [nobody = 0] = await freePorts(1)
  const extra = `brokers: { lab: { url: "mqtt://127.0.0.1:${nobody}" } }
devices:
  desk:
    title: Desk
    broker: broker
    topic: "desk/{id}/status"
    figures: { battery: { value: payload.battery, unit: "%", below: 15 } }
  far: { topic: "far/{id}" }
`
  const { directory: site, ports } = await makeTinySite(join(folder.path, 'site'), { extra })
  await user.startHost('--site', site)
  await user.document('trust', '--yes', '--site', site)
  const links = await until('the brokers', async () => {
    const told = await user.document<{ links: TrafficView['links'] }>('broker', '--site', site)
    const isThere = told.links.some(({ state }) => state === 'connected')
    return isThere && told.links.some(({ lastError }) => lastError !== null) ? told.links : undefined
  })
  expect(links).toMatchObject([
    { broker: 'lab', embedded: false, state: 'connecting' },
    { broker: 'broker', embedded: true, state: 'connected' },
  ])
  const shown = await user.run('broker', '--site', site)
  expect(shown.out).toMatch(/BROKER\s+ADDRESS\s+STATE/)
  expect(shown.out).toMatch(new RegExp(`lab\\s+mqtt://127\\.0\\.0\\.1:${nobody}\\s+connecting`))

  const unit = await connectAsync(`mqtt://127.0.0.1:${ports.mqtt}`, { clientId: 'desk-7' })
  onTestFinished(() => unit.endAsync(true))
  await unit.publishAsync('desk/7/status', '{"battery": 9}', { qos: 1 })
  await unit.publishAsync('far/1', '{}', { qos: 1 })
  const listed = await until('the device', async () => {
    const { devices } = await user.document<{ devices: DeviceView[] }>('devices', '--site', site)
    return devices.length > 0 ? devices : undefined
  })
  // What came on the other broker's topics here is no sign of it.
  expect(listed).toMatchObject([{ key: 'desk/7', broker: 'broker', state: 'online', troubled: true }])
  const table = await user.run('devices', '--site', site)
  expect(table.out).toMatch(
    /The router is not connected to the broker lab, so nobody can tell how the devices there are/,
  )
  expect(table.out).toMatch(/desk\/7\s+online[\s\S]*battery 9% \(below its limit\)/)
  expect((await user.run('devices', '--state', 'silent', '--site', site)).out).toContain('No device is so.')
  expect(await user.run('devices', '--state', 'gone', '--site', site)).toMatchObject({
    err: expect.stringContaining('No device is ever “gone”'),
  })
  const one = await user.run('devices', 'desk/7', '--site', site)
  expect(one.out).toMatch(/Desk 7 \(desk\/7\) is online[\s\S]*broker\s+broker[\s\S]*battery 9%/)
  const why = await user.run('why', 'device:desk/7', '--site', site)
  expect(why.out).toContain('Desk 7 is online, but its battery is 9 %, below 15 %.')

  expect(await user.run('devices', 'desk/7', '--forget', '--site', site)).toMatchObject({
    code: 0,
    out: 'desk/7 is forgotten. It is met anew when it speaks.\n',
  })
  expect((await user.run('devices', 'desk/7', '--site', site)).err).toContain('No device is called “desk/7”')
})
