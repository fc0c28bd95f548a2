import { expect, test } from 'vitest'
import type { EventRecord } from '#shared/vocabulary.ts'
import { siteTime } from '../../components/site-time.ts'
import { sampleEvents } from '../../testing/sample-events.ts'
import { rowOfSeq, timelineRows } from './timeline-rows.ts'

const [sample] = sampleEvents(0)
const manila = siteTime('Asia/Manila')

/** Events at these moments, the last one the newest; given newest first, as the list has them. */
function eventsAt(...moments: readonly string[]): readonly EventRecord[] {
  if (!sample) throw new Error('There is no sample event.')
  return moments
    .map((moment, index) => ({ ...sample, id: `ev-${index + 1}`, seq: index + 1, at: Date.parse(moment) }))
    .reverse()
}

test('a day line stands where the date changes in the zone of the site', () => {
  const rows = timelineRows(
    eventsAt('2026-03-02T15:59:59Z', '2026-03-02T16:00:00Z', '2026-03-02T20:00:00Z'),
    manila.day,
  )
  expect(rows.map((row) => (row.type === 'day' ? row.day : row.key))).toEqual([
    'ev-3',
    'ev-2',
    'Mon 2 Mar 2026',
    'ev-1',
  ])
})

test('a mark stands where the clock was set back; order stays that of the sequence', () => {
  const rows = timelineRows(
    eventsAt('2026-03-02T10:00:00Z', '2026-03-02T08:00:00Z', '2026-03-02T07:59:59.500Z'),
    manila.day,
  )
  expect(rows.map((row) => (row.type === 'clock' ? row.backMs : row.key))).toEqual(['ev-3', 'ev-2', 7_200_000, 'ev-1'])
})

test('a sequence is found in its line, one that is filtered out in the next older', () => {
  const events = eventsAt('2026-03-02T10:00:00Z', '2026-03-02T10:00:01Z', '2026-03-02T10:00:02Z')
  const rows = timelineRows(
    events.filter(({ seq }) => seq !== 2),
    manila.day,
  )
  expect(rowOfSeq(rows, 3)).toBe(0)
  expect(rowOfSeq(rows, 2)).toBe(1)
  expect(rowOfSeq(rows, 0)).toBe(1)
})
