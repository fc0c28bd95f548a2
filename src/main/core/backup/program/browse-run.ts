import { lstatSync } from 'node:fs'
import { ConsoleError } from '#shared/problem.ts'
import { sinceThen, sumUp } from '../browse/changes.ts'
import { kindOf, listFolder } from '../browse/list.ts'
import { treeChanges } from '../browse/tree-changes.ts'
import { scopeOf } from '../capture/scope.ts'
import { fromRawKey, joinRaw, shown } from '../raw-path.ts'
import { readSnapshot } from '../repository/snapshot-file.ts'
import { compareSite } from '../restore/compare.ts'
import { SnapshotTree } from '../restore/selection.ts'
import type { Engine } from './engine.ts'
import type { Input, Output } from './messages.ts'

/** Looks into snapshots: nothing here writes. */

export async function runList(engine: Engine, request: Input<'list'>): Promise<Output<'list'>> {
  return listFolder((await opened(engine, request.snapshot)).tree, request)
}

/** What became of a folder since the snapshot, in the site as it is now or in another snapshot. */
export async function runChanges(
  engine: Engine,
  { snapshot: id, folder, against }: Input<'changes'>,
): Promise<Output<'changes'>> {
  const { snapshot, tree } = await opened(engine, id)
  const paths = folder === '' ? (snapshot.paths ?? null) : [folder]
  if (against !== 'now') {
    const other = await opened(engine, against)
    const changes = []
    for await (const change of treeChanges(tree, other.tree, folder)) changes.push(change)
    const kinds = new Map([...((await other.tree.listing(folder)) ?? []), ...((await tree.listing(folder)) ?? [])])
    return sumUp(folder, changes, (path) => {
      const entry = kinds.get(path.slice(folder === '' ? 0 : folder.length + 1))
      return entry ? kindOf(entry) : 'file'
    })
  }
  const scope = scopeOf(snapshot.scope, snapshot.exclude, paths)
  const { differences } = await compareSite(engine.site.directory, snapshot, scope, engine)
  const listing = await tree.listing(folder)
  return sumUp(folder, differences.map(sinceThen), (path) => {
    const entry = listing?.get(path.slice(folder === '' ? 0 : folder.length + 1))
    return entry ? kindOf(entry) : kindInSite(engine.site.directory, path)
  })
}

/** A piece of a file, from the chunks that hold it. Rejects with `file-not-in-snapshot`. */
export async function runRead(
  engine: Engine,
  { snapshot, path, offset, length }: Input<'read'>,
): Promise<Output<'read'>> {
  const entry = await (await opened(engine, snapshot)).tree.find(path)
  if (entry?.type !== 'file') throw noFile(snapshot, path)
  const pieces: Buffer[] = []
  let at = 0
  for (const id of entry.chunks) {
    const size = engine.reader.length(id)
    if (at >= offset + length) break
    if (at + size > offset) {
      const bytes = await engine.reader.get(id)
      pieces.push(bytes.subarray(Math.max(0, offset - at), Math.min(size, offset + length - at)))
    }
    at += size
  }
  return { base64: Buffer.concat(pieces).toString('base64'), bytes: entry.size }
}

async function opened(engine: Engine, id: string) {
  const snapshot = await readSnapshot(engine.repository.storage, id)
  return { snapshot, tree: new SnapshotTree(engine.reader, snapshot.tree, engine.platform) }
}

function kindInSite(site: string, path: string): 'folder' | 'file' | 'link' {
  const stat = lstatSync(joinRaw(Buffer.from(site), fromRawKey(path)), { throwIfNoEntry: false })
  return stat?.isDirectory() ? 'folder' : stat?.isSymbolicLink() ? 'link' : 'file'
}

function noFile(snapshot: string, path: string): ConsoleError {
  const name = shown(fromRawKey(path))
  return new ConsoleError(
    'file-not-in-snapshot',
    `The snapshot ${snapshot} holds no file ${name}.`,
    `Look at what it holds: wheelhouse backups ls ${snapshot}.`,
    { params: { snapshot, path: name } },
  )
}
