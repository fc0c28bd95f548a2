import { describe, expect, it } from 'vitest'
import {
  at,
  card,
  caused,
  event,
  exited,
  factsOf,
  type Given,
  need,
  operator,
  probe,
  restoring,
  service,
  stopByOperator,
  waiting,
} from '../../../../../test/support/why-facts.ts'
import { readSubject } from './subject.ts'
import { why } from './why.ts'

// The walk down from a service: which sentence follows from which state and events, and what is named as the first failing thing.

describe('a service', () => {
  it('that is well says so, since when, and how many probes pass', () => {
    const told = ask('api', {
      services: [service('api', { since: at(-2), probes: [probe('startup'), probe('readiness'), probe('liveness')] })],
    })
    expect(told.sentence).toBe('Nothing is wrong with api: it is healthy since 13:58, all 3 probes pass.')
    expect(told).toMatchObject({
      subject: 'service:api',
      root: 'service:api',
      health: 'healthy',
      fixes: [],
      commandLine: 'wheelhouse why api',
    })
  })

  it('that is well again tells that it had exited', () => {
    const told = ask('api', {
      services: [service('api', { since: at(1), probes: [probe('readiness')] })],
      events: [exited('api', at(0), 'exited with code 1'), event('service.healthy', 'service:api', at(1))],
    })
    expect(told.sentence).toBe(
      'Nothing is wrong with api: it is healthy since 14:01, after it exited once, last at 14:00, its probe passes.',
    )
  })

  it('that a drill made fail says which drill did it, while it is down and afterwards', () => {
    const started = event('drill.started', 'service:api', at(0), { data: { drill: 'kill-api' } })
    const exit = { ...exited('api', at(0), 'was ended by SIGKILL'), cause: caused(started.id) }
    const down = ask('api', {
      services: [service('api', { state: 'backing-off', health: 'unhealthy', since: at(0), nextStartAt: at(0, 8) })],
      events: [started, exit],
    })
    expect(down.sentence).toContain('api was ended by SIGKILL at 14:00')
    expect(down.sentence).toContain('; the drill “kill-api” did this on purpose.')
    expect(down.evidence.map((each) => each.event)).toContain(started.id)
    const well = ask('api', { services: [service('api', { since: at(1) })], events: [started, exit] })
    expect(well.sentence).toContain('after it exited once, last at 14:00: the drill “kill-api” did this on purpose')
  })

  it('that waits is told with the first failing thing and its last words', () => {
    const told = ask('kiosk', {
      services: [
        waiting('kiosk', [need('api', 'healthy')]),
        service('api', {
          title: 'Consultation service',
          state: 'backing-off',
          health: 'unhealthy',
          since: at(4),
          reason: 'To be started again, because it exited with code 1.',
          nextStartAt: at(4, 8),
        }),
      ],
      events: [
        event('service.healthy', 'service:api', at(-60)),
        ...[2, 3, 4].map((minute) =>
          exited(
            'api',
            at(minute),
            'exited with code 1',
            [
              'Error: listen EADDRINUSE: address already in use 127.0.0.1:18101',
              '    at Server.setupListenHandle (node:net:1940:16)',
              'Node.js v24.21.0',
            ],
            'Consultation service',
          ),
        ),
      ],
    })
    expect(told.sentence).toBe(
      'kiosk waits because api is not healthy: api exited 3 times since 14:02, last with code 1 (‘listen EADDRINUSE: address already in use 127.0.0.1:18101’), after its port was taken; it is started again at 14:04:08.',
    )
    expect(told.root).toBe('service:api')
    expect(told.health).toBe('unknown')
    expect(told.evidence.map(({ what, subject }) => `${what} ${subject}`)).toEqual([
      'state service:kiosk',
      'state service:api',
      'log service:api',
      'event service:api',
      'event service:api',
      'event service:api',
    ])
    expect(told.evidence.every(({ page }) => page !== null)).toBe(true)
    expect(told.fixes.map(({ label }) => label)).toEqual(['Restart api', 'See the log of api'])
  })

  it('that an operator stopped names them, the place and the time', () => {
    const told = ask('service:api', {
      services: [service('api', { state: 'stopped', wanted: false, health: 'unknown', since: at(2), event: 'e3' })],
      events: stopByOperator('api', 'services.stop', 'service:api', 'Stop api'),
    })
    expect(told.sentence).toBe('api is stopped because an operator stopped it from the browser at 14:02.')
    expect(told.evidence.map(({ event: id }) => id)).toEqual(['e3', 'e3', 'e2', 'e1'])
    expect(told.evidence.at(-1)?.sentence).toBe('Started: Stop api. An operator from the browser did it.')
    expect(told.fixes).toEqual([{ label: 'Start api', action: { type: 'start-service', service: 'api' } }])
  })

  it('that went down with what it needs says which of them was stopped', () => {
    const told = ask('kiosk', {
      services: [service('kiosk', { state: 'stopped', wanted: false, health: 'unknown', event: 'e3' })],
      events: stopByOperator('kiosk', 'services.stop', 'service:api', 'Stop api'),
    })
    expect(told.sentence).toBe(
      'kiosk is stopped because an operator stopped api, which it needs, from the browser at 14:02.',
    )
  })

  it('that was killed by the emergency stop says so', () => {
    const told = ask('api', {
      services: [service('api', { state: 'stopped', wanted: false, health: 'unknown', event: 'e2' })],
      events: [
        event('site.emergency-stopped', 'site', at(2), { id: 'e1', cause: operator }),
        event('service.stopped', 'service:api', at(2), { id: 'e2', cause: caused('e1') }),
      ],
    })
    expect(told.sentence).toBe(
      'api is stopped because an operator stopped everything at once from the browser at 14:02 (emergency stop).',
    )
  })

  it('that stands still since the site was closed says that nothing has started it since', () => {
    const told = ask('api', {
      services: [
        service('api', { state: 'stopped', wanted: false, health: 'unknown', event: null, reason: 'Not started yet.' }),
      ],
      events: [
        event('site.closing', 'site', at(-30), { id: 'e1', cause: { type: 'console', why: 'the site was closed' } }),
        event('service.stopped', 'service:api', at(-30), { id: 'e2', cause: caused('e1') }),
      ],
    })
    expect(told.sentence).toBe('api is stopped because the site was closed at 13:30, and nothing has started it since.')
  })

  it('that is switched off is told so', () => {
    const services = [service('api', { state: 'stopped', wanted: false, health: 'unknown' })]
    expect(ask('api', { services, disabled: ['api'] }).sentence).toBe(
      'api is stopped because it is switched off in site.yaml (enabled: false).',
    )
  })

  it('that a restore holds is told to come back by itself', () => {
    const told = ask('api', {
      services: [service('api', { state: 'stopped', wanted: false, health: 'unknown', event: 'e3' })],
      jobs: [restoring('jb-1')],
      events: stopByOperator('api', 'restore.run', 'site', 'Restore ConsultEase'),
    })
    expect(told.sentence).toBe(
      'api is stopped while “Restore ConsultEase” puts files into place, and is started again when that is done.',
    )
  })

  it('whose port another program holds is told by whom, with the remedy as evidence', () => {
    const reason =
      'port 18101, which Consultation service uses as `http`, is held by process 4711 (nc). Stop that program (kill 4711), or give Consultation service another port in site.yaml.'
    const told = ask('api', {
      services: [service('api', { state: 'backing-off', health: 'unhealthy', nextStartAt: at(2, 30) })],
      events: [
        event('service.starting', 'service:api', at(2)),
        event('service.unhealthy', 'service:api', at(2), {
          message: `api cannot start: ${reason}`,
          cause: { type: 'observation', what: reason },
        }),
      ],
    })
    expect(told.sentence).toBe(
      'api cannot start because port 18101, which Consultation service uses as `http`, is held by process 4711 (nc); it is started again at 14:02:30.',
    )
    expect(told.evidence.some(({ sentence }) => sentence.includes('Stop that program (kill 4711)'))).toBe(true)
  })

  it('whose script is gone is told which', () => {
    const reason =
      'The script /srv/site/services/api.mjs of api does not exist. Restore the code from a backup, or correct `run` in site.yaml.'
    const told = ask('api', {
      services: [service('api', { state: 'failed', health: 'unhealthy', reason })],
      cards: [
        card('service-failed:api', 'service:api', {
          fixes: [{ label: 'Restore…', action: { type: 'restore', snapshot: null } }],
        }),
      ],
      events: [
        event('service.failed', 'service:api', at(2), {
          message: `api has failed. ${reason}`,
          cause: { type: 'observation', what: reason },
        }),
      ],
    })
    expect(told.sentence).toBe('api cannot start because the script /srv/site/services/api.mjs of api does not exist.')
    expect(told.fixes.map(({ label }) => label)).toEqual(['Restart api', 'Restore…'])
  })

  it('that spent its restart budget says that the console gave up', () => {
    const told = ask('api', {
      services: [
        service('api', {
          state: 'failed',
          health: 'unhealthy',
          reason:
            'Given up after it was started 5 times within 10 min; the last time it was ended by SIGKILL (killed: by somebody, or for lack of memory).',
        }),
      ],
      events: [0, 1, 2, 3, 4].map((minute) =>
        exited('api', at(minute), 'was ended by SIGKILL (killed: by somebody, or for lack of memory)'),
      ),
    })
    expect(told.sentence).toBe(
      'api exited 5 times since 14:00, last ended by SIGKILL (killed: by somebody, or for lack of memory); the console gave up after 5 starts within 10 min.',
    )
  })

  it('that runs and does not answer is told with the failing probe', () => {
    const failing = probe('readiness', { passing: false, answer: '503 Service Unavailable', failures: 31 })
    const told = ask('api', {
      services: [service('api', { health: 'degraded', since: at(2), probes: [probe('startup'), failing] })],
    })
    expect(told.sentence).toBe(
      'api is degraded since 14:02: its readiness check (http http://127.0.0.1:18101/health) says “503 Service Unavailable”, 31 times in a row.',
    )
    expect(told.evidence.map(({ what }) => what)).toEqual(['state', 'probe'])
  })

  it('that an operator has started again begins anew: earlier exits are not counted', () => {
    const told = ask('api', {
      services: [service('api', { state: 'backing-off', health: 'unhealthy', nextStartAt: at(4) })],
      events: [
        exited('api', at(0), 'exited with code 9'),
        event('job.started', 'job:jb-1', at(2), { id: 'e1', cause: operator }),
        event('service.starting', 'service:api', at(2), { id: 'e2', cause: caused('e1') }),
        exited('api', at(3), 'exited with code 1', ['    at main (api.mjs:1:7)', 'Node.js v24.21.0']),
      ],
      logs: { api: ['ready', 'Error: cannot read the timetable', '    at main (api.mjs:1:7)', 'Node.js v24.21.0'] },
    })
    expect(told.sentence).toBe(
      'api exited with code 1 at 14:03 (‘cannot read the timetable’); it is started again at 14:04:00.',
    )
  })

  it('that was stuck in its start says after how long', () => {
    const told = ask('api', {
      services: [service('api', { state: 'starting', health: 'unknown', reason: 'Being started.' })],
      events: [
        event('service.unhealthy', 'service:api', at(2), {
          message: 'api did not get there within 30 s: connection refused.',
        }),
        event('service.restarting', 'service:api', at(2, 1), { severity: 'warning' }),
        event('service.starting', 'service:api', at(2, 3)),
      ],
    })
    expect(told.sentence).toBe('api did not get there within 30 s: connection refused.')
  })

  it('three steps above the root names the steps between', () => {
    const told = ask('kiosk', {
      services: [
        waiting('kiosk', [need('api', 'healthy')]),
        waiting('api', [need('broker', 'ready')]),
        service('broker', { kind: 'builtin', state: 'stopped', wanted: false, health: 'unknown', event: 'e3' }),
      ],
      events: stopByOperator('broker', 'services.stop', 'service:broker', 'Stop broker'),
    })
    expect(told.sentence).toBe(
      'kiosk waits because api is not healthy, and that because broker is not ready: broker is stopped because an operator stopped it from the browser at 14:02.',
    )
    expect(told.root).toBe('service:broker')
  })

  it('with several failing needs names the deepest, and of equally deep ones the one that failed first', () => {
    const down = (id: string, since: number) =>
      service(id, { state: 'failed', health: 'unhealthy', since, reason: `It is the fault of ${id}.` })
    const flat = {
      services: [waiting('kiosk', [need('a', 'ready'), need('b', 'ready')]), down('a', at(5)), down('b', at(3))],
    }
    expect(ask('kiosk', flat).root).toBe('service:b')
    const deep = {
      services: [
        waiting('kiosk', [need('a', 'ready'), need('b', 'ready')]),
        down('a', at(1)),
        waiting('b', [need('c', 'ready')]),
        down('c', at(9)),
      ],
    }
    expect(ask('kiosk', deep).root).toBe('service:c')
  })

  it('that failed by itself is not blamed on what went down later', () => {
    const told = ask('api', {
      services: [
        service('api', {
          state: 'failed',
          health: 'unhealthy',
          since: at(0),
          needs: [need('broker', 'ready')],
          reason: 'It exited with code 3.',
        }),
        service('broker', { state: 'failed', health: 'unhealthy', since: at(20) }),
      ],
      events: [exited('api', at(0), 'exited with code 3')],
    })
    expect(told.root).toBe('service:api')
    expect(told.sentence).toContain('api exited with code 3 at 14:00')
  })

  it('whose health is in doubt because of a need leads to it, though the need is met', () => {
    const told = ask('kiosk', {
      services: [
        service('kiosk', {
          health: 'unknown',
          needs: [{ ...need('api', 'started'), met: true }],
          reason: 'Not known while api, which it needs, is unhealthy.',
        }),
        service('api', { health: 'unhealthy', since: at(2), reason: 'It is stuck: no answer.' }),
      ],
    })
    expect(told.sentence).toBe(
      'the health of kiosk is not known because api is unhealthy: api is unhealthy since 14:02: it is stuck: no answer.',
    )
  })

  it('in a circle of needs ends, and names the circle', () => {
    const told = ask('a', { services: [waiting('a', [need('b', 'ready')]), waiting('b', [need('a', 'ready')])] })
    expect(told.sentence).toBe(
      'a cannot start because services need each other in a circle: a needs b needs a. Take one of these needs out of site.yaml.',
    )
  })

  it('that needs one that does not exist names it', () => {
    const told = ask('kiosk', { services: [waiting('kiosk', [need('api', 'ready')])] })
    expect(told).toMatchObject({ root: 'service:api', sentence: 'kiosk waits for api, which this site does not have.' })
  })

  it('that was taken out of site.yaml is told so, with when it was last heard of', () => {
    const told = ask('service:old', { events: [event('service.stopped', 'service:old', at(-90))] })
    expect(told.sentence).toBe(
      'old is not a service of this site any more: it was taken out of site.yaml, and was last heard of at 12:30.',
    )
  })

  it('whose events are gone still has an answer', () => {
    const told = ask('api', {
      services: [service('api', { state: 'stopped', wanted: false, health: 'unknown', event: 'gone' })],
    })
    expect(told.sentence).toBe('api is stopped because nothing has started it yet.')
    const half = ask('api', {
      services: [service('api', { state: 'stopped', wanted: false, health: 'unknown', event: 'e1' })],
      events: [event('service.stopped', 'service:api', at(2), { id: 'e1', cause: caused('gone') })],
    })
    expect(half.sentence).toBe('api is stopped because of something that is no longer recorded (14:02).')
  })
})

function ask(text: string, given: Given) {
  const facts = factsOf(given)
  const subject = readSubject(text, facts.shown)
  if (!subject) throw new Error(`${text} is no subject.`)
  return why(subject, facts)
}
