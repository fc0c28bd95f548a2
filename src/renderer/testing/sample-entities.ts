import type { JobView, ServiceView, SnapshotView } from '#shared/contract/index.ts'
import { ConsoleError } from '#shared/problem.ts'

/** Milliseconds. */
export const minute = 60_000
export const hour = 60 * minute

/** A healthy service, but for what is said otherwise. */
export function service(now: number, id: string, rest: Partial<ServiceView> = {}): ServiceView {
  return {
    id,
    title: id,
    kind: 'node',
    state: 'running',
    wanted: true,
    optional: false,
    health: 'healthy',
    since: now - 50 * minute,
    reason: 'Every probe passes.',
    event: 'ev-101',
    needs: [],
    dependents: [],
    uses: [],
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
    unit: null,
    command: `node services/${id}.mjs`,
    cwd: '/home/lab/sites/consultease/releases/7',
    pages: [],
    hooks: [],
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
    rehearsed: null,
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

/** A refusal as the console sends it. */
export function refusal(code: string, message: string, remedy: string): ConsoleError {
  return new ConsoleError(code, message, remedy)
}
