import type { SiteDatabaseView, StoreView } from '#shared/contract/index.ts'
import { hour, minute } from './sample-entities.ts'

/** The console's own store, open and well, but for what is said otherwise. `now` is wall-clock milliseconds. */
export function sampleStore(now: number, rest: Partial<StoreView> = {}): StoreView {
  return {
    at: now,
    state: 'open',
    note: null,
    since: now - 3 * hour,
    bytes: 154.6e6,
    commitP50: 0.8,
    commitP99: 4.2,
    commits: 48_211,
    queueDepth: 12,
    queueBound: 20_000,
    refused: 0,
    dropped: 0,
    busyRetries: 3,
    databases: [
      {
        name: 'control',
        state: 'open',
        note: null,
        bytes: 12.4e6,
        walBytes: 1.1e6,
        limitBytes: 512e6,
        comesBack: false,
        copies: { count: 3, newestAt: now - 2 * hour, bytes: 34e6 },
        lastCheck: { at: now - 3 * hour, kind: 'quick', ok: true, note: '3 027 pages read, nothing found.' },
      },
      {
        name: 'messages',
        state: 'open',
        note: null,
        bytes: 142.2e6,
        walBytes: 3.9e6,
        limitBytes: 2e9,
        comesBack: false,
        copies: { count: 0, newestAt: null, bytes: 0 },
        lastCheck: null,
      },
    ],
    slow: [
      { name: 'events.search', count: 4, worstMs: 212.4, lastMs: 64, lastAt: now - 11 * minute },
      { name: 'messages.journal.prune', count: 31, worstMs: 88, lastMs: 41.2, lastAt: now - 2 * minute },
    ],
    quarantine: [
      {
        folder: '/home/lab/sites/consultease/.wheelhouse/quarantine/2026-01-02T06-12-00-000Z',
        database: 'messages',
        at: now - 70 * hour,
        until: now + 266 * hour,
        bytes: 139e6,
        why: 'A check found page 4 212 of the table journal malformed; a copy from 06:00 took its place.',
      },
    ],
    ...rest,
  }
}

/** A SQLite database of the site behind a pool, but for what is said otherwise. */
export function sampleDatabase(now: number, id: string, rest: Partial<SiteDatabaseView> = {}): SiteDatabaseView {
  return {
    id,
    engine: 'sqlite',
    where: 'data/consultease.db',
    version: 'SQLite 3.53.1',
    health: 'healthy',
    sentence: 'Answers in 0.4 ms; 2 of 45 connections are in use.',
    since: now - 50 * minute,
    pool: {
      size: 15,
      overflow: 30,
      open: 6,
      inUse: 2,
      waiting: 0,
      timeouts: 0,
      recycled: 4,
      discarded: 1,
    },
    sessions: { committed: 12_904, rolledBack: 17 },
    queries: { total: 61_220, perSecond: 18.4, failed: 2, retried: 9, p50: 0.4, p99: 11.8 },
    slow: [
      {
        sql: 'SELECT * FROM consultation WHERE faculty_id = ? AND state = ? ORDER BY requested_at DESC',
        count: 3,
        worstMs: 96.1,
      },
    ],
    lastError: { at: now - 26 * minute, sentence: 'database is locked: another program was writing; tried again.' },
    lastCheck: { at: now - 5 * hour, ok: true, note: 'ok' },
    bytes: 4.2e6,
    recovery: { policy: 'ask', copies: 5, newestCopyAt: now - 40 * minute, last: null },
    ...rest,
  }
}

/** A PostgreSQL database of the site. */
export function samplePostgres(now: number, id: string): SiteDatabaseView {
  return sampleDatabase(now, id, {
    engine: 'postgres',
    where: '127.0.0.1:5432/court',
    version: 'PostgreSQL 15.14',
    health: 'degraded',
    sentence: 'Every connection is in use and 4 wait for one.',
    pool: { size: 15, overflow: 30, open: 45, inUse: 45, waiting: 4, timeouts: 2, recycled: 61, discarded: 3 },
    lastError: null,
    lastCheck: null,
    slow: [],
    recovery: null,
  })
}
