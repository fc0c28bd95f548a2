import type { Connection } from '#shared/client/index.ts'
import type { KeepingView } from '#shared/contract/index.ts'
import type { ScriptedConsole } from './scripted-console.ts'

const hour = 3_600_000
const day = 24 * hour

/** How the sample's snapshots are kept. */
export function sampleKeeping(now: number): KeepingView {
  return {
    keep: { last: 10, hourly: 24, daily: 7, weekly: 4, monthly: 6, yearly: 3 },
    reasons: {
      'sn-12': ['kept as one of the last 10 (1)', 'kept as hourly 2026-01-05 14:00'],
      'sn-11': ['pinned', 'kept as daily 2026-01-05', 'kept as weekly 2026-W02'],
      'sn-rp1': ['one of the newest restore points', 'Undo goes back to it'],
    },
    remove: ['sn-02'],
    held: null,
    schedule: [
      { kind: 'full', cron: '0 3 * * *', next: [now + 9 * hour, now + 33 * hour, now + 57 * hour], triedAt: null },
      {
        kind: 'data',
        cron: '*/15 * * * *',
        next: [now + 60_000, now + 16 * 60_000, now + 31 * 60_000],
        triedAt: now - 14 * 60_000,
      },
    ],
    paused: null,
    alertAt: now + 2 * hour,
    alertBy: 'schedule',
    growth: {
      points: Array.from({ length: 14 }, (_, nth) => ({ at: now - (13 - nth) * day, bytes: 30e6 + nth * 1.4e6 })),
      bytesPerDay: 1.4e6,
      fullAt: null,
    },
    reserve: 32 * 1024 * 1024,
    lastPrune: { at: now - 9 * hour, sentence: '2.1 MB were freed: 1 pack removed.' },
  }
}

type Start = (call: string, input: unknown, title: string, kind: string, subject?: string) => Promise<{ job: string }>

export function keepingCalls(
  host: ScriptedConsole,
  start: Start,
  done: (call: string, input?: unknown) => Promise<Record<string, never>>,
): Connection['calls']['keeping'] {
  return {
    preview: async ({ keep }) => {
      const { keeping } = host.slices.keeping
      return {
        keep: keep ?? { last: 10, hourly: 24, daily: 7, weekly: 4, monthly: 6, yearly: 3 },
        reasons: keeping?.reasons ?? {},
        remove: keeping?.remove ?? [],
        held: null,
        bytes: 1_200_000,
        sentence: '1 of 12 snapshots go; a prune a day later frees 1.2 MB.',
      }
    },
    apply: (input) => start('keeping.apply', input, 'Apply the rules of keeping', 'backup.retention'),
    save: (input) => done('keeping.save', input),
    planPrune: async () => ({
      packs: 3,
      bytes: 4_200_000,
      rewritten: 1,
      saved: 900_000,
      waiting: { packs: 1, bytes: 300_000, until: Date.now() + 5 * hour },
      notes: [],
      gaveUpReserve: false,
    }),
    prune: () => start('keeping.prune', null, 'Prune the backups', 'backup.prune'),
    planRemoval: async ({ snapshot }) => ({
      snapshot,
      sentence:
        'Delete the snapshot of 5 Jan 2026, 11:00: it cannot be brought back. 1.2 MB that nothing else needs are freed by the prunes after a day.',
      bytes: 1_200_000,
      refused: null,
      warnings: [],
      commandLine: `wheelhouse backups delete ${snapshot}`,
    }),
    remove: (input) => start('keeping.remove', input, 'Delete a snapshot', 'backup.delete'),
    acceptShrink: (input) => done('keeping.acceptShrink', input),
    leftOut: async () => ({
      files: 12,
      bytes: 3_400_000,
      entries: [{ path: 'releases/one/.cache', rule: '**/.cache', files: 12, bytes: 3_400_000 }],
      hidden: 0,
      taken: { files: 120, bytes: 48_000_000 },
    }),
  }
}
