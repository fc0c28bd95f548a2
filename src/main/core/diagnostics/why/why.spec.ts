import { describe, expect, it, test } from 'vitest'
import { ConsoleError } from '#shared/problem.ts'
import { storeView } from '../../../../../test/support/store-view.ts'
import {
  at,
  card,
  caused,
  database,
  event,
  exited,
  factsOf,
  type Given,
  job,
  need,
  route,
  service,
  snapshot,
  stopByOperator,
  waiting,
} from '../../../../../test/support/why-facts.ts'
import { readSubject, subjectUnknown } from './subject.ts'
import { why } from './why.ts'

// What is asked about besides services, and what cannot be asked about.

describe('the site', () => {
  it('that was not trusted says so for every service of it', () => {
    const trust = { fingerprint: 'f', commands: [{ service: 'api', of: 'api', command: 'node api.mjs', cwd: '/' }] }
    const told = ask('service:api', { site: { trust } })
    expect(told.sentence).toBe(
      'api does not run because nobody has trusted this site yet: it came from elsewhere and would run 1 command.',
    )
    expect(told).toMatchObject({ root: 'site', fixes: [{ action: { type: 'go-to', page: '/trust' } }] })
  })

  it('with mistakes in site.yaml names the first with its line, and how to read it again', () => {
    const problem = {
      code: 'unknown-key',
      file: 'site.yaml',
      line: 12,
      column: 3,
      path: 'servces',
      message: 'servces is not a key.',
      remedy: 'Did you mean services?',
    }
    const told = ask('site', {
      site: { health: 'unhealthy', config: { valid: false, problems: [problem, problem], loadedAt: at(0) } },
    })
    expect(told.sentence).toBe(
      'ConsultEase does not run because site.yaml cannot be used: site.yaml line 12: servces is not a key (the first of 2 mistakes).',
    )
    expect(told.fixes[0]).toEqual({ label: 'Read site.yaml again', action: { type: 'reload-config' } })
  })

  it('that is not open says why, whatever is asked', () => {
    expect(ask('site', { site: null }).sentence).toBe('Nothing runs because no site is open.')
    expect(ask('service:api', { site: null }).sentence).toBe('api does not run because no site is open.')
    expect(ask('broker', { site: null }).sentence).toBe('No message is routed because no site is open.')
    expect(ask('store', { site: null }).sentence).toContain('no site is open')
    expect(ask('backups', { site: null }).sentence).toContain('no site is open')
    expect(ask('machine', { site: null }).health).toBe('unknown')
  })

  it('is told by its first failing thing, and how many more are not well', () => {
    const told = ask('site', {
      site: { health: 'unhealthy' },
      services: [
        waiting('kiosk', [need('api', 'healthy')]),
        service('api', { state: 'failed', health: 'unhealthy', since: at(2), reason: 'It exited with code 3.' }),
        service('broker'),
      ],
      events: [exited('api', at(2), 'exited with code 3')],
    })
    expect(told.sentence).toBe(
      'ConsultEase is unhealthy because api exited with code 3 at 14:02. 1 more service is not well.',
    )
    expect(told.root).toBe('service:api')
  })

  it('whose services all run is told by its gravest card', () => {
    const told = ask('site', {
      site: { health: 'degraded' },
      services: [service('api')],
      cards: [
        card('backup-failed', 'site', { severity: 'error', title: 'The last backup failed', why: 'The disk is full.' }),
      ],
    })
    expect(told.sentence).toBe('ConsultEase is degraded because of this: The last backup failed: the disk is full.')
  })

  it('that was stopped as a whole is told by whom; one that took the others along is named', () => {
    const stopped = (id: string) =>
      service(id, { state: 'stopped', wanted: false, health: 'unknown', event: id === 'kiosk' ? 'e3' : null })
    const services = [stopped('api'), stopped('kiosk')]
    expect(
      ask('site', { services, events: stopByOperator('kiosk', 'services.stop', 'site', 'Stop all services') }).sentence,
    ).toBe('Nothing of ConsultEase runs because an operator stopped all services from the browser at 14:02.')
    const withNeed = [
      service('api', { state: 'stopped', wanted: false, health: 'unknown', event: 'e3', since: at(2) }),
      stopped('kiosk'),
    ]
    expect(
      ask('site', { services: withNeed, events: stopByOperator('api', 'services.stop', 'service:api', 'Stop api') })
        .sentence,
    ).toBe('Nothing of ConsultEase runs: api is stopped because an operator stopped it from the browser at 14:02.')
    expect(ask('site', { services: [stopped('api')] }).sentence).toBe(
      'Nothing of ConsultEase runs because nothing has started it yet.',
    )
  })

  it('that is well says so', () => {
    expect(ask('site', { services: [service('api'), service('kiosk')] }).sentence).toBe(
      'Nothing is wrong with ConsultEase: all 2 wanted services are well since 13:00.',
    )
  })
})

