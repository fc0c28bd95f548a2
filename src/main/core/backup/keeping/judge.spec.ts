import { describe, expect, test } from 'vitest'
import type { Cause } from '#shared/vocabulary.ts'
import type { Snapshot } from '../repository/snapshot-file.ts'
import { deadlineOf } from './deadline.ts'
import { growthOf } from './growth.ts'
import { type JudgedFacts, judgeKeeping } from './judge.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const now = Date.UTC(2026, 0, 20, 12)
const cause: Cause = { type: 'observation', what: 'a spec' }

function snapshot(id: string, at: number, more: Partial<Snapshot> = {}): Snapshot {
  return {
    format: 1,
    id,
    site: { id: 'bench', name: 'Bench', directory: '/site' },
    at,
    durationMs: 10_000,
    kind: 'full',
    scope: 'site',
    note: '',
    tree: '',
    exclude: [],
    files: 1,
    bytes: 1_000,
    added: 10,
    databases: [],
    warnings: [],
    partial: false,
    lost: [],
    release: null,
    job: 'jb',
    before: null,
    verified: { at, ok: true, note: '', damaged: [] },
    pinned: false,
    appliedAt: null,
    ...more,
  } as Snapshot
}

function card(id: string, facts: Partial<JudgedFacts>) {
  const all = judgeKeeping({
    now,
    openedAt: now - day,
    snapshots: [],
    deadline: null,
    paused: null,
    shrinks: [],
    growth: { bytesPerDay: null, fullAt: null },
    bytes: 1e9,
    freeBytes: 1e12,
    folder: '/backups',
    zone: 'UTC',
    cause,
    ...facts,
  })
  return all.find(([each]) => each === id)?.[1]
}

describe('no good backup', () => {
  const night = { alertAfterMs: null, crons: ['0 3 * * *'], zone: 'UTC' }

  test('is told an hour after the second date of the schedule that passed without one', () => {
    const goodAt = Date.UTC(2026, 0, 18, 3)
    expect(deadlineOf({ goodAt, ...night })).toEqual({ at: Date.UTC(2026, 0, 20, 4), by: 'schedule' })
    expect(deadlineOf({ goodAt, ...night, crons: ['0 3 * * *', '*/15 * * * *'] })?.at).toBe(goodAt + 90 * minute)
    expect(deadlineOf({ goodAt, ...night, crons: [] })).toBeNull()
    expect(deadlineOf({ goodAt, ...night, crons: [], alertAfterMs: 26 * hour })).toEqual({
      at: goodAt + 26 * hour,
      by: 'site.yaml',
    })
  })

  const old = [snapshot('sn-old', now - 33 * hour), snapshot('sn-torn', now - hour, { partial: true })]
  const deadline = { at: now - hour, by: 'schedule' as const }

  test('names its age, what was tried since, and which rule says so', () => {
    expect(card('backup-old', { snapshots: old, deadline })).toMatchObject({
      title: 'There has been no good backup for 33 hours',
      why: 'The newest good snapshot is of 19 Jan 2026, 03:00; 1 snapshot was taken since, and none is whole. Two dates of the schedule passed without one.',
    })
    expect(card('backup-old', { snapshots: old, deadline: { at: now + 1, by: 'schedule' } })).toBeNull()
  })

  test('is not judged in the first minutes, when what was missed is made up for', () => {
    expect(card('backup-old', { snapshots: old, deadline, openedAt: now - minute })).toBe('undecided')
  })
})

describe('space', () => {
  const days = (count: number, perDay: number) =>
    Array.from({ length: count }, (_, nth) => ({ at: now - (count - 1 - nth) * day, bytes: 1e9 + nth * perDay }))

  test('the trend needs four days, and one large backup or prune does not bend it', () => {
    expect(growthOf(days(3, 1e8), 1e9, now).bytesPerDay).toBeNull()
    const grown = days(10, 1e8)
    expect(growthOf(grown, 1e9, now)).toEqual({ bytesPerDay: 1e8, fullAt: now + 10 * day })
    const pruned = grown.map((each, nth) => (nth === 5 ? { ...each, bytes: 5e9 } : each))
    expect(growthOf(pruned, 1e9, now).bytesPerDay).toBe(1e8)
    expect(growthOf(days(10, -1e8), 1e9, now).fullAt).toBeNull()
    expect(growthOf(days(10, 1e8), null, now).fullAt).toBeNull()
  })

  test('that runs out within two weeks is told with its figures', () => {
    const snapshots = [snapshot('sn-1', now - hour)]
    const growth = growthOf(days(10, 1e8), 1e9, now)
    expect(card('backup-space', { snapshots, growth, freeBytes: 1e9 })).toMatchObject({
      title: 'The disk of the backups will be full in 10 days',
      why: expect.stringContaining('grow by 100 MB a day'),
    })
    expect(card('backup-space', { snapshots, growth: { ...growth, fullAt: now + 20 * day } })).toBeNull()
  })

  test('that the next backup may not find is told as an error', () => {
    const snapshots = [snapshot('sn-1', now - hour, { added: 5e8 })]
    expect(card('backup-space', { snapshots, freeBytes: 5e8 })).toMatchObject({ severity: 'error' })
  })
})

test('a backup that took much longer than the ones before is told, one that took a little longer is not', () => {
  const usual = Array.from({ length: 6 }, (_, nth) =>
    snapshot(`sn-${nth}`, now - (9 - nth) * day, { durationMs: 60_000 }),
  )
  const took = (durationMs: number) =>
    card('backup-slow', { snapshots: [...usual, snapshot('sn-9', now, { durationMs })] })
  expect(took(20 * minute)).toMatchObject({ subject: 'snapshot:sn-9', why: expect.stringContaining('took 20 min') })
  expect(took(2.5 * minute)).toBeNull()
  const few = [...usual.slice(0, 3), snapshot('sn-9', now, { durationMs: 20 * minute })]
  expect(card('backup-slow', { snapshots: few })).toBeNull()
})

test('a clock that stands before the newest snapshot is told, with the snapshot to look at', () => {
  const snapshots = [snapshot('sn-ahead', now + 400 * day)]
  expect(card('backup-clock', { snapshots })).toMatchObject({
    subject: 'snapshot:sn-ahead',
    fixes: [{ action: { type: 'go-to', page: '/backups/sn-ahead' } }],
  })
  expect(card('backup-clock', { snapshots: [snapshot('sn-now', now)] })).toBeNull()
})

test('a site that shrank can be said to be right by the card', () => {
  const snapshots = [snapshot('sn-1', now - day, { bytes: 2e6 }), snapshot('sn-2', now, { bytes: 1e6 })]
  const shrinks = [{ kind: 'full' as const, from: 'sn-2', before: 'sn-1', share: 0.5, at: now }]
  expect(card('backup-shrunk:full', { snapshots, shrinks })).toMatchObject({
    title: 'The site is 50 % smaller than before',
    fixes: [{}, { action: { type: 'accept-shrink', snapshot: 'sn-2' } }],
  })
  expect(card('backup-shrunk:data', { snapshots, shrinks })).toBeNull()
})
