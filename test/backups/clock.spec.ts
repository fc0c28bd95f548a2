import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { differences, listTree } from '../support/tree-listing.ts'
import { ActProcess } from './act-process.ts'
import type { Act, Place } from './acts.ts'
import { makeBenchSite, spoil, workOn } from './bench-site.ts'
import { lookIntoRepository } from './repository-look.ts'
import { buildRig, type Rig } from './rig.ts'
import { placeIn } from './scenarios.ts'

const day = 86_400_000

async function play(rig: Rig, place: Place, act: Act, clockOffset: number): Promise<void> {
  await using console = new ActProcess({ driver: rig.driver, folder: join(place.own, '..'), clockOffset })
  expect(await console.play({ ...place, act, peril: 'none' })).toMatchObject({ state: 'completed', uncaught: [] })
}

test('with a clock that goes backwards the newest snapshot is still the last one taken, and Undo goes back to the last restore', async () => {
  using folder = temporaryFolder()
  const rig = await buildRig(folder.path)
  const place = placeIn(folder.path)
  mkdirSync(place.site)
  mkdirSync(place.own)
  makeBenchSite(place.site)
  await play(rig, place, 'back up', 0)
  spoil(place.site)
  await play(rig, place, 'restore', 0)
  workOn(place.site, 1)
  await play(rig, place, 'back up', -2 * day)
  const newest = listTree(place.site)
  appendFileSync(join(place.site, 'data', 'notes.txt'), 'spoilt')
  const spoilt = listTree(place.site)
  await play(rig, place, 'restore', -3 * day)
  const kept = (listing: typeof newest) => listing.get('./data/notes.txt')?.content
  expect(kept(listTree(place.site))).toBe(kept(newest))
  await play(rig, place, 'undo', -4 * day)
  expect(differences(spoilt, listTree(place.site)).filter((line) => !/mtime/.test(line))).toEqual([])
  expect(lookIntoRepository(place.folder).problems).toEqual([])
})
