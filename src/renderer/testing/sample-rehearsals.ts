import type { RehearsalRun } from '#shared/contract/index.ts'
import type { Shown } from '../state/shown-state.ts'

const day = 86_400_000

/** One that proved a snapshot two days ago, and one before it that failed. */
export function sampleRehearsals(now: number): Shown['rehearsals'] {
  const proven = run(now - 2 * day, {})
  const failed = run(now - 9 * day, {
    id: 'jb-2',
    snapshot: 'sn-2',
    verdict: 'failed',
    sentence: 'It did not come up: 4 of 5 services healthy. Consultation service did not start: it ended with code 1.',
    reasons: ['Consultation service did not start: it ended with code 1.'],
    healthyMs: null,
    totalMs: null,
  })
  return {
    rehearsals: {
      light: 'proven',
      sentence: proven.sentence,
      proven: { snapshot: proven.snapshot, snapshotAt: proven.snapshotAt, at: proven.at, totalMs: proven.totalMs },
      runs: [proven, failed],
      job: null,
      schedule: '0 4 * * 0',
      nextAt: now + 5 * day,
      waiting: null,
      commandLine: 'wheelhouse backups rehearse',
    },
  }
}

function run(at: number, more: Partial<RehearsalRun>): RehearsalRun {
  return {
    id: 'jb-1',
    at,
    endedAt: at + 9_000,
    cause: { type: 'schedule', name: 'rehearsal' },
    snapshot: 'sn-1',
    snapshotAt: at - 3_600_000,
    snapshotKind: 'full',
    code: null,
    state: 'completed',
    verdict: 'proven',
    sentence: 'Proven: 5 of 5 services came up healthy, back in 6.4 s.',
    reasons: [],
    notes: ['Callbacks of database were not run (before-start): they are not marked `harmless`, or reach outside.'],
    apart: 'network',
    files: 214,
    bytes: 38e6,
    restoreMs: 1_100,
    startMs: 4_000,
    healthyMs: 5_300,
    totalMs: 6_400,
    services: [
      { id: 'api', title: 'Consultation service', result: 'healthy', sentence: 'Running: HTTP 200 in 3 ms.', log: [] },
    ],
    checks: { sentence: '6 of 6 checks passed.', faults: [] },
    kept: null,
    ...more,
  }
}
