import { describe, expect, it, test } from 'vitest'
import {
  at,
  check,
  dependency,
  event,
  exited,
  factsOf,
  type Given,
  service,
} from '../../../../../test/support/why-facts.ts'
import { neededFacts } from './needed-facts.ts'
import { isShown, readSubject, subjectUnknown } from './subject.ts'
import { why } from './why.ts'

// One line of the list of checks.

const failedRoutes = check('routes', {
  title: 'Routes',
  state: 'failed',
  sentence: 'Page Desk of api: connection refused.',
  faults: ['Page Desk of api: connection refused.'],
  about: ['service:api'],
})

describe('a check', () => {
  it('that passed says what it found and when', () => {
    const told = ask('check:files', { checks: [check('files', { title: 'Files' })] })
    expect(told).toMatchObject({ health: 'healthy', root: 'check:files', commandLine: 'wheelhouse why check:files' })
    expect(told.sentence).toBe('“Files” passed at 14:03: All is there.')
  })

  it('that failed leads from its fault to the service that it is about, down to the root', () => {
    const told = ask('check:routes', {
      checks: [failedRoutes],
      services: [
        service('api', { state: 'failed', health: 'unhealthy', since: at(2), reason: 'It exited with code 3.' }),
      ],
      events: [exited('api', at(2), 'exited with code 3')],
    })
    expect(told).toMatchObject({ health: 'unhealthy', root: 'service:api' })
    expect(told.sentence).toBe(
      '“Routes” failed at 14:03: Page Desk of api: connection refused. api exited with code 3 at 14:02.',
    )
    expect(told.evidence.map(({ subject }) => subject)).toContain('service:api')
    expect(told.fixes.map(({ action }) => action.type)).toContain('restart-service')
  })

  it('that failed on something that is well is its own root, each fault as evidence, and the event that told it first', () => {
    const faults = ['The variable TOKEN has no value.', 'The variable HOST has no value.']
    const told = ask('check:environment', {
      checks: [check('environment', { title: 'Environment', state: 'failed', sentence: 'Two are missing.', faults })],
      services: [service('api')],
      events: [
        event('verification.failed', 'site', at(1), { id: 'v1', data: { failed: [{ id: 'environment' }] } }),
        event('verification.failed', 'site', at(2), { id: 'v2', data: { failed: [{ id: 'files' }] } }),
      ],
    })
    expect(told).toMatchObject({ health: 'unhealthy', root: 'check:environment' })
    expect(told.evidence.map(({ sentence }) => sentence)).toEqual(expect.arrayContaining(faults))
    expect(told.evidence.flatMap(({ what, event: id }) => (what === 'event' ? [id] : []))).toEqual(['v1'])
    expect(told.fixes).toEqual([{ label: 'See the checks', action: { type: 'go-to', page: '/diagnose' } }])
  })

  it('of an API outside leads into the dependency that is not called any more', () => {
    const told = ask('check:external-api', {
      checks: [check('external-api', { title: 'External API', state: 'failed', about: ['dependency:model'] })],
      dependencies: [dependency('model', { state: 'open', since: at(1), sentence: 'Three failures in a row.' })],
    })
    expect(told).toMatchObject({ health: 'unhealthy', root: 'dependency:model' })
    expect(told.fixes).toContainEqual({
      label: 'Try it now',
      action: { type: 'reset-dependency', dependency: 'model' },
    })
  })

  it('of the site itself has a colon in its name, and one that was passed over says why', () => {
    const told = ask('check:site:export', {
      checks: [check('site:export', { title: 'Export', state: 'skipped', sentence: 'api does not run.' })],
    })
    expect(told).toMatchObject({ health: 'unknown', root: 'check:site:export' })
    expect(told.sentence).toBe('“Export” was passed over at 14:03: api does not run.')
  })

  it('has the histories fetched of what its faults are about', () => {
    const { shown } = factsOf({ checks: [failedRoutes], services: [service('api', { health: 'unhealthy' })] })
    const needed = neededFacts({ kind: 'check', id: 'routes' }, shown, null)
    expect(needed.histories).toEqual(expect.arrayContaining(['site', 'service:api']))
    const broker = check('routes', { state: 'failed', about: ['broker'] })
    const ofRouter = neededFacts({ kind: 'check', id: 'routes' }, factsOf({ checks: [broker] }).shown, 'broker')
    expect(ofRouter.histories).toEqual(expect.arrayContaining(['service:broker', 'router']))
  })
})

test('a check that is not in the list is unknown, told with the nearest; before the first round each may be', () => {
  const { shown } = factsOf({ checks: [check('routes')] })
  expect(isShown({ kind: 'check', id: 'route' }, shown)).toBe(false)
  expect(subjectUnknown('check:route', shown).problem.remedy).toContain('Did you mean check:routes?')
  expect(isShown({ kind: 'check', id: 'routes' }, factsOf({}).shown)).toBe(true)
  const early = ask('check:routes', {})
  expect(early).toMatchObject({ health: 'unknown', sentence: expect.stringContaining('wheelhouse check') })
})

function ask(text: string, given: Given) {
  const facts = factsOf(given)
  const subject = readSubject(text, facts.shown)
  if (!subject) throw new Error(`${text} is no subject.`)
  return why(subject, facts)
}
