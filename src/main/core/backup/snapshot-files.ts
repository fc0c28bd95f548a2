import type { Clock } from '#core/platform/index.ts'
import type { FileView, FolderChanges } from '#shared/contract/snapshot-files.ts'
import { Browsing } from './browse/browsing.ts'
import type { Catalogue } from './catalogue.ts'
import type { Helper } from './program/engine-client.ts'
import { readAgain } from './read-again.ts'

/** Looking into snapshots. Paths are keys, `''` is the site folder. */
export interface SnapshotFiles {
  list(
    request: { readonly snapshot: string; readonly folder: string; readonly from: number; readonly limit: number },
    signal?: AbortSignal,
  ): Promise<{ entries: FileView[]; total: number }>
  /** `against`: another snapshot, or `now`. Aborting stops the work. */
  changes(
    request: { readonly snapshot: string; readonly folder: string; readonly against: string },
    signal?: AbortSignal,
  ): Promise<FolderChanges>
  read(
    request: { readonly snapshot: string; readonly path: string; readonly offset: number; readonly length: number },
    signal?: AbortSignal,
  ): Promise<{ base64: string; bytes: number }>
}

export interface SnapshotFilesPorts {
  readonly clock: Clock
  readonly catalogue: Catalogue
  openReader(signal: AbortSignal): Helper
  refresh(): Promise<void>
}

/** Two helpers at most: one answers at once what is looked at, the other compares, which may take long. */
export function openSnapshotFiles({
  clock,
  catalogue,
  openReader,
  refresh,
}: SnapshotFilesPorts): SnapshotFiles & AsyncDisposable {
  const revision = () => catalogue.snapshots.map(({ id }) => id).join()
  const looking = new Browsing({ clock, openReader, revision, mostWaiting: 64 })
  const comparing = new Browsing({ clock, openReader, revision, mostWaiting: 32 })
  const again = { refresh, choose: (snapshot: string) => catalogue.choose(snapshot) }
  const known = (snapshot: string) => catalogue.choose(snapshot).id
  return {
    async list(request, signal) {
      known(request.snapshot)
      return await readAgain([request.snapshot], again, () => looking.ask('list', request, signal))
    },
    async changes(request, signal) {
      known(request.snapshot)
      if (request.against !== 'now') known(request.against)
      const read = request.against === 'now' ? [request.snapshot] : [request.snapshot, request.against]
      return await readAgain(read, again, () => comparing.ask('changes', request, signal))
    },
    async read(request, signal) {
      known(request.snapshot)
      return await readAgain([request.snapshot], again, () => looking.ask('read', request, signal))
    },
    async [Symbol.asyncDispose]() {
      await looking[Symbol.asyncDispose]()
      await comparing[Symbol.asyncDispose]()
    },
  }
}
