import { execFileSync } from 'node:child_process'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

// Ways to leave a store as something else than a clean close would. Nobody may have its databases open, except for `keepAsKilled`.

/** Overwrites the first pages of a database, but for its header. */
export function spoilDatabase(directory: string): void {
  const path = join(directory, 'control.db')
  const bytes = readFileSync(path)
  bytes.fill(0xa5, 100, 4_096 * 3)
  writeFileSync(path, bytes)
}

/** Flips a bit in the log of the control database, in the first page that was written after it had `good` bytes. */
export function spoilLog(directory: string, good: number): void {
  const path = join(directory, 'control.db-wal')
  const bytes = readFileSync(path)
  const at = good + 24 + 100
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  writeFileSync(path, bytes)
}

/**
 * Copies the folder of a store that is open and at rest, as a kill at this moment would leave it; in another process, so that no
 * lock of this one is lost. Returns what puts the copy in the folder's place once the store is closed.
 */
export function keepAsKilled(directory: string): () => void {
  const killed = `${directory}-killed`
  execFileSync('cp', ['-a', directory, killed])
  return () => {
    rmSync(directory, { recursive: true })
    renameSync(killed, directory)
  }
}

/**
 * Plays while the control database cannot be used, so that a stand-in takes its place; afterwards it is as it was, and the stand-in
 * on record as one for a database that only could not be opened.
 */
export async function withoutControl(directory: string, play: () => Promise<void>): Promise<void> {
  const [database, quarantine] = [join(directory, 'control.db'), join(directory, 'quarantine')]
  const before = readFileSync(database)
  spoilDatabase(directory)
  // A file where the damaged database would be moved to.
  rmSync(quarantine, { recursive: true, force: true })
  writeFileSync(quarantine, '')
  await play()
  rmSync(quarantine)
  writeFileSync(database, before)
  const path = join(directory, 'recovery', 'control.json')
  const record = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, JSON.stringify({ ...record, intent: null, standIn: { ...record.standIn, damage: null } }))
}
