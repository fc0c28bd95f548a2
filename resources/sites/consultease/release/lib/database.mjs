// The consultations in SQLite. One process has the file open; nobody else writes to it.
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { faculty, students, topics } from './people.mjs'

const tables = `
  CREATE TABLE faculty (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, department TEXT NOT NULL, room TEXT NOT NULL,
    present INTEGER, battery REAL, seen_at TEXT
  ) STRICT;
  CREATE TABLE students (id TEXT PRIMARY KEY, name TEXT NOT NULL, programme TEXT NOT NULL) STRICT;
  CREATE TABLE consultations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    student TEXT NOT NULL REFERENCES students (id),
    faculty TEXT NOT NULL REFERENCES faculty (id),
    topic TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'accepted', 'declined', 'done', 'cancelled')),
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
  ) STRICT;
  CREATE INDEX consultations_by_status ON consultations (status, created_at);
  PRAGMA user_version = 1;
`

/** Which status may follow which. */
export const followers = {
  pending: ['accepted', 'declined', 'cancelled'],
  accepted: ['done', 'cancelled'],
  declined: [],
  done: [],
  cancelled: [],
}

/** What is decided is kept for a week: a sample that runs for months stays small. */
const keptDays = 7

/** Whether the site was in use before: then its database is not to be made anew. */
export function wasInUse(folder) {
  return existsSync(markIn(folder))
}

/**
 * Opens the database, made and filled at the first start. Later a missing file is a failure, not a reason to begin anew:
 * a mark beside it (`consultease.installed`) tells the two apart. Throws with a sentence.
 */
export function openDatabase(folder) {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'consultease.db')
  const mark = markIn(folder)
  if (!existsSync(file) && existsSync(mark)) {
    throw new Error(`The database ${file} is missing. It was there before: restore it from a backup.`)
  }
  const db = new Database(file)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = NORMAL')
  db.pragma('foreign_keys = ON')
  db.pragma('busy_timeout = 3000')
  const isNew = db.pragma('user_version', { simple: true }) === 0
  if (isNew) db.transaction(() => fill(db))()
  if (!existsSync(mark)) writeFileSync(mark, 'This site has been in use; its database is not to be made anew.\n')
  return { ...statements(db), isNew, ...watch(file), close: () => db.close() }
}

function markIn(folder) {
  return join(folder, 'consultease.installed')
}

function fill(db) {
  db.exec(tables)
  const addFaculty = db.prepare(
    'INSERT INTO faculty (id, name, department, room) VALUES (@id, @name, @department, @room)',
  )
  const addStudent = db.prepare('INSERT INTO students (id, name, programme) VALUES (@id, @name, @programme)')
  const addConsultation = db.prepare(
    'INSERT INTO consultations (student, faculty, topic, status, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)',
  )
  for (const one of faculty) addFaculty.run(one)
  for (const one of students) addStudent.run(one)
  for (let n = 0; n < 24; n++) {
    const at = new Date(Date.now() - (24 - n) * 3_600_000).toISOString()
    const [student, member] = [students[(n * 7) % students.length], faculty[(n * 5) % faculty.length]]
    addConsultation.run(student.id, member.id, topics[n % topics.length], n % 4 === 3 ? 'declined' : 'done', at, at)
  }
}

function statements(db) {
  const now = () => new Date().toISOString()
  const all = (sql) => {
    const statement = db.prepare(sql)
    return (...values) => statement.all(...values)
  }
  const one = db.prepare('SELECT * FROM consultations WHERE id = ?')
  const add = db.prepare(
    "INSERT INTO consultations (student, faculty, topic, status, created_at, updated_at) VALUES (?, ?, ?, 'pending', ?, ?)",
  )
  const move = db.prepare('UPDATE consultations SET status = ?, updated_at = ? WHERE id = ? AND status = ?')
  const seen = db.prepare('UPDATE faculty SET present = ?, battery = ?, seen_at = ? WHERE id = ?')
  const forget = db.prepare(
    "DELETE FROM consultations WHERE status IN ('declined', 'done', 'cancelled') AND updated_at < ?",
  )
  const count = db.prepare('SELECT count(*) AS consultations FROM consultations')
  return {
    faculty: all('SELECT * FROM faculty ORDER BY name'),
    students: all('SELECT * FROM students ORDER BY name'),
    consultations: all(`
      SELECT c.*, s.name AS student_name, f.name AS faculty_name FROM consultations c
      JOIN students s ON s.id = c.student JOIN faculty f ON f.id = c.faculty ORDER BY c.id DESC LIMIT ?`),
    pending: all("SELECT * FROM consultations WHERE status = 'pending' AND updated_at < ? ORDER BY id LIMIT 50"),
    consultation: (id) => one.get(id),
    count: () => count.get().consultations,
    add(student, member, topic) {
      const at = now()
      return one.get(add.run(student, member, topic, at, at).lastInsertRowid)
    },
    /** Moves a consultation on; undefined when it is unknown, false when that status may not follow. */
    move(id, status) {
      const found = one.get(id)
      if (!found) return undefined
      if (!followers[found.status].includes(status)) return false
      move.run(status, now(), id, found.status)
      return one.get(id)
    },
    /** Notes presence; false for somebody who is not known. */
    seen: (member, present, battery) => seen.run(present ? 1 : 0, battery, now(), member).changes > 0,
    forgetOld: () => forget.run(new Date(Date.now() - keptDays * 86_400_000).toISOString()).changes,
  }
}

/**
 * Notices that the file was deleted or replaced under the open database: everything written then would go into a file that
 * nobody can find. Only its name is looked at; opening it here would drop SQLite's locks.
 */
function watch(file) {
  const identity = () => {
    const found = statSync(file, { bigint: true, throwIfNoEntry: false })
    return found ? `${found.dev}:${found.ino}` : 'gone'
  }
  const opened = identity()
  return {
    /** What is wrong with the file, as a sentence; undefined while it is the one that was opened. */
    fault() {
      const current = identity()
      if (current === opened) return undefined
      const what = current === 'gone' ? 'was deleted' : 'was replaced by another file'
      return `The database ${file} ${what} while it was in use.`
    },
  }
}
