import { expect, test } from 'vitest'
import { silentLogger, systemClock } from '#core/platform/index.ts'
import { openStore, type Schema } from '#core/store/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { recordedPage } from './recording/recorded-page.ts'
import { recordedTable, recordingsSchema } from './recording/tables.ts'
import { StoredMessages } from './stored-messages.ts'
import { insertRows, journalTable, messagingSchema } from './tables.ts'

test('a database from before messages kept brokers, clients and properties is read as it was, and takes new rows', async () => {
  using folder = temporaryFolder()
  const clock = systemClock()
  const open = (schemas: readonly Schema[]) =>
    openStore({
      directory: folder.path,
      schemas: { control: [], messages: schemas },
      runtime: testRuntime(),
      clock,
      logger: silentLogger,
    })
  const upTo = (schema: Schema, version: number) => ({
    ...schema,
    migrations: schema.migrations.filter((one) => one.version <= version),
  })
  {
    await using store = await open([upTo(messagingSchema, 6), upTo(recordingsSchema, 1)])
    await store.messages.write(
      [
        { sql: "INSERT INTO journal (at, route, topic, payload) VALUES (1, 'r', 'old', 'x')" },
        {
          sql: "INSERT INTO recorded (recording, at, topic, qos, retain, payload) VALUES (1, 1, 'old', 1, 0, 'x')",
        },
      ],
      'journal',
    )
  }
  await using store = await open([messagingSchema, recordingsSchema])
  const properties = '{"contentType":"text/plain"}'
  await store.messages.write(
    [
      ...insertRows(journalTable, [2, 'r', 'new', 'y', 'plant', properties, 'desk-7']),
      ...insertRows(recordedTable, [1, 2, 'new', 0, 1, 'y', 'plant', properties, 'desk-7']),
    ],
    'journal',
  )
  using stored = new StoredMessages(store, clock, silentLogger)
  const after = { broker: 'plant', client: 'desk-7', properties: { contentType: 'text/plain', hops: 0 } }
  const journal = (await stored.journal({ limit: 10 })).rows
  expect(journal).toMatchObject([
    { topic: 'new', ...after },
    { topic: 'old', payload: 'x' },
  ])
  expect(journal[1]).not.toHaveProperty('broker')
  const page = { recording: 1, after: 0, filter: '#', text: '', limit: 10 }
  const { rows } = await recordedPage(store.messages, page, () => 0)
  expect(rows).toMatchObject([
    { topic: 'old', payload: 'x' },
    { topic: 'new', ...after },
  ])
  expect(rows[0]).not.toHaveProperty('properties')
})
