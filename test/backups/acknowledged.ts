import type { ListedEntry } from '../support/tree-listing.ts'
import type { Place } from './acts.ts'
import type { Listing } from './proof.ts'
import { lookIntoRepository, type StoredEntry, type StoredSnapshot } from './repository-look.ts'
import type { Scenario } from './scenarios.ts'

/**
 * What a scenario finds in its repository and must leave there, by id: every full snapshot; only the newest where the others are to be
 * removed. Snapshots never change, so each is compared with itself as it was.
 */
export function acknowledgedBefore({ act }: Scenario, { folder }: Place): Map<string, Listing> {
  const found = [...lookIntoRepository(folder).snapshots.values()]
  const full = found.filter(({ kind }) => kind === 'full').sort((a, b) => a.at - b.at)
  const staying = act === 'prune' ? full.slice(-1) : full
  return new Map(staying.map((snapshot) => [snapshot.id, asListing(snapshot)]))
}

/** A stored snapshot in the form of a listing. */
function asListing({ entries }: StoredSnapshot): Listing {
  return new Map([...entries].map(([path, entry]): [string, ListedEntry] => [`./${path}`, listed(entry)]))
}

const types = { folder: 'd', file: 'f', link: 'l' } as const

function listed({ type, mode, mtime, size, content }: StoredEntry): ListedEntry {
  return {
    type: types[type],
    mode: mode.toString(8),
    owner: '',
    mtime,
    size: String(size),
    links: '',
    target: type === 'link' ? content : '',
    content: type === 'link' ? '' : content,
  }
}