describe('messages', () => {
  it('without a broker lead to the service that is the broker', () => {
    const facts: Given = {
      services: [
        service('broker', { kind: 'builtin', state: 'stopped', wanted: false, health: 'unknown', event: 'e3' }),
      ],
      broker: 'broker',
      traffic: { router: 'off', broker: 'off' },
      routes: [route('presence')],
      events: stopByOperator('broker', 'services.stop', 'service:broker', 'Stop broker'),
    }
    expect(ask('broker', facts)).toMatchObject({
      root: 'service:broker',
      sentence: 'The router has no broker: broker is stopped because an operator stopped it from the browser at 14:02.',
    })
    expect(ask('route:presence', facts).sentence).toBe(
      'presence routes nothing, as the router has no broker: broker is stopped because an operator stopped it from the browser at 14:02.',
    )
  })

  it('that a route cannot handle are told with how many and why', () => {
    const told = ask('route:presence', {
      routes: [route('presence', { quarantined: 3, lastError: 'The payload is not JSON.' })],
      events: [event('route.failing', 'route:presence', at(2), { severity: 'warning' })],
    })
    expect(told).toMatchObject({
      health: 'degraded',
      sentence:
        'presence cannot handle some messages since 14:02: 3 messages went to quarantine, last because the payload is not JSON.',
      fixes: [{ action: { type: 'go-to', page: '/messages/quarantine' } }],
    })
    const over = ask('route:presence', {
      routes: [route('presence', { quarantined: 1 })],
      events: [event('route.recovered', 'route:presence', at(2))],
    })
    expect(over).toMatchObject({
      health: 'healthy',
      sentence: 'presence handles its messages now; 1 message went to quarantine earlier.',
    })
  })

  it('that all end at one stage of a route are told with that stage', () => {
    const stage = (name: 'where' | 'validate', minute: { in: number; ended: number; failed: number }) => {
      const reason = minute.failed > 0 ? '"validate" refused it: battery must be <= 100.' : null
      const times = { meanUs: null, p99Us: null }
      return {
        stage: name,
        in: 300,
        out: 0,
        ended: 0,
        failed: 0,
        waiting: 0,
        minute,
        reason,
        client: 'desk-9',
        ...times,
      }
    }
    const let212 = stage('where', { in: 212, ended: 0, failed: 0 })
    const failing = (failed: number): Given => ({
      routes: [route('presence', { quarantined: 300, lastError: 'The payload is not JSON.' })],
      events: [
        event('route.failing', 'route:presence', at(2), { severity: 'warning' }),
        event('attention.raised', 'route:presence', at(2), { severity: 'warning' }),
      ],
      stages: [{ id: 'presence', since: 0, stages: [let212, stage('validate', { in: 212, ended: 0, failed })] }],
    })
    expect(ask('route:presence', failing(212)).sentence).toBe(
      'presence cannot handle some messages since 14:02: all 212 messages of the last minute ended at `validate`: battery must be <= 100 (the last of them from client desk-9).',
    )
    expect(ask('route:presence', failing(150)).sentence).toContain('150 of the 212 messages of the last minute ended')
    expect(ask('route:presence', failing(100)).sentence).toContain('300 messages went to quarantine')
    const filtered = (ended: number) =>
      ask('route:presence', {
        routes: [route('presence')],
        stages: [{ id: 'presence', since: 0, stages: [stage('where', { in: 12, ended, failed: 0 })] }],
      })
    expect(filtered(12)).toMatchObject({
      health: 'healthy',
      sentence:
        'Nothing is wrong with presence, but nothing reaches its targets: all 12 messages of the last minute ended at `where`, which lets none of them through.',
    })
    expect(filtered(11).sentence).not.toContain('where')
  })
})

