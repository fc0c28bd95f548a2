import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { temporaryFolder } from './folders.ts'

/** A site folder with everything that a file system can hold and a backup easily loses. */
export function makeOddSite(site: string): void {
  const code = join(site, 'releases', 'r1')
  mkdirSync(join(site, 'data', 'uploads'), { recursive: true })
  mkdirSync(join(site, 'logs'), { recursive: true })
  mkdirSync(join(code, 'services'), { recursive: true })
  mkdirSync(join(site, '.wheelhouse'), { recursive: true })
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\nsite: bench\n')
  writeFileSync(join(site, '.wheelhouse', 'own.txt'), 'never backed up')
  writeFileSync(join(code, 'services', 'api.mjs'), 'export default 1\n'.repeat(2_000))
  symlinkSync('releases/r1', join(site, 'current'))
  symlinkSync('nowhere/at all', join(code, 'dangling'))
  mkdirSync(join(code, 'empty folder'))
  writeFileSync(join(code, 'empty file'), '')
  writeFileSync(join(code, 'line\nbreak and "quotes" and \\ and $x'), 'newline')
  writeFileSync(join(code, 'n'.repeat(255)), 'long name')
  writeFileSync(join(code, 'žluťoučký kůň ☕'), 'unicode')
  writeFileSync(Buffer.concat([Buffer.from(`${code}/`), Buffer.from([0x6c, 0x61, 0x74, 0xe9, 0x6e, 0xff])]), 'bytes')
  mkdirSync(Buffer.concat([Buffer.from(`${code}/`), Buffer.from([0xfe, 0x64])]))
  writeFileSync(Buffer.concat([Buffer.from(`${code}/`), Buffer.from([0xfe, 0x64]), Buffer.from('/inside')]), 'inside')
  writeFileSync(join(code, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 })
  chmodSync(join(code, 'run.sh'), 0o4751)
  writeFileSync(join(code, 'secret'), 'x', { mode: 0o400 })
  mkdirSync(join(code, 'read only'), { mode: 0o755 })
  writeFileSync(join(code, 'read only', 'file'), 'y')
  chmodSync(join(code, 'read only'), 0o555)
  linkSync(join(code, 'services', 'api.mjs'), join(code, 'api-again.mjs'))
  makeSparse(join(site, 'data', 'sparse.img'))
  writeFileSync(join(site, 'data', 'uploads', 'random.bin'), noise(3 * 1024 * 1024 + 17))
  writeFileSync(join(site, 'logs', 'api.out.log'), 'a line of log\n'.repeat(40_000))
  makeDatabase(join(site, 'data', 'app.db'), 500)
  utimesSync(join(code, 'empty file'), 1_234_567_890.123456, 1_234_567_890.123456)
  execFileSync('touch', ['-d', '2031-05-06 07:08:09.987654321', join(code, 'run.sh')])
  execFileSync('touch', ['-h', '-d', '2001-02-03 04:05:06.000001', join(site, 'current')])
  execFileSync('touch', ['-d', '1999-12-31 23:59:59.5', join(code, 'empty folder')])
}

/** A database in WAL mode with `rows` rows, closed. */
export function makeDatabase(path: string, rows: number): void {
  const database = new Database(path)
  database.pragma('journal_mode = WAL')
  database.exec('CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)')
  const insert = database.prepare('INSERT INTO notes (text) VALUES (?)')
  database.transaction(() => {
    for (let row = 0; row < rows; row++) insert.run(`note ${row} ${'.'.repeat(200)}`)
  })()
  database.close()
}

/** The number of rows, and whether SQLite finds the file sound: seen in a copy, so that nothing is left beside it. */
export function lookIntoDatabase(path: string): { readonly rows: number; readonly sound: boolean } {
  using folder = temporaryFolder()
  const copy = join(folder.path, 'copy.db')
  for (const ending of ['', '-wal']) if (existsSync(path + ending)) copyFileSync(path + ending, copy + ending)
  const database = new Database(copy, { fileMustExist: true })
  try {
    const rows = database.prepare<[], number>('SELECT count(*) FROM notes').pluck().get() ?? 0
    return { rows, sound: database.pragma('integrity_check', { simple: true }) === 'ok' }
  } finally {
    database.close()
  }
}

/** Bytes that do not compress, the same for the same length and seed. */
export function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length)
  let state = seed >>> 0 || 1
  for (let at = 0; at < length; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[at] = state & 255
  }
  return bytes
}

/** A copy by another program, to compare with later. */
export function copyTree(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to])
}

function makeSparse(path: string): void {
  const handle = openSync(path, 'w')
  writeSync(handle, 'begin', 0)
  writeSync(handle, 'middle', 5 * 1024 * 1024)
  ftruncateSync(handle, 12 * 1024 * 1024)
  closeSync(handle)
}
