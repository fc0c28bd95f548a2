import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { silentLogger } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../test/support/folders.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { until } from '../../../test/support/until.ts'
import { dialControlSocket } from './control-client.ts'
import { type Reachable, WayIn } from './way-in.ts'

test('a socket that cannot be made, and an address that cannot be written down, are tried again until they are there', async () => {
  const { wayIn, clock, told, said, folder, path } = rig()
  writeFileSync(folder, 'in the way')
  await wayIn.open()
  await wayIn.serve('http://127.0.0.1:1/')
  await clock.advance(4_000)
  await expect(dialControlSocket(path)).rejects.toThrow()
  expect(said.filter((line) => line.includes('could not be opened'))).toHaveLength(1)
  expect(told.at(-1)).toEqual({ address: 'http://127.0.0.1:1/', socket: null })

  rmSync(folder)
  told.refuse = true
  // A try that is under way has not set the time of the next one yet.
  const again = () => clock.advance(2_000)
  const client = await until('somebody to listen', async () => {
    await again()
    return await dialControlSocket(path).catch(() => null)
  })
  client.close()
  await until('the next reason', () => said.some((line) => line.includes('could not be written down')))
  told.refuse = false
  await until('it to be told', async () => {
    await again()
    return told.at(-1)?.socket === path
  })
  await until('that to be said', () => said.at(-1)?.startsWith('The command line can'))
  expect(said.at(-1)).toBe('The command line can reach this console now.')
  // Once it is there, nothing is tried any more.
  expect(clock.waiting).toBe(0)
})

test('one that is closed while it cannot listen tries no more', async () => {
  const { wayIn, clock, folder, path } = rig()
  writeFileSync(folder, 'in the way')
  await wayIn.open()
  await wayIn[Symbol.asyncDispose]()
  expect(clock.waiting).toBe(0)
  rmSync(folder)
  await wayIn.open()
  await expect(dialControlSocket(path)).rejects.toThrow()
})

function rig() {
  const home = temporaryFolder()
  const folder = join(home.path, 'run')
  const path = join(folder, 's.sock')
  const clock = new ManualClock()
  const said: string[] = []
  const say = (message: string) => void said.push(message)
  const told: Reachable[] & { refuse?: boolean } = []
  const tell = async (reachable: Reachable) => {
    if (told.refuse) throw new Error('no space left on device')
    told.push(reachable)
  }
  const logger = { ...silentLogger, warn: say, info: say }
  const wayIn = new WayIn(null, { path, onTransport: () => {}, tell, clock, logger })
  onTestFinished(async () => {
    await wayIn[Symbol.asyncDispose]()
    home[Symbol.dispose]()
  })
  return { wayIn, clock, told, said, folder, path }
}