describe('what the console keeps', () => {
  it('a read-only store says since when and why', () => {
    const store = storeView({ state: 'read-only', since: at(2), note: 'The disk is full.' })
    expect(ask('store', { store }).sentence).toBe(
      'The console’s own store takes no writes since 14:02: the disk is full.',
    )
  })

  it('a database that failed its check is offered to be recovered', () => {
    const control = {
      ...database,
      lastCheck: { at: at(2), kind: 'full' as const, ok: false, note: 'Page 7 is used twice.' },
    }
    const told = ask('store', { store: storeView({ databases: [control] }) })
    expect(told.sentence).toBe(
      'The control database of the console is damaged: the full check of 14:02 says that Page 7 is used twice.',
    )
    expect(told.fixes).toEqual([
      { label: 'Recover the control database…', action: { type: 'recover-store', database: 'control' } },
    ])
  })

  it('a recovery is told with its time for as long as its card is open', () => {
    const recovered = card('store-replaced:control', 'store:control', {
      since: at(2),
      title: 'The control database was damaged and replaced',
      why: 'The copy of 12:00 took its place.',
    })
    const told = ask('store', { store: storeView(), cards: [recovered] })
    expect(told.health).toBe('degraded')
    expect(told.sentence).toContain('at 14:02: The control database was damaged and replaced: the copy of 12:00')
    expect(ask('store', { store: storeView(), cards: [{ ...recovered, dismissed: true }] }).health).toBe('healthy')
  })

  it('backups tell why none is good', () => {
    expect(ask('backups', { backups: {} }).sentence).toBe(
      'There is no verified backup because no snapshot was taken yet; none is scheduled.',
    )
    const failed = job('jb-1', {
      kind: 'backup.create',
      title: 'Back up ConsultEase',
      state: 'failed',
      message: 'The disk is full.',
      endedAt: at(2),
    })
    expect(ask('backups', { backups: { lastVerifiedAt: at(-60) }, jobs: [failed] }).sentence).toBe(
      'The last backup failed at 14:02: the disk is full; the newest verified one is of 13:00.',
    )
    expect(ask('backups', { backups: { lastVerifiedAt: at(-60) } }).sentence).toBe(
      'Nothing is wrong with the backups: the newest was read back and checked at 13:00.',
    )
  })

  it('a snapshot that failed its verification says what was found', () => {
    const bad = snapshot('sn-1', { verified: { at: at(2), ok: false, note: '2 chunks of data/site.db are missing.' } })
    expect(ask('snapshot:sn-1', { snapshots: [bad] }).sentence).toBe(
      'The full snapshot of 14:00 is damaged: it was read back at 14:02 and 2 chunks of data/site.db are missing.',
    )
  })
})

