/** A service that writes one row after the other into its database and says each number that is committed. */
import { writeSync } from 'node:fs'
import Database from 'better-sqlite3'

const database = new Database(process.argv[2] ?? '', { timeout: 5_000 })
const insert = database.prepare('INSERT INTO notes (text) VALUES (?)')
const write = () => {
  const { lastInsertRowid } = insert.run('.'.repeat(300))
  writeSync(1, `${lastInsertRowid}\n`)
  setImmediate(write)
}
write()
