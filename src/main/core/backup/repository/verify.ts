import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { diskWords, newId } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { rawKey, shown } from '../raw-path.ts'
import type { BlobIndex } from './blob-index.ts'
import type { BlobReader } from './blob-reader.ts'
import { writeFileFrom } from './file-writer.ts'
import { type FileEntry, nameBytes, readTree } from './tree.ts'
import { type WalkedFile, walkTree } from './tree-walk.ts'

/** A database as a snapshot holds it: its file, and the logs that were taken with it. */
export interface StoredDatabase {
  readonly path: string
  readonly main: FileEntry
  readonly logs: readonly { readonly ending: string; readonly entry: FileEntry }[]
}

/** With what its check found: a sentence, null when it is sound, undefined when it was not checked yet. */
export interface CheckedDatabase extends StoredDatabase {
  readonly problem?: string | null | undefined
}

/** Everything that a snapshot needs to exist. */
export interface Contents {
  readonly blobs: ReadonlySet<string>
  readonly databases: readonly StoredDatabase[]
}

/** Lists what a tree refers to, and checks that the index knows all of it. Rejects with `repository-damaged`. */
export async function contentsOf(reader: BlobReader, tree: string): Promise<Contents> {
  const blobs = new Set<string>()
  const databases: StoredDatabase[] = []
  await walkTree(reader, tree, {
    tree: (id) => void blobs.add(id),
    file(file) {
      for (const id of file.entry.chunks) blobs.add(id)
      if (file.entry.database) databases.push(storedDatabase(file))
    },
  })
  for (const id of blobs) reader.length(id)
  return { blobs, databases }
}

/** The database that lies at `path` (as shown to people) below a tree. */
export async function findDatabase(
  reader: BlobReader,
  tree: string,
  path: string,
): Promise<StoredDatabase | undefined> {
  const [first = '', ...rest] = path.split('/')
  const siblings = await readTree(reader, tree)
  const entry = siblings.find((each) => shown(nameBytes(each)) === first)
  if (entry?.type === 'folder') return findDatabase(reader, entry.tree, rest.join('/'))
  if (entry?.type !== 'file' || rest.length > 0 || !entry.database) return undefined
  return storedDatabase({ path: Buffer.from(path), entry, siblings })
}

/** The packs that hold the blobs. */
export function packsOf(index: BlobIndex, blobs: Iterable<string>): ReadonlySet<string> {
  const packs = new Set<string>()
  for (const id of blobs) {
    const at = index.get(id)
    if (at) packs.add(at.pack)
  }
  return packs
}

/** Writes a database out of the repository and has it checked. Resolves with what is wrong with it, or null. */
export async function checkStored(
  database: StoredDatabase,
  reader: BlobReader,
  temporary: string,
  check: (path: string) => Promise<{ readonly ok: boolean; readonly problems: readonly string[] }>,
): Promise<string | null> {
  const folder = join(temporary, newId('check'))
  await mkdir(folder, { mode: 0o700 })
  try {
    const path = join(folder, 'database')
    await writeFileFrom(reader, database.main, Buffer.from(path))
    for (const { ending, entry } of database.logs) await writeFileFrom(reader, entry, Buffer.from(path + ending))
    return problemIn(await check(path))
  } catch (error) {
    if (!(error instanceof ConsoleError) || !error.problem.code.startsWith('database-')) throw error
    if (isVerdict(error)) return error.message
    throw notChecked(database.path, error)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Whether a check that failed says something of the database, and not of the disk that it was made on, or of the time it took. */
function isVerdict({ problem: { code, params } }: ConsoleError): boolean {
  if (code === 'database-damaged') return true
  if (code !== 'database-copy-failed' && code !== 'database-missing') return false
  const reason = String(params.reason)
  if (reason === 'SQLITE_IOERR_SHORT_READ') return true
  return !/^(E[A-Z]+$|helper-ended|SQLITE_(IOERR|FULL|CANTOPEN|READONLY|NOMEM|PERM))/.test(reason)
}

function notChecked(path: string, error: ConsoleError): ConsoleError {
  const reason = String(error.problem.params.reason ?? error.problem.code)
  return new ConsoleError(
    'database-not-checked',
    `The database ${path} as it is in the backups could not be checked: ${diskWords(reason) ?? 'its check was cut off'} (${reason}).`,
    'Check the disk of the backups and its free space, then try again.',
    { params: { database: path, reason }, retryable: true, cause: error },
  )
}

/** What a check came to, in a sentence; null when all is well. */
function problemIn({ ok, problems }: { readonly ok: boolean; readonly problems: readonly string[] }) {
  return ok ? null : problems.join('; ') || 'SQLite does not say why'
}

/** A database with the logs beside it that belong to its content. */
export function storedDatabase({ path, entry, siblings }: WalkedFile): StoredDatabase {
  const name = rawKey(nameBytes(entry))
  const logs = siblings.flatMap((sibling) => {
    const ending = ['-wal', '-journal'].find((suffix) => rawKey(nameBytes(sibling)) === name + suffix)
    return ending && sibling.type === 'file' && entry.database?.how === 'raw' ? [{ ending, entry: sibling }] : []
  })
  return { path: shown(path), main: entry, logs }
}
