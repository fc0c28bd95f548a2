import { execFileSync } from 'node:child_process'
import { appendFileSync, linkSync, mkdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { makeDatabase, noise } from '../support/odd-site.ts'

/** A small site with one of each thing that a backup treats in its own way. */
export function makeBenchSite(site: string): void {
  mkdirSync(join(site, 'data', 'uploads'), { recursive: true })
  mkdirSync(join(site, 'releases', 'one'), { recursive: true })
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\nsite: bench\n')
  writeFileSync(join(site, 'releases', 'one', 'api.mjs'), noise(90_000))
  writeFileSync(join(site, 'releases', 'one', 'small.txt'), 'small')
  linkSync(join(site, 'releases', 'one', 'small.txt'), join(site, 'releases', 'one', 'small again.txt'))
  symlinkSync('releases/one', join(site, 'current'))
  writeFileSync(join(site, 'data', 'notes.txt'), 'kept by nobody else')
  makeDatabase(join(site, 'data', 'app.db'), 20)
  // Not in any snapshot, and carried over by a restore.
  execFileSync('mkfifo', [join(site, 'data', 'uploads', 'pipe')])
}

/** A day's work on it. `turn` makes one day differ from another. */
export function workOn(site: string, turn: number): void {
  writeFileSync(join(site, 'data', 'uploads', `upload ${turn}`), noise(70_000, turn + 2))
  appendFileSync(join(site, 'data', 'notes.txt'), `note ${turn}\n`)
  const database = new Database(join(site, 'data', 'app.db'))
  database.prepare('INSERT INTO notes (text) VALUES (?)').run(`note of day ${turn}`)
  database.close()
}

/** What somebody may do to it by mistake. */
export function spoil(site: string): void {
  unlinkSync(join(site, 'data', 'app.db'))
  rmSync(join(site, 'releases'), { recursive: true })
  appendFileSync(join(site, 'site.yaml'), '# changed\n')
  writeFileSync(join(site, 'extra'), 'in no snapshot')
}
