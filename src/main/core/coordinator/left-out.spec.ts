import { expect, test } from 'vitest'
import type { ServiceDefinition } from '#core/config/index.ts'
import { serviceOf, siteOf } from '../../../../test/support/site-definition.ts'
import { assertChoice, leftOutBy, withChoice } from './left-out.ts'

const needing = (id: string, on: readonly string[], given: Partial<ServiceDefinition> = {}) =>
  serviceOf(id, { needs: Object.fromEntries(on.map((need) => [need, 'ready' as const])), ...given })

const lab = siteOf([
  needing('broker', []),
  needing('api', ['broker']),
  needing('kiosk', ['api']),
  needing('desk', ['broker']),
  needing('board', ['api'], { enabled: false }),
])
const running = (choice: Parameters<typeof withChoice>[1]) =>
  Object.values(withChoice(lab, choice).services).flatMap(({ id, enabled }) => (enabled ? [id] : []))

test('without a choice the definition is what it was', () => {
  expect(withChoice(lab, { only: [], without: [] })).toBe(lab)
})

test('what is asked for alone comes with what it needs, and each other one says why it is left out', () => {
  const choice = { only: ['api'], without: [] }
  expect(running(choice)).toEqual(['broker', 'api'])
  expect(leftOutBy(lab, choice)).toEqual(
    ['board', 'desk', 'kiosk'].map((service) => ({ service, why: 'The console was started with --only api.' })),
  )
})

test('what is left out takes along what needs it: nothing waits for it for ever', () => {
  const choice = { only: [], without: ['api'] }
  expect(running(choice)).toEqual(['broker', 'desk'])
  expect(leftOutBy(lab, choice)).toEqual([
    { service: 'api', why: 'The console was started with --without api.' },
    { service: 'board', why: 'It needs api, and the console was started with --without api.' },
    { service: 'kiosk', why: 'It needs api, and the console was started with --without api.' },
  ])
})

test('a service that site.yaml switches off is started when it is asked for by name', () => {
  expect(running({ only: ['board'], without: [] })).toEqual(['broker', 'api', 'board'])
})

test('what is left out for another reason says that, and takes along what needs it', () => {
  const also = () => [{ service: 'api', why: 'It lies on a server.' }]
  expect(leftOutBy(lab, { only: [], without: [], also })).toEqual([
    { service: 'api', why: 'It lies on a server.' },
    { service: 'board', why: 'It needs api, which is left out.' },
    { service: 'kiosk', why: 'It needs api, which is left out.' },
  ])
})

test('an id that the site does not have is refused with the nearest one', () => {
  expect(() => assertChoice(lab, { only: ['kisok'], without: [] })).toThrow(/--only names kisok.*Did you mean kiosk\?/)
  expect(() => assertChoice(lab, { only: [], without: ['borker'] })).toThrow(/--without.*Did you mean broker\?/)
})

test('once the site is open, an id that a changed site.yaml no longer has is passed over', () => {
  expect(leftOutBy(lab, { only: ['gone'], without: ['gone-too'] })).toEqual([])
})

test('to ask for a service and to leave out what it needs is refused', () => {
  const contradiction = () => assertChoice(lab, { only: ['kiosk'], without: ['broker'] })
  expect(contradiction).toThrow('kiosk was asked for with --only, and needs broker, which is left out with --without.')
})
