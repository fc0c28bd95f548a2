import { statSync } from 'node:fs'
import { join } from 'node:path'
import { eventsSchema, openEventLog } from '#core/events/index.ts'
import { type Clock, type Runtime, silentLogger, systemClock } from '#core/platform/index.ts'
import { openStore, type Schema, type Store } from '#core/store/index.ts'
import { until } from '../support/until.ts'
import { durableClass, laterLedgerSchema, ledgerSchema, noted, type TakeNote, writeEvent, writeUnit } from './ledger.ts'
import type { Spoiled } from './proof.ts'
import { keepAsKilled, spoilDatabase, spoilLog, withoutControl } from './spoiling.ts'

/** Where a scenario plays. */
export interface Stage {
  /** The `.wheelhouse` folder. */
  readonly directory: string
  readonly runtime: Runtime
  readonly take: TakeNote
  /** From here on the disk may fail, and its operations are numbered. */
  readonly begin: () => void
  /** Makes the disk work again. */
  readonly mend: () => void
}

/** A stage on which nothing fails. */
export function quietStage(stage: Pick<Stage, 'directory' | 'runtime' | 'take'>): Stage {
  return { ...stage, begin() {}, mend() {} }
}

/** The part of a scenario in which the disk may fail: what comes before and after is played by other scenarios. */
type Perilous = 'opening and what follows' | 'while open' | 'closing'

export interface Scenario {
  readonly what: string
  /** Makes the folder that the scenario begins with, on a disk that works. Without it the scenario begins with nothing. */
  readonly prepare?: (stage: Stage) => Promise<void>
  readonly run: (stage: Stage) => Promise<void>
  /** The schema that the folder has afterwards. */
  readonly ledger?: Schema
  /** What is damaged in the folder that the scenario begins with. */
  readonly spoils?: Spoiled
}

interface StoreChoices {
  readonly ledger?: Schema
  readonly clock?: Clock
  /** Tables besides the ledger. */
  readonly more?: readonly Schema[]
}

/** Opens the store, plays, and closes it; what is refused on the way is noted. */
async function withStore(
  stage: Stage,
  perilous: Perilous,
  play: (store: Store) => Promise<void>,
  { ledger = ledgerSchema, clock = systemClock(), more = [] }: StoreChoices = {},
): Promise<void> {
  if (perilous === 'opening and what follows') stage.begin()
  await noted(stage.take, async () => {
    await using store = await openStore({
      directory: stage.directory,
      schemas: { control: [eventsSchema, ledger], messages: [ledger, ...more] },
      runtime: stage.runtime,
      clock,
      logger: silentLogger,
    })
    if (perilous === 'while open') stage.begin()
    await play(store)
    if (perilous === 'closing') stage.begin()
    else stage.mend()
  })
}

/** A store with something in it, closed. */
const used = (stage: Stage) => withStore(stage, 'while open', (store) => someUnits(store, 'before', stage.take))

async function someUnits(store: Store, caller: string, take: TakeNote): Promise<void> {
  const { control, messages } = store
  await writeUnit(control, { caller, n: 1, parts: 3, recordClass: 'job', size: 2_000 }, take)
  await writeUnit(messages, { caller, n: 2, parts: 3, recordClass: 'outbox', size: 2_000 }, take)
}

/** Several callers at once, as modules do it: each waits for its own, and they share commits. */
async function callers(store: Store, { take }: Stage): Promise<void> {
  const { control, messages } = store
  await using log = openEventLog({ database: control, clock: systemClock(), logger: silentLogger })
  await Promise.all([
    (async () => {
      await writeUnit(control, { caller: 'operator', n: 1, parts: 2, recordClass: 'job' }, take)
      await writeUnit(control, { caller: 'operator', n: 2, parts: 3, recordClass: 'run', size: 3_000 }, take)
    })(),
    (async () => {
      await writeUnit(messages, { caller: 'outbox', n: 1, parts: 3, recordClass: 'outbox', size: 3_000 }, take)
      await writeUnit(messages, { caller: 'outbox', n: 2, parts: 1, recordClass: 'outbox' }, take)
    })(),
    writeUnit(messages, { caller: 'journal', n: 1, parts: 4, recordClass: 'journal' }, take),
    writeEvent(log, 'a service exited', take),
  ])
  await writeUnit(messages, { caller: 'journal', n: 2, parts: 2, recordClass: 'journal' }, take)
}

/** Rows that come and go, each of ten pages. */
const chaffSchema: Schema = {
  owner: 'chaff',
  migrations: [
    { version: 1, what: 'chaff', sql: 'CREATE TABLE chaff (seq INTEGER PRIMARY KEY AUTOINCREMENT, data BLOB) STRICT' },
  ],
}
const chaffKept = 5
/** A thousand free pages stay in a file for what comes next; the rest of these goes. */
const chaff = { rows: 115, bytes: 40_000, fileAfter: 4.4 * 1024 * 1024 } as const

async function fill(database: Store['messages']): Promise<void> {
  const statement = { sql: 'INSERT INTO chaff (data) VALUES (zeroblob(?))', values: [chaff.bytes] }
  await database.write(Array<typeof statement>(chaff.rows).fill(statement), 'journal')
}

