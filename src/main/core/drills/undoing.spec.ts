import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { AttentionDraft } from '#core/attention/index.ts'
import { silentLogger, systemClock } from '#core/platform/index.ts'
import type { DrillRun } from '#shared/contract/drills.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import type { StoredDrill } from './tables.ts'
import { undoPages } from './undoing.ts'

const run: DrillRun = {
  id: 'jb-1',
  drill: 'corrupt-db',
  title: 'Damage db',
  service: 'db',
  do: 'corrupt-database',
  scheduled: false,
  at: 0,
  endedAt: 1,
  state: 'interrupted',
  detectMs: null,
  recoverMs: null,
  detectedBy: null,
  recoveredBy: null,
  restarts: 0,
  lost: null,
  verdict: '',
}

/** One interrupted drill of a database, undone in a folder; what it came to. */
async function undone(folder: string) {
  let stored: StoredDrill = { run, undo: { type: 'pages', service: 'db', name: 'jb-1.json' } }
  const cards = new Map<string, AttentionDraft>()
  const kinds: string[] = []
  await undoPages({
    records: {
      all: () => [stored],
      put: async (changed) => {
        stored = changed
      },
    },
    events: {
      emit: ({ kind }) => {
        kinds.push(kind)
        return { id: 'ev-1', cause: { type: 'event', id: 'ev-1' } }
      },
    },
    attention: { raise: (card) => void cards.set(card.id, card), clear: (id) => void cards.delete(id) },
    folder,
    file: async () => join(folder, 'site.db'),
    runtime: testRuntime(),
    clock: systemClock(),
    logger: silentLogger,
  })
  return { stored, cards: [...cards.values()], kinds }
}

test('pages that cannot be put back are a card with the way out, and are tried again at the next opening', async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'site.db'), 'a database')
  writeFileSync(join(folder.path, 'jb-1.json'), 'not what the drill had kept')
  const { stored, cards, kinds } = await undone(folder.path)
  expect(kinds).toEqual(['drill.not-undone'])
  expect(cards).toMatchObject([
    {
      severity: 'error',
      fixes: [{ action: { type: 'recover-database', service: 'db' } }],
      why: expect.stringContaining('put back'),
    },
  ])
  expect(stored.undo.type).toBe('pages')
})

test('a drill that had overwritten nothing yet is closed', async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'site.db'), 'a database')
  const { stored, cards, kinds } = await undone(folder.path)
  expect({ cards, kinds, undo: stored.undo }).toEqual({ cards: [], kinds: ['drill.undone'], undo: { type: 'nothing' } })
  expect(stored.run.verdict).toContain('No page had been overwritten yet')
})
