import { expect, test } from 'vitest'
import type { ServiceView } from '#shared/contract/index.ts'
import { sampleSlices } from '../../testing/sample-slices.ts'
import { groupsOf } from './service-groups.ts'

const [some] = Object.values(sampleSlices(0).services)
const service = (id: string, phase: string | null): ServiceView => {
  if (!some) throw new Error('the sample has services')
  return { ...some, id, phase }
}
const phases = [
  { id: 'core', title: 'Core' },
  { id: 'empty', title: 'Empty' },
  { id: 'late', title: 'Late' },
]
const shape = (services: readonly ServiceView[]) =>
  groupsOf(services, { phases, waves: [['broker', 'loose'], ['api']] }).map(({ title, services: of }) => [
    title,
    ...of.map(({ id }) => id),
  ])

test('services stand under their phases in the order of the site, then of starting; empty phases are left out', () => {
  const all = [service('kiosk', 'late'), service('api', 'late'), service('broker', 'core'), service('loose', null)]
  expect(shape(all)).toEqual([
    ['Core', 'broker'],
    ['Late', 'api', 'kiosk'],
    ['Other services', 'loose'],
  ])
})

test('a site without phases has no heading, and a phase that site.yaml no longer has is no reason to lose a service', () => {
  expect(shape([service('api', null), service('broker', null)])).toEqual([[null, 'broker', 'api']])
  expect(shape([service('api', 'gone'), service('broker', 'core')])).toEqual([
    ['Core', 'broker'],
    ['Other services', 'api'],
  ])
})