describe('what happened', () => {
  it('an event leads to what began it', () => {
    const told = ask('event:e3', { events: stopByOperator('api', 'services.stop', 'service:api', 'Stop api') })
    expect(told.sentence).toBe(
      'api is stopped (14:02), because an operator began “Stop api” from the browser at 14:02.',
    )
    expect(told).toMatchObject({ root: 'event:e1', commandLine: 'wheelhouse why event:e3' })
  })

  it('a failed job leads to the service that did not get there', () => {
    const told = ask('job:jb-1', {
      jobs: [
        job('jb-1', {
          title: 'Start kiosk',
          subject: 'service:kiosk',
          state: 'failed',
          endedAt: at(3),
          message: 'kiosk is not running: Waits for api.',
        }),
      ],
      services: [
        waiting('kiosk', [need('api', 'healthy')]),
        service('api', { state: 'failed', health: 'unhealthy', since: at(2), reason: 'No.' }),
      ],
      events: [exited('api', at(2), 'exited with code 3')],
    })
    expect(told).toMatchObject({
      root: 'service:api',
      sentence:
        '“Start kiosk” failed at 14:03: kiosk waits because api is not healthy: api exited with code 3 at 14:02.',
    })
  })

  it('a card tells of what it is about, and offers its own fixes first', () => {
    const told = ask('card:service-failed:api', {
      services: [service('api', { state: 'failed', health: 'unhealthy', since: at(2), reason: 'No.' })],
      cards: [
        card('service-failed:api', 'service:api', {
          fixes: [{ label: 'Restore…', action: { type: 'restore', snapshot: null } }],
        }),
      ],
      events: [exited('api', at(2), 'exited with code 3')],
    })
    expect(told).toMatchObject({ root: 'service:api', sentence: 'api exited with code 3 at 14:02.' })
    expect(told.fixes.map(({ label }) => label)).toEqual(['Restore…', 'Restart api'])
  })
})

test('times are told in the zone of the site, and with their day when that is not today', () => {
  const told = ask('api', { services: [service('api', { since: at(-48 * 60) })] })
  expect(told.sentence).toBe('Nothing is wrong with api: it is healthy since Sat 3 Jan 14:00.')
  const recovered = card('store-replaced:control', 'store:control', { since: at(-48 * 60) })
  expect(ask('store', { store: storeView(), cards: [recovered] }).sentence).toContain(
    'but this happened on Sat 3 Jan at 14:00:',
  )
})

test('what was seen is told of an event, and is no because; that a card was raised is no evidence beside the card', () => {
  const failing = event('route.failing', 'route:presence', at(1), {
    message: 'presence could not handle a message.',
    cause: { type: 'observation', what: 'a message on desk/+/status' },
  })
  const raised = event('attention.raised', 'route:presence', at(1), { cause: caused(failing.id) })
  expect(ask(`event:${failing.id}`, { events: [failing] }).sentence).toBe(
    'presence could not handle a message (14:01); what was seen: a message on desk/+/status.',
  )
  const told = ask('card:route-failing:presence', {
    cards: [card('route-failing:presence', 'route:presence', { event: raised.id, why: 'The payload is not JSON.' })],
    events: [failing, raised],
  })
  expect(told.sentence).toMatch(/: the payload is not JSON\.$/)
  expect(told.evidence.map(({ what, event: of }) => [what, of])).toEqual([
    ['card', raised.id],
    ['event', failing.id],
  ])
})

test('what nobody knows is refused with the nearest known', () => {
  const { shown } = factsOf({ services: [service('api'), service('kiosk')], routes: [route('presence')] })
  expect(readSubject('kisok', shown)).toBeNull()
  const near = (text: string) => {
    const error = subjectUnknown(text, shown)
    expect(error).toBeInstanceOf(ConsoleError)
    expect(error.problem.code).toBe('subject-unknown')
    return error.problem.params.nearest
  }
  expect([near('kisok'), near('route:presense'), near('stoer'), near('zzzzzzzzz')]).toEqual([
    'kiosk',
    'route:presence',
    'store',
    null,
  ])
})

function ask(text: string, given: Given) {
  const facts = factsOf(given)
  const subject = readSubject(text, facts.shown)
  if (!subject) throw new Error(`${text} is no subject.`)
  return why(subject, facts)
}
