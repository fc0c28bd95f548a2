import type { Clock } from '#core/platform/index.ts'
import type { FileView, FolderChanges } from '#shared/contract/snapshot-files.ts'
import { Browsing } from './browse/browsing.ts'
import type { Catalogue } from './catalogue.ts'
import type { Helper } from './program/engine-client.ts'

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
}

/** Two helpers at most: one answers at once what is looked at, the other compares, which may take long. */
export function openSnapshotFiles({
  clock,
  catalogue,
  openReader,
}: SnapshotFilesPorts): SnapshotFiles & AsyncDisposable {
  const revision = () => catalogue.snapshots.map(({ id }) => id).join()
  const looking = new Browsing({ clock, openReader, revision, mostWaiting: 64 })
  const comparing = new Browsing({ clock, openReader, revision, mostWaiting: 32 })
  const known = (snapshot: string) => catalogue.choose(snapshot).id
  return {
    async list(request, signal) {
      known(request.snapshot)
      return await looking.ask('list', request, signal)
    },
    async changes(request, signal) {
      known(request.snapshot)
      if (request.against !== 'now') known(request.against)
      return await comparing.ask('changes', request, signal)
    },
    async read(request, signal) {
      known(request.snapshot)
      return await looking.ask('read', request, signal)
    },
    async [Symbol.asyncDispose]() {
      await looking[Symbol.asyncDispose]()
      await comparing[Symbol.asyncDispose]()
    },
  }
}
