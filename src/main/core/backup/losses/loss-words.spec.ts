import { expect, test } from 'vitest'
import { lossesInWords } from './loss-words.ts'

const nothing = { databases: [], written: { files: 0, newest: [] }, journalled: null, postgres: [], since: 0 }

test('rows that go come first, rows that come back after them, and equal numbers are no promise', () => {
  const tables = [
    { table: 'desks', now: 4, stored: 4 },
    { table: 'answers', now: 1, stored: 3 },
    { table: 'requests', now: 1_204, stored: 1_180 },
    { table: 'visits', now: 2, stored: 1 },
  ]
  const other = { path: 'data/b.db', tables: [{ table: 't', now: 5, stored: 5 }], note: null }
  expect(lossesInWords({ ...nothing, databases: [{ path: 'data/a.db', tables, note: null }, other] }, 'UTC')).toEqual([
    'requests in data/a.db: 1,204 rows now, 1,180 in the snapshot: 24 rows are lost.',
    'visits in data/a.db: 2 rows now, 1 in the snapshot: one row is lost.',
    'answers in data/a.db: one row now, 3 in the snapshot: 2 rows come back.',
    'data/b.db has as many rows in each table as in the snapshot, and what was changed in them since is lost.',
  ])
})

test('what could not be counted is said, and never taken for nothing', () => {
  const tables = [{ table: 'large', now: null, stored: 9 }]
  expect(
    lossesInWords(
      {
        ...nothing,
        databases: [
          { path: 'a.db', tables, note: null },
          { path: 'b.db', tables: [], note: 'not counted: it has 3 GB' },
        ],
      },
      'UTC',
    ),
  ).toEqual(['large in a.db: not counted in time; 9 rows in the snapshot.', 'Rows of b.db: not counted: it has 3 GB.'])
})

test('files and messages since', () => {
  const written = { files: 2, newest: [{ path: 'data/x.pdf', at: 60_000 }] }
  expect(lossesInWords({ ...nothing, written, journalled: 1, postgres: ['db'] }, 'UTC')).toEqual([
    expect.stringMatching(
      /^2 files were written after the snapshot, and what was written since is lost; the newest is data\/x.pdf/,
    ),
    expect.stringMatching(/^About 1 message was journalled since .* stays/),
    'PostgreSQL (db) is no part of this restore and stays as it is.',
  ])
  expect(lossesInWords(nothing, 'UTC')).toEqual(['Nothing that is newer than the snapshot is lost.'])
})
