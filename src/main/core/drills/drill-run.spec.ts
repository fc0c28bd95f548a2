import { expect, test } from 'vitest'
import { attentionSchema, openAttention } from '#core/attention/index.ts'
import { eventsSchema, openEventLog } from '#core/events/index.ts'
import { jobsSchema, openJobs } from '#core/jobs/index.ts'
import { DisposableStore, silentLogger, systemClock } from '#core/platform/index.ts'
import { openStateHub } from '#core/state/index.ts'
import { openStore, type Schema } from '#core/store/index.ts'
import type { DrillRun } from '#shared/contract/drills.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import type { Deed } from './deed.ts'
import type { Drill } from './drill-list.ts'
import { OneDrill } from './drill-run.ts'
import { DrillRecords, drillsSchema } from './tables.ts'

const operator: Cause = { type: 'operator', via: 'window' }

const drill: Drill = {
  id: 'freeze-web',
  title: 'Freeze web',
  do: 'freeze',
  service: 'web',
  declared: false,
  schedule: null,
  withinMs: 1_000,
}

/** A store that takes everything but the event that a drill began. */
const refusesBeginnings: Schema = {
  owner: 'spec',
  migrations: [
    {
      version: 1,
      what: 'no drill is told to have begun',
      sql: `CREATE TRIGGER no_beginnings BEFORE INSERT ON events WHEN NEW.kind = 'drill.started'
            BEGIN SELECT RAISE(ABORT, 'the disk is full'); END;`,
    },
  ],
}

/** One drill as a job on a real store; what it did, and what is left on record. */
async function conducted(directory: string) {
  const clock = systemClock()
  const logger = silentLogger
  await using owned = new DisposableStore()
  const schemas = {
    control: [eventsSchema, attentionSchema, jobsSchema, drillsSchema, refusesBeginnings],
    messages: [],
  }
  const store = owned.add(await openStore({ directory, schemas, runtime: testRuntime(), clock, logger }))
  const database = store.control
  const hub = owned.add(openStateHub({ clock, logger }))
  const events = owned.add(openEventLog({ database, clock, logger }))
  const attention = owned.add(openAttention({ database, events, state: hub.slice('attention'), clock, logger }))
  const jobs = owned.add(await openJobs({ database, events, state: hub.slice('jobs'), clock, logger }))
  const records = new DrillRecords(database)
  const did: string[] = []
  const deed: Deed = {
    prepare: async () => ({ type: 'wake', processes: [] }),
    act: async () => void did.push('act'),
    noticed: async () => null,
    recovered: async () => null,
    shortfall: null,
    lost: () => null,
    undo: async () => {
      did.push('undo')
      return null
    },
  }
  const shown: DrillRun[] = []
  const request = {
    kind: 'drill.run',
    subject: 'service:web',
    title: 'Drill: Freeze web',
    steps: ['check', 'act', 'notice', 'recover'].map((id) => ({ id, title: id })),
    cause: operator,
    commandLine: 'wheelhouse drill run freeze-web',
    input: {},
    lane: 'backup',
    cancellable: true,
  }
  const { id } = await jobs.start(request, (job) => {
    const run: DrillRun = {
      id: job.id,
      drill: drill.id,
      title: drill.title,
      service: drill.service,
      do: drill.do,
      scheduled: false,
      at: clock.wall(),
      endedAt: null,
      state: 'running',
      detectMs: null,
      recoverMs: null,
      detectedBy: null,
      recoveredBy: null,
      restarts: 0,
      lost: null,
      verdict: 'It runs.',
    }
    const coordinator = {
      excuse: () => ({ [Symbol.dispose]() {} }),
      start: async () => ({ done: [], failed: [] }),
    }
    const onChanged = (changed: DrillRun) => void shown.push(changed)
    const parts = { drill, deed, run, service: () => undefined, assertNow() {}, coordinator, attention, events }
    return new OneDrill({ ...parts, records, clock, logger, onChanged }, job).conduct()
  })
  const job = await jobs.finished(id)
  return { job, did, stored: records.all(), shown: shown.at(-1), cards: attention.open() }
}

test('a drill whose beginning the store does not take does nothing, and ends as failed, on record, on screen and as a card', async () => {
  using folder = temporaryFolder()
  const { job, did, stored, shown, cards } = await conducted(folder.path)
  expect(job).toMatchObject({ state: 'failed' })
  expect(did).toEqual(['undo'])
  expect(stored).toMatchObject([{ run: { state: 'failed', endedAt: expect.any(Number) }, undo: { type: 'nothing' } }])
  expect(shown).toMatchObject({ state: 'failed', verdict: expect.stringContaining('disk is full') })
  expect(cards).toMatchObject([{ id: 'drill-failed:freeze-web', why: expect.stringContaining('disk is full') }])
})
