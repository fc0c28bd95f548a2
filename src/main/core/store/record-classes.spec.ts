import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { attentionSchema } from '#core/attention/index.ts'
import { backupSchema } from '#core/backup/index.ts'
import { configSchema } from '#core/config/index.ts'
import { coordinatorSchema } from '#core/coordinator/index.ts'
import { databasesSchema } from '#core/databases/index.ts'
import { dependenciesSchema } from '#core/dependencies/index.ts'
import { drillsSchema } from '#core/drills/index.ts'
import { eventsSchema } from '#core/events/index.ts'
import { jobsSchema } from '#core/jobs/index.ts'
import { maintenanceSchema } from '#core/maintenance/index.ts'
import { devicesSchema, messagingSchema, recordingsSchema } from '#core/messaging/index.ts'
import { silentLogger, systemClock } from '#core/platform/index.ts'
import { recoverySchema } from '#core/recovery/index.ts'
import { unitsSchema } from '#core/units/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { openStore } from './index.ts'
import { recordClassNames, ruleOf } from './record-classes.ts'

test('every table of the console is in a class, and every class names only tables that there are', async () => {
  using folder = temporaryFolder()
  const control = [
    eventsSchema,
    jobsSchema,
    attentionSchema,
    coordinatorSchema,
    backupSchema,
    databasesSchema,
    dependenciesSchema,
    maintenanceSchema,
    drillsSchema,
    recoverySchema,
    unitsSchema,
    configSchema,
  ]
  const schemas = { control, messages: [messagingSchema, recordingsSchema, devicesSchema] }
  const options = {
    directory: folder.path,
    schemas,
    runtime: testRuntime(),
    clock: systemClock(),
    logger: silentLogger,
  }
  await (await openStore(options))[Symbol.asyncDispose]()
  for (const name of ['control', 'messages'] as const) {
    const database = new Database(join(folder.path, `${name}.db`), { readonly: true })
    const tables = database
      .prepare<[], string>(
        `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
         AND name NOT LIKE 'store\\_%' ESCAPE '\\' ORDER BY name`,
      )
      .pluck()
      .all()
    database.close()
    const classed = recordClassNames.filter((its) => ruleOf(its).database === name).flatMap((its) => ruleOf(its).tables)
    expect([...new Set(classed)].sort()).toEqual(tables)
  }
})

test('what must survive a power cut is committed with FULL, and only what the next record repeats is given up', () => {
  const durable = recordClassNames.filter((name) => ruleOf(name).durability === 'durable')
  expect(durable).toEqual(['event', 'job', 'attention', 'bookkeeping', 'outbox'])
  expect(durable.filter((name) => ruleOf(name).whenFull !== 'wait')).toEqual([])
  expect(recordClassNames.filter((name) => ruleOf(name).whenFull === 'drop')).toEqual(['progress', 'metric'])
})