/** Retention has done its work, at the latest after the disk was mended. */
async function swept(store: Store, { mend }: Stage): Promise<void> {
  const mendAt = performance.now() + 2_000
  await until('old rows are gone and the file is shorter', () => {
    if (performance.now() > mendAt) mend()
    const { deleted, databases } = store.statistics()
    return deleted.chaff === chaff.rows - chaffKept && databases.messages.bytes < chaff.fileAfter
  })
}

/** Timers go off a hundred times as soon. */
function hurriedClock(): Clock {
  const clock = systemClock()
  return { ...clock, after: (ms, action) => clock.after(ms / 100, action) }
}

export const scenarios: Readonly<Record<string, Scenario>> = {
  'open anew': {
    what: 'a new store is made and written to',
    run: (stage) => withStore(stage, 'opening and what follows', (store) => someUnits(store, 'first', stage.take)),
  },
  write: {
    what: 'durable and relaxed units and an event from several callers',
    prepare: used,
    run: (stage) => withStore(stage, 'while open', (store) => callers(store, stage)),
  },
  migrate: {
    what: 'an old store is brought up to date, a copy first, and written to',
    prepare: used,
    ledger: laterLedgerSchema,
    run: (stage) =>
      withStore(stage, 'opening and what follows', (store) => someUnits(store, 'after', stage.take), {
        ledger: laterLedgerSchema,
      }),
  },
  copy: {
    what: 'a copy is taken beside a writer',
    prepare: used,
    run: (stage) =>
      withStore(stage, 'while open', async (store) => {
        // The job that takes a copy tells why there is none; here it only must do no harm.
        const copy = store.upkeep.copies.take('control', 'scheduled').catch(() => {})
        await Promise.all([copy, callers(store, stage)])
      }),
  },
  replace: {
    what: 'a damaged database is set aside and its copy takes its place',
    spoils: 'control database',
    async prepare(stage) {
      await withStore(stage, 'while open', async (store) => {
        await someUnits(store, 'before', stage.take)
        await store.upkeep.copies.take('control', 'scheduled')
      })
      spoilDatabase(stage.directory)
    },
    run: (stage) => withStore(stage, 'opening and what follows', (store) => someUnits(store, 'after', stage.take)),
  },
  'damaged log': {
    what: 'the log that a kill left is damaged in its middle: what lies behind is told to be lost, and the rest goes on',
    spoils: 'control log',
    async prepare(stage) {
      let [good, takeTheirPlace] = [0, () => {}]
      await withStore(stage, 'while open', async (store) => {
        await someUnits(store, 'before', stage.take)
        good = statSync(join(stage.directory, 'control.db-wal')).size
        await someUnits(store, 'lost', () => {})
        takeTheirPlace = keepAsKilled(stage.directory)
      })
      takeTheirPlace()
      spoilLog(stage.directory, good)
    },
    run: (stage) => withStore(stage, 'opening and what follows', (store) => someUnits(store, 'after', stage.take)),
  },
  'stand-in ends': {
    what: 'a database that had a stand-in can be used again, and the stand-in is kept',
    async prepare(stage) {
      await used(stage)
      await withoutControl(stage.directory, () =>
        withStore(stage, 'while open', (store) => someUnits(store, 'meanwhile', stage.take)),
      )
    },
    run: (stage) => withStore(stage, 'opening and what follows', (store) => someUnits(store, 'after', stage.take)),
  },
  sweep: {
    what: 'old rows are deleted beside writers, and the file is made shorter',
    prepare: (stage) => withStore(stage, 'while open', ({ messages }) => fill(messages), { more: [chaffSchema] }),
    run: (stage) =>
      withStore(
        stage,
        'while open',
        (store) => Promise.all([callers(store, stage), swept(store, stage)]).then(() => {}),
        {
          clock: hurriedClock(),
          more: [{ ...chaffSchema, retention: [{ table: 'chaff', key: 'seq', mostRows: chaffKept }] }],
        },
      ),
  },
  close: {
    what: 'the store is closed while much still waits',
    prepare: used,
    run: (stage) =>
      withStore(stage, 'closing', async ({ control, messages }) => {
        for (let n = 1; n <= 4; n++) {
          void writeUnit(control, { caller: 'late', n, parts: 2, recordClass: 'job' }, stage.take)
          void writeUnit(messages, { caller: 'late', n, parts: 2, recordClass: 'journal', size: 3_000 }, stage.take)
        }
      }),
  },
  'disk full': {
    what: 'the disk is full for a while, and recording goes on by itself when there is room again',
    prepare: used,
    run: (stage) =>
      withStore(stage, 'while open', async ({ control, messages }) => {
        for (let n = 1; n <= 6; n++) {
          const written = await Promise.all([
            writeUnit(control, { caller: 'patient', n, parts: 2, recordClass: 'job' }, stage.take),
            writeUnit(messages, { caller: 'patient', n, parts: 2, recordClass: 'journal', size: 3_000 }, stage.take),
          ])
          if (written.includes(false)) stage.mend()
        }
        await writesAgain(control, stage)
        await writesAgain(messages, stage)
      }),
  },
}

/** Writing resumes without anybody doing anything, though not necessarily at the first attempt. */
async function writesAgain(database: Store['control'], { take, mend }: Stage): Promise<void> {
  mend()
  let n = 100
  await until(`the ${database.name} database takes writes again`, () =>
    writeUnit(database, { caller: 'resumed', n: n++, parts: 2, recordClass: durableClass[database.name] }, take),
  )
}
