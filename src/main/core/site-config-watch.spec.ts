import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { silentLogger } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../test/support/folders.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { ConfigWatch } from './site-config-watch.ts'

function watched(onChange: () => Promise<boolean>) {
  const folder = temporaryFolder()
  const file = join(folder.path, 'site.yaml')
  writeFileSync(file, 'one')
  const clock = new ManualClock()
  const watch = new ConfigWatch({ clock, logger: silentLogger, files: () => [file], onChange })
  const look = async () => {
    await clock.advance(1_000)
    await watch.settled()
  }
  return { folder, file, watch, look }
}

it('a change is told once, after two looks that find the same; what is still being written is not', async () => {
  let told = 0
  const { folder, file, watch, look } = watched(async () => {
    told++
    return true
  })
  watch.accept(await watch.stamp())
  watch.begin()
  await look()
  expect(told).toBe(0)
  writeFileSync(file, 'one, tw')
  await look()
  writeFileSync(file, 'one, two, th')
  await look()
  expect(told, 'it was written between the two looks').toBe(0)
  await look()
  expect(told).toBe(1)
  await look()
  rmSync(file)
  await look()
  await look()
  expect(told, 'a file that goes is a change').toBe(2)
  await watch[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

it('what could not be taken over now is told again; what failed is not', async () => {
  const answers = [false, true]
  let told = 0
  const { folder, file, watch, look } = watched(async () => {
    told++
    const answer = answers.shift()
    if (answer === undefined) throw new Error('no')
    return answer
  })
  watch.accept(await watch.stamp())
  watch.begin()
  writeFileSync(file, 'other')
  for (let n = 0; n < 5; n++) await look()
  expect(told).toBe(2)
  writeFileSync(file, 'another')
  for (let n = 0; n < 5; n++) await look()
  expect(told).toBe(3)
  await watch[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})
