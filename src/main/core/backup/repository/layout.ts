/** Where things lie in a repository: keys of its {@link Storage}. Prefixes end in `/`. */
export const areas = {
  packs: 'packs/',
  index: 'index/',
  snapshots: 'snapshots/',
  marks: 'marks/',
  keys: 'keys/',
} as const

export const keys = {
  /** Its existence makes the place a repository. */
  config: 'config.json',
  /** Who writes at the moment. */
  owner: 'owner.json',
  /** Packs that no snapshot needs, and since when. */
  sweep: 'sweep.json',
  /** Space that is given up when the disk is full, so that something can be removed from it. */
  reserve: 'reserve.bin',
  /** Packs that were found damaged: read while they can be, never relied on for new snapshots. */
  damaged: 'damaged.json',
  pack: (id: string) => `${areas.packs}${id}.pack`,
  index: (hash: string) => `${areas.index}${hash}.index`,
  snapshot: (id: string) => `${areas.snapshots}${id}.json`,
  mark: (id: string, what: 'verified' | 'rehearsed' | 'pinned' | 'applied') => `${areas.marks}${id}.${what}.json`,
} as const

/** Names directly in the root that belong to a repository; anything else there is somebody else's. */
export const ownNames: ReadonlySet<string> = new Set([
  'packs',
  'index',
  'snapshots',
  'marks',
  'keys',
  'kit.json',
  'tmp',
  'config.json',
  'lock.db',
  'lock.db-journal',
  'owner.json',
  'lock.json',
  'sweep.json',
  'reserve.bin',
  'damaged.json',
  'lost+found',
  'System Volume Information',
])

/** The id of the pack that a key names; undefined when it names none. */
export function packIdOf(key: string): string | undefined {
  return /^packs\/([0-9a-f]{64})\.pack$/.exec(key)?.[1]
}

/** The id of the snapshot whose record a key names. */
export function snapshotIdOf(key: string): string | undefined {
  return /^snapshots\/(sn-[0-9a-z]{16})\.json$/.exec(key)?.[1]
}

export function isIndexKey(key: string): boolean {
  return /^index\/[^/]+\.index$/.test(key)
}
