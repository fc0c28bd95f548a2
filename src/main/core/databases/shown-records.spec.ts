import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { databasesRig } from '../../../../test/support/databases-rig.ts'

test("the figures of a database are shown on while the console's own store is replaced and lets nothing be read", async () => {
  const rig = await databasesRig(
    (directory) => {
      const file = join(directory, 'app.db')
      const database = new Database(file)
      database.exec('CREATE TABLE notes (text TEXT)')
      database.close()
      return { engine: 'sqlite', file }
    },
    { figures: true },
  )
  const replaced = rig.store().replace('control', 'a test', 'operator')
  expect(rig.store().statistics().databases.control.state).toBe('recovering')
  await rig.clock.advance(2_000)
  await replaced
  const waiting = rig.clock.waiting
  await rig.clock.advance(2_000)
  // The next time is still to come.
  expect(rig.clock.waiting).toBe(waiting)
  expect(rig.view()).toMatchObject({ id: 'db', lastCheck: null })
})
