import type { Shown } from '../state/shown-state.ts'
import { sampleDependencies } from './sample-dependencies.ts'
import { sampleDrills } from './sample-drills.ts'
import { hour, minute, service, snapshot } from './sample-entities.ts'
import { sampleKeeping } from './sample-keeping.ts'
import { samplePolicies } from './sample-policies.ts'
import { sampleRecordings } from './sample-recordings.ts'
import { sampleRehearsals } from './sample-rehearsals.ts'
import { sampleReleases } from './sample-releases.ts'
import { sampleStages } from './sample-stages.ts'
import { sampleDatabase, sampleStore } from './sample-store.ts'
import { sampleTargets } from './sample-targets.ts'
import { sampleVerification } from './sample-verification.ts'

/** A site to draw: five services of a consultation system, one of them degraded. `now` is wall-clock milliseconds. */
export function sampleSlices(now: number): Shown {
  return {
    console: {
      console: {
        version: '0.1.0',
        host: 'headless',
        node: '24.21.0',
        environment: { name: 'production', chosen: false },
        platform: 'linux x64',
        hostname: 'lab-pc',
        startedAt: now - 3 * hour,
        can: { chooseFolder: false, openFolder: false, notify: false },
        recent: [
          { directory: '/home/lab/sites/consultease', name: 'ConsultEase', openedAt: now - 3 * hour, sample: true },
          { directory: '/srv/billiards', name: 'Billiards Trainer', openedAt: now - 40 * hour, sample: false },
        ],
        phase: 'open',
        problem: null,
      },
    },
    site: {
      site: {
        id: 'consultease',
        name: 'ConsultEase',
        directory: '/home/lab/sites/consultease',
        sample: true,
        zone: 'Asia/Manila',
        contact: { name: 'Lab office', phone: 'local 204', email: null },
        health: 'degraded',
        sentence: 'Degraded: desk-units lost the broker.',
        since: now - 4 * minute,
        evidence: '/services/desk-units',
        score: {
          value: 92,
          trend: 'falling',
          history: [...Array.from({ length: 40 }, () => 100), 100, 92, 92, 92, 92],
          lowered: [
            {
              page: '/services/desk-units',
              title: 'Desk units',
              points: 7.1,
              reason: '3 of 12 units lost the broker.',
            },
            { page: '/diagnose', title: 'Checks', points: 1.2, reason: '6 of 7 checks passed.' },
          ],
        },
        config: { valid: true, problems: [], loadedAt: now - 3 * hour },
        trust: null,
        leftOut: [],
        phases: [
          { id: 'core-infrastructure', title: 'Core infrastructure' },
          { id: 'business-services', title: 'Business services' },
        ],
        waves: [['broker', 'database'], ['api', 'desk-units'], ['kiosk']],
        parts: { router: true, recovery: true, monitoring: true, gateway: false, backups: true },
        broker: {
          addresses: ['mqtt://127.0.0.1:1883'],
          beyondLoopback: false,
          note: 'Only this machine can reach the broker; name a host under services.broker in site.yaml to open it to the LAN.',
        },
        backupFolder: '/home/lab/.local/share/wheelhouse/backups/consultease-1a2b3c4d',
      },
    },
    services: byId([
      service(now, 'broker', {
        phase: 'core-infrastructure',
        title: 'MQTT broker',
        kind: 'builtin',
        ports: { mqtt: 1883 },
        dependents: ['api', 'desk-units'],
      }),
      service(now, 'database', {
        phase: 'core-infrastructure',
        title: 'Faculty database',
        kind: 'builtin',
        dependents: ['api'],
      }),
      service(now, 'api', {
        hooks: [{ name: 'before-start', command: 'services/migrate.mjs --all', timeoutMs: 30_000, runs: false }],
        title: 'Consultation API',
        ports: { http: 8101 },
        needs: [
          { service: 'broker', condition: 'ready', met: true },
          { service: 'database', condition: 'healthy', met: true },
        ],
        dependents: ['kiosk'],
        restarts: 2,
        lastExit: { at: now - 50 * minute, code: null, signal: 'SIGKILL', sentence: 'Killed by SIGKILL from outside.' },
        pages: [{ title: 'API status', url: 'http://127.0.0.1:8101/' }],
      }),
      service(now, 'desk-units', {
        phase: null,
        title: 'Desk units',
        health: 'degraded',
        since: now - 4 * minute,
        reason: 'Readiness fails: 3 of 12 units lost the broker 4 minutes ago (attempt 3).',
        event: 'ev-104',
        needs: [{ service: 'broker', condition: 'ready', met: false }],
        attempt: 3,
      }),
      service(now, 'kiosk', {
        title: 'Student kiosk',
        needs: [{ service: 'api', condition: 'healthy', met: true }],
        ports: { http: 8102 },
      }),
    ]),
    jobs: {},
    attention: {
      'a-1': {
        id: 'a-1',
        subject: 'service:desk-units',
        severity: 'warning',
        title: 'desk-units is degraded',
        why: 'It lost the broker and is reconnecting (attempt 3).',
        since: now - 4 * minute,
        fixes: [{ label: 'Restart desk-units', action: { type: 'restart-service', service: 'desk-units' } }],
        event: 'ev-104',
        dismissible: true,
        dismissed: false,
      },
      'a-2': {
        id: 'a-2',
        subject: 'backups',
        severity: 'notice',
        title: 'Backups share a disk with the site',
        why: 'If that disk dies, both are gone.',
        since: now - 3 * hour,
        fixes: [{ label: 'See backups', action: { type: 'go-to', page: '/backups' } }],
        event: null,
        dismissible: true,
        dismissed: false,
      },
    },
    machine: {
      machine: {
        at: now,
        cpu: { percent: 12.4, history: wave(60, 12, 9), cores: 4 },
        memory: { used: 5.1e9, total: 16e9, history: wave(60, 5.1e9, 2e8) },
        disk: { free: 183e9, total: 512e9, path: '/home' },
        temperature: 52,
        console: { memory: 142e6 },
      },
    },
    traffic: {
      traffic: {
        at: now,
        broker: { state: 'running', clients: 15, address: 'mqtt://127.0.0.1:1883' },
        router: 'connected',
        links: [
          {
            broker: 'broker',
            address: 'mqtt://127.0.0.1:1883',
            embedded: true,
            state: 'connected',
            since: now - 7_200_000,
            lastError: null,
            lastErrorAt: null,
          },
        ],
        received: { total: 184_322, perSecond: 214, history: wave(60, 214, 60) },
        topics: Array.from({ length: 24 }, (_, index) => ({
          topic: `consultease/faculty/${index + 1}/${index % 3 === 0 ? 'battery' : 'status'}`,
          count: 9_000 - index * 311,
          at: now - index * 800,
          retained: index % 3 !== 0,
        })),
        topicsHidden: 0,
        quarantined: 3,
      },
    },
    recordings: sampleRecordings(now),
    routes: byId([
      {
        id: 'desk-presence',
        from: 'consultease/faculty/+/status',
        title: 'Desk presence',
        on: true,
        received: 18_552,
        perSecond: 11.8,
        limit: '5 in 1 s for each topic, the latest kept',
        filtered: 1_204,
        limited: 310,
        batch: null,
        merged: 0,
        held: 2,
        quarantined: 3,
        function: {
          file: 'functions/presence.mjs',
          words: '`default` of functions/presence.mjs, within 200 ms',
          calls: 18_210,
          failed: 2,
          timedOut: 1,
          ended: 0,
          meanMs: 0.08,
          failure: null,
          keptOld: false,
        },
        targets: [
          {
            name: 'consultease/board/presence',
            kind: 'mqtt' as const,
            delivered: 17_033,
            queued: 0,
            dropped: 0,
            expired: 0,
            passedOver: 0,
            merged: 0,
            quarantined: 0,
            carried: 0,
            lastError: null,
            failingSince: null,
          },
          {
            name: 'faculty',
            kind: 'channel' as const,
            delivered: 17_033,
            queued: 0,
            dropped: 0,
            expired: 0,
            passedOver: 0,
            merged: 0,
            quarantined: 0,
            carried: 0,
            lastError: null,
            failingSince: null,
          },
          {
            name: '30d',
            kind: 'journal' as const,
            delivered: 17_021,
            queued: 12,
            dropped: 0,
            expired: 0,
            passedOver: 0,
            merged: 0,
            quarantined: 0,
            carried: 0,
            lastError: null,
            failingSince: null,
          },
        ],
        refused: null,
        lastError: null,
        lastAt: now - 400,
      },
      {
        id: 'requests',
        from: 'consultease/requests/#',
        title: 'Consultation requests',
        on: true,
        received: 312,
        perSecond: 0.2,
        limit: null,
        filtered: 0,
        limited: 0,
        batch: null,
        merged: 0,
        held: 0,
        quarantined: 0,
        function: null,
        targets: [
          {
            name: 'consultease/desk/requests',
            kind: 'mqtt' as const,
            delivered: 312,
            queued: 0,
            dropped: 0,
            expired: 0,
            passedOver: 0,
            merged: 0,
            quarantined: 0,
            carried: 0,
            lastError: null,
            failingSince: null,
          },
        ],
        refused: null,
        lastError: null,
        lastAt: now - 9_000,
      },
    ]),
    stages: byId([sampleStages(now)]),
    store: { store: sampleStore(now) },
    databases: { database: sampleDatabase(now, 'database') },
    pushed: {
      api: {
        id: 'api',
        at: now - 2_000,
        health: 'healthy',
        sentence: 'All 14 desks answer.',
        pushes: 1_204,
        refused: 0,
        figures: [
          { name: 'desks', value: 14, at: now - 2_000, history: [12, 12, 13, 13, 13, 14, 14, 14] },
          { name: 'queue_ms', value: 3.25, at: now - 2_000, history: [2, 2.5, 4, 9, 3, 2.75, 3, 3.25] },
        ],
      },
    },
    dependencies: byId(sampleDependencies(now)),
    backups: {
      backups: {
        folder: '/home/lab/.local/share/wheelhouse/backups/consultease-1a2b3c4d',
        sharesDisk: true,
        bytes: 48e6,
        freeBytes: 183e9,
        lastAt: now - 14 * minute,
        lastVerifiedAt: now - 3 * hour,
        nextAt: now + minute,
        undo: { snapshot: 'sn-rp1', what: 'Go back to before the restore of 08:12.', at: now - 2 * hour },
        note: null,
        encryption: {
          on: true,
          configured: true,
          locked: null,
          repository: 'rp-7k2m9q4tx0bn5rwd',
          kit: { madeAt: now - 30 * hour, proven: null, failed: null },
        },
      },
    },
    keeping: { keeping: sampleKeeping(now) },
    startup: {
      startup: {
        at: 1_767_600_000_000,
        endedAt: 1_767_600_004_200,
        state: 'done',
        sentence: 'Everything went well. It took 4.2 s.',
        steps: [
          {
            id: 'pre-flight',
            title: 'Pre-flight',
            state: 'done',
            sentence: '1 of 1 as it should be.',
            ms: 12,
            lines: [{ id: 'disk', title: 'Disk', state: 'passed', sentence: '40 GB free where the site is.' }],
          },
        ],
      },
    },
    startPath: {
      start: {
        basis: 'last start',
        at: now - 3 * hour,
        totalMs: 2_410,
        links: [
          { service: 'broker', ms: 120 },
          { service: 'api', ms: 1_640 },
          { service: 'kiosk', ms: 650 },
        ],
      },
    },
    verification: { verification: sampleVerification(now) },
    recovery: samplePolicies(now),
    maintenance: {
      maintenance: {
        on: false,
        reason: '',
        since: null,
        until: null,
        event: null,
        held: { restarts: 0, recoveries: 0, cards: 0 },
        last: null,
      },
    },
    deploys: {},
    drills: sampleDrills(now),
    rehearsals: sampleRehearsals(now),
    targets: sampleTargets(now),
    releases: sampleReleases(now),
    snapshots: byId([
      snapshot(now, 'sn-12', { at: now - 14 * minute, kind: 'data', verified: null }),
      snapshot(now, 'sn-rp1', { at: now - 2 * hour, kind: 'restore-point', before: 'restore of sn-07', partial: true }),
      ...Array.from({ length: 10 }, (_, index) =>
        snapshot(now, `sn-${String(11 - index).padStart(2, '0')}`, {
          at: now - (3 + index * 7) * hour,
          kind: index % 2 ? 'data' : 'full',
          note: index === 0 ? 'before the exam week' : '',
          pinned: index === 0,
        }),
      ),
    ]),
  }
}

function byId<T extends { readonly id: string }>(entities: readonly T[]): Readonly<Record<string, T>> {
  return Object.fromEntries(entities.map((entity) => [entity.id, entity]))
}

function wave(length: number, middle: number, swing: number): number[] {
  return Array.from({ length }, (_, index) => Math.max(0, middle + swing * Math.sin(index / 4) * Math.cos(index / 11)))
}
