import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { captureSite } from '../capture/capture.ts'
import { FileReader } from '../capture/file-reader.ts'
import { scopeOf } from '../capture/scope.ts'
import { dumpPath, dumpsFolder, type SnapshotDump } from '../postgres/dump-record.ts'
import { completeDumps, importedDumps } from '../postgres/stored-dumps.ts'
import type { BlobStore } from '../repository/blob-store.ts'
import { databaseChunks } from '../repository/chunker.ts'
import type { TreeEntry } from '../repository/tree.ts'
import type { Engine } from './engine.ts'
import type { Input } from './messages.ts'

/** What a snapshot holds of databases of servers. */
export interface CapturedDumps {
  /** Stands for all of them in the listing of the site folder; null where there are none. */
  readonly entry: TreeEntry | null
  readonly taken: readonly SnapshotDump[]
  readonly files: number
  readonly bytes: number
  /** A sentence for each that is missing, and the places at which they would lie. */
  readonly missing: readonly string[]
  readonly lost: readonly string[]
}

/** Stores the dumps that lie in a folder, in small chunks: most of a table is the same in the next dump. */
export async function captureDumps(
  engine: Engine,
  { dumps }: Pick<Input<'backup'>, 'dumps'>,
  store: BlobStore,
  imported: { readonly directory: string } | null,
): Promise<CapturedDumps> {
  const missing = dumps?.missing ?? []
  const told = {
    missing: missing.map(({ sentence }) => sentence),
    lost: missing.map(({ service }) => dumpPath(service)),
  }
  const folder = imported ? join(imported.directory, dumpsFolder) : dumps?.folder
  if (folder === undefined || !lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    return { entry: null, taken: [], files: 0, bytes: 0, ...told }
  }
  const taken = imported ? importedDumps(folder) : await completeDumps(folder, dumps?.dumped ?? [])
  const reader = new FileReader(store, databaseChunks)
  const captured = await captureSite(
    { site: folder, scope: scopeOf('site', []), databases: 'as files', previous: null },
    {
      store,
      reader,
      trees: engine.reader,
      owners: engine.owners,
      database: { reader, copy: never, temporary: engine.temporary, now: () => Date.now() },
      onFile: () => {},
    },
  )
  const { uid, gid, mtimeNs } = lstatSync(folder, { bigint: true })
  const entry: TreeEntry = {
    type: 'folder',
    name: dumpsFolder,
    mode: 0o700,
    uid: Number(uid),
    gid: Number(gid),
    user: engine.owners.userName(Number(uid)),
    group: engine.owners.groupName(Number(gid)),
    mtime: String(mtimeNs),
    tree: captured.tree,
  }
  return { entry, taken, files: captured.files, bytes: captured.bytes, ...told }
}

function never(): Promise<never> {
  throw new Error('A dump is no SQLite database.')
}
