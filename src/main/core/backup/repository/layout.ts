import { join } from 'node:path'

/** Where things lie in a repository folder. */
export interface Layout {
  readonly folder: string
  readonly config: string
  /** Held by whoever writes; opened by SQLite only. Beside it a file that says who that is. */
  readonly lock: string
  readonly owner: string
  readonly packs: string
  readonly index: string
  readonly snapshots: string
  readonly marks: string
  /** Working files; emptied by the next one who takes the lock. */
  readonly temporary: string
  readonly sweep: string
  /** Packs that were found damaged: read while they can be, never relied on for new snapshots. */
  readonly damaged: string
  pack(id: string): string
  snapshot(id: string): string
  mark(id: string, what: 'verified' | 'rehearsed' | 'pinned' | 'applied'): string
}

export function layoutOf(folder: string): Layout {
  return {
    folder,
    config: join(folder, 'config.json'),
    lock: join(folder, 'lock.db'),
    owner: join(folder, 'owner.json'),
    packs: join(folder, 'packs'),
    index: join(folder, 'index'),
    snapshots: join(folder, 'snapshots'),
    marks: join(folder, 'marks'),
    temporary: join(folder, 'tmp'),
    sweep: join(folder, 'sweep.json'),
    damaged: join(folder, 'damaged.json'),
    pack: (id) => join(folder, 'packs', `${id}.pack`),
    snapshot: (id) => join(folder, 'snapshots', `${id}.json`),
    mark: (id, what) => join(folder, 'marks', `${id}.${what}.json`),
  }
}
