import { expect, test } from 'vitest'
import { manyEvents } from '../../testing/many-events.ts'
import { ScriptedLog } from '../../testing/scripted-log.ts'
import { exportCommand } from './events-command.ts'
import { exportPage, exportSpan, mostExported } from './export-span.ts'
import type { AskPage } from './timeline-reader.ts'

const now = Date.UTC(2026, 2, 2)

function rig(length: number, filter = {}) {
  const log = new ScriptedLog(manyEvents(length, now))
  const asked: Parameters<AskPage>[0][] = []
  const ask: AskPage = async (query) => {
    asked.push(query)
    return log.page({ ...filter, ...query })
  }
  const stop = new AbortController()
  const read: number[] = []
  const progress = { signal: stop.signal, onRead: (count: number) => void read.push(count) }
  return { log, ask, asked, stop, read, progress }
}

test('a span is saved as JSON Lines, oldest first, both ends included, in pages', async () => {
  const { log, ask, asked, read, progress } = rig(10_000)
  const saved = await exportSpan(ask, { from: 2_001, to: 4_500 }, progress)
  const text = await new Blob([...(saved?.parts ?? [])]).text()
  const lines = text.split('\n')
  expect(lines.pop()).toBe('')
  expect(lines.map((line): unknown => JSON.parse(line).seq)).toEqual(
    Array.from({ length: 2_500 }, (_, index) => 2_001 + index),
  )
  expect(JSON.parse(lines[0] ?? '')).toEqual(log.event(2_001))
  expect(read).toEqual([1_000, 2_000, 2_500])
  expect(asked.every(({ limit }) => limit <= exportPage)).toBe(true)
  expect(saved).toMatchObject({ count: 2_500, cut: false })
})

test('only what the filter lets through is saved', async () => {
  const { ask, progress } = rig(20_000, { subject: 'service:kiosk' })
  const saved = await exportSpan(ask, null, progress)
  const text = await new Blob([...(saved?.parts ?? [])]).text()
  const subjects = text
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line).subject)
  expect(subjects.length).toBeGreaterThan(1_000)
  expect(new Set(subjects)).toEqual(new Set(['service:kiosk']))
})

test('no more than a page can hold is saved, and that it was cut is told', async () => {
  const { ask, asked, progress } = rig(mostExported + 500)
  expect(await exportSpan(ask, null, progress)).toMatchObject({ count: mostExported, cut: true })
  expect(asked).toHaveLength(mostExported / exportPage)
  const exact = rig(mostExported)
  expect(await exportSpan(exact.ask, null, exact.progress)).toMatchObject({ count: mostExported, cut: false })
})

test('a cancelled export ends with the page that is being read, and gives nothing', async () => {
  const { ask, asked, stop, progress } = rig(50_000)
  const exporting = exportSpan(ask, null, { ...progress, onRead: (count) => count >= 3_000 && stop.abort() })
  expect(await exporting).toBeNull()
  expect(asked).toHaveLength(4)
})

test('the same export on the command line, quoted for a shell', () => {
  expect(exportCommand('events.jsonl', {}, null)).toBe('wheelhouse events --export events.jsonl')
  expect(
    exportCommand(
      'events.jsonl',
      { subject: 'service:api', kind: 'service.', atLeast: 'warning', text: "api's exit" },
      { from: 120, to: 4_711 },
    ),
  ).toBe(
    "wheelhouse events --export events.jsonl --subject service:api --kind service. --at-least warning --text 'api'\\''s exit' --from-seq 120 --to-seq 4711",
  )
  expect(exportCommand('events.jsonl', { operation: 'jb-1' }, null)).toBe(
    'wheelhouse events --export events.jsonl --operation jb-1',
  )
})
