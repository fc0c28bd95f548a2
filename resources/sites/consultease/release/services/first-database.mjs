// Runs before the database is watched: a new site gets its database. One that was lost or damaged later is left for the console to
// tell of and to recover.
import { openDatabase, wasInUse } from '../lib/database.mjs'
import { die, log, setting } from '../lib/service.mjs'

const folder = setting('DATA')
if (!wasInUse(folder)) {
  try {
    const database = openDatabase(folder)
    log(`Made the database, with ${database.count()} consultations in it.`)
    database.close()
  } catch (error) {
    die(error.message)
  }
}
