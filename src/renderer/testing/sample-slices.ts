import type { JobView, ServiceView, SnapshotView } from '#shared/contract/index.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import type { Shown } from '../state/shown-state.ts'

/** A site to draw: five services of a consultation system, one of them degraded. `now` is wall-clock milliseconds. */
export function sampleSlices(now: number): Shown {
  return {
    console: {
      console: {
        version: '0.1.0',
        host: 'headless',
        node: '24.21.0',
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
        config: { valid: true, problems: [], loadedAt: now - 3 * hour },
        trust: null,
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
        title: 'MQTT broker',
        kind: 'builtin',
        ports: { mqtt: 1883 },
        dependents: ['api', 'desk-units'],
      }),
      service(now, 'database', { title: 'Faculty database', dependents: ['api'] }),
      service(now, 'api', {
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
    routes: byId([
      {
        id: 'desk-presence',
        from: 'consultease/faculty/+/status',
        title: 'Desk presence',
        on: true,
        received: 18_240,
        perSecond: 11.8,
        filtered: 1_204,
        quarantined: 3,
        targets: [
          {
            name: 'consultease/board/presence',
            kind: 'mqtt' as const,
            delivered: 17_033,
            queued: 0,
            dropped: 0,
            lastError: null,
          },
          { name: 'faculty', kind: 'channel' as const, delivered: 17_033, queued: 0, dropped: 0, lastError: null },
          { name: '30d', kind: 'journal' as const, delivered: 17_021, queued: 12, dropped: 0, lastError: null },
        ],
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
        filtered: 0,
        quarantined: 0,
        targets: [
          {
            name: 'consultease/desk/requests',
            kind: 'mqtt' as const,
            delivered: 312,
            queued: 0,
            dropped: 0,
            lastError: null,
          },
        ],
        lastError: null,
        lastAt: now - 9_000,
      },
    ]),
    store: {
      store: { at: now, bytes: 12.4e6, commitP50: 0.8, commitP99: 4.2, queueDepth: 0, state: 'open', note: null },
    },
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
      },
    },
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

const minute = 60_000
const hour = 60 * minute

/** A healthy service, but for what is said otherwise. */
export function service(now: number, id: string, rest: Partial<ServiceView> = {}): ServiceView {
  return {
    id,
    title: id,
    kind: 'node',
    state: 'running',
    wanted: true,
    health: 'healthy',
    since: now - 50 * minute,
    reason: 'Every probe passes.',
    event: 'ev-101',
    needs: [],
    dependents: [],
    phase: 'business-services',
    pid: 4_100 + id.length * 17,
    startedAt: now - 50 * minute,
    adopted: false,
    ports: {},
    restarts: 0,
    attempt: 0,
    nextStartAt: null,
    lastExit: null,
    probes: [
      {
        name: 'startup',
        what: 'http http://127.0.0.1:8101/health',
        passing: true,
        answer: '200 OK',
        at: now - 50 * minute,
        ms: 12,
        failures: 0,
      },
      {
        name: 'readiness',
        what: 'http http://127.0.0.1:8101/health',
        passing: rest.health !== 'degraded',
        answer: rest.health === 'degraded' ? '503 Service Unavailable' : '200 OK',
        at: now - 3_000,
        ms: 4.2,
        failures: rest.health === 'degraded' ? 31 : 0,
      },
      {
        name: 'liveness',
        what: 'tcp 127.0.0.1:8101',
        passing: true,
        answer: 'accepted',
        at: now - 7_000,
        ms: 0.4,
        failures: 0,
      },
    ],
    cpu: 2.1,
    memory: 61e6,
    processes: 1,
    command: `node services/${id}.mjs`,
    cwd: '/home/lab/sites/consultease/releases/7',
    pages: [],
    ...rest,
  }
}

/** A verified full snapshot, but for what is said otherwise. */
export function snapshot(now: number, id: string, rest: Partial<SnapshotView> = {}): SnapshotView {
  return {
    id,
    at: now - hour,
    kind: 'full',
    note: '',
    files: 214,
    bytes: 38e6,
    added: 412e3,
    durationMs: 1_830,
    databases: 1,
    verified: { at: now - hour, ok: true, note: 'Every byte was read back; 1 database opened and checked.' },
    partial: false,
    warnings: [],
    pinned: false,
    release: '7',
    before: null,
    ...rest,
  }
}

/** A running restore in its second step, but for what is said otherwise. */
export function job(now: number, id: string, rest: Partial<JobView> = {}): JobView {
  return {
    id,
    kind: 'restore.run',
    subject: 'site',
    title: 'Restore ConsultEase',
    state: 'running',
    startedAt: now - 4_000,
    endedAt: null,
    steps: [
      { id: 'point', title: 'Take a restore point', state: 'done', startedAt: now - 4_000, endedAt: now - 2_600 },
      { id: 'stage', title: 'Stage the files', state: 'running', startedAt: now - 2_600, endedAt: null },
      { id: 'stop', title: 'Stop api', state: 'pending', startedAt: null, endedAt: null },
      { id: 'swap', title: 'Swap', state: 'pending', startedAt: null, endedAt: null },
      { id: 'start', title: 'Start api', state: 'pending', startedAt: null, endedAt: null },
    ],
    progress: { done: 9, total: 14, unit: 'files' },
    cancellable: true,
    noReturn: null,
    commandLine: 'wheelhouse restore sn-11',
    cause: { type: 'operator', via: 'browser' },
    message: null,
    remedy: null,
    data: {},
    ...rest,
  }
}

/** Events with a chain: 101 (probe seen) → 102 (exit) → 103 (restart) → 104 (degraded). */
export function sampleEvents(now: number): readonly EventRecord[] {
  const kinds = [
    ['service.exited', 'error', 'api exited: killed by SIGKILL from outside.'],
    ['service.became-unhealthy', 'error', 'api became unhealthy: its process is gone.'],
    ['service.restarted', 'notice', 'api was restarted after 1 s (attempt 1).'],
    ['service.became-healthy', 'info', 'api became healthy after 1.4 s.'],
    ['backup.completed', 'notice', 'Backup completed: 214 files, 412 kB new.'],
    ['service.became-degraded', 'warning', 'desk-units became degraded: 3 of 12 units lost the broker.'],
  ] as const
  return Array.from({ length: 240 }, (_, index) => {
    const seq = index + 1
    const [kind, severity, message] = kinds[index % kinds.length] ?? kinds[0]
    return {
      id: `ev-${seq}`,
      seq,
      at: now - (240 - index) * 41_000,
      kind,
      subject: kind.startsWith('backup') ? 'site' : index % 6 === 5 ? 'service:desk-units' : 'service:api',
      severity,
      message,
      cause:
        index % 6 === 0
          ? { type: 'observation' as const, what: 'the process ended with SIGKILL' }
          : { type: 'event' as const, id: `ev-${seq - 1}` },
      operation: null,
      data: index % 6 === 0 ? { signal: 'SIGKILL', pid: 4131 } : {},
    }
  })
}

function byId<T extends { readonly id: string }>(entities: readonly T[]): Readonly<Record<string, T>> {
  return Object.fromEntries(entities.map((entity) => [entity.id, entity]))
}

function wave(length: number, middle: number, swing: number): number[] {
  return Array.from({ length }, (_, index) => Math.max(0, middle + swing * Math.sin(index / 4) * Math.cos(index / 11)))
}
