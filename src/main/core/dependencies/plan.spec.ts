import { expect, it } from 'vitest'
import { dependencyOf } from '../../../../test/support/dependency-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { serviceOf, siteOf } from '../../../../test/support/site-definition.ts'
import { planOf } from './plan.ts'

/** How many places of a dependency one of so many services may take. */
async function placesOfOne(places: number, users: number): Promise<number | undefined> {
  using folder = temporaryFolder()
  const services = Array.from({ length: users }, (_, n) => serviceOf(`s${n}`, { uses: { model: 'optional' } }))
  const dependencies = { model: dependencyOf('model', 'http://127.0.0.1:9', { concurrency: places }) }
  const definition = { ...siteOf([...services, serviceOf('other')]), dependencies }
  const parts = { directory: folder.path, release: folder.path, secrets: () => '', token: (id: string) => id }
  const { targets, grants } = await planOf(definition, parts)
  expect(grants.map(({ service }) => service)).toEqual(services.map(({ id }) => id))
  return targets[0]?.perCaller
}

it('a service that shares a dependency with none may take all of its places', async () => {
  for (const places of [1, 4, 32]) expect(await placesOfOne(places, 1)).toBe(places)
})

it.each([
  [32, 24],
  [100, 75],
  [9, 7], // a quarter is rounded down
  [4, 3],
  [3, 2],
  [2, 1],
])('of %i places that several services share, one may take %i, whatever their number', async (places, share) => {
  expect(await placesOfOne(places, 2)).toBe(share)
  expect(await placesOfOne(places, 5)).toBe(share)
})

it('a single place cannot be shared: whoever comes first takes it', async () => {
  expect(await placesOfOne(1, 3)).toBe(1)
})
