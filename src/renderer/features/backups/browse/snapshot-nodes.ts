import type { FileChange, FileView, FolderChanges } from '#shared/contract/index.ts'
import { foldersOf } from '#shared/path-key.ts'

/** What is known of a folder: a part of its entries, how many there are, and what became of them since. */
export interface LoadedFolder {
  readonly entries: readonly FileView[]
  readonly total: number
  /** Null while that is worked out, or not asked for. */
  readonly changes: FolderChanges | null
}

/** A line of the tree. */
export type SnapshotRow =
  | {
      readonly type: 'entry'
      readonly path: string
      readonly name: string
      readonly depth: number
      readonly expandable: boolean
      readonly expanded: boolean
      readonly place: number
      readonly among: number
      readonly file: FileView
      readonly change: FileChange | null
    }
  /** Came since the snapshot: it is not in there, so it can be looked at in the site only. */
  | {
      readonly type: 'since'
      readonly path: string
      readonly name: string
      readonly depth: number
      readonly expandable: false
      readonly expanded: false
      readonly place: number
      readonly among: number
      readonly change: FileChange
    }
  /** The rest of a folder, or that it is being read. */
  | {
      readonly type: 'more'
      readonly path: string
      readonly name: string
      readonly depth: number
      readonly expandable: false
      readonly expanded: false
      readonly folder: string
      readonly left: number
    }

/** The lines that are open, from the site folder on. Pure. */
export function rowsOf(
  folders: ReadonlyMap<string, LoadedFolder>,
  expanded: ReadonlySet<string>,
  folder = '',
  depth = 0,
): readonly SnapshotRow[] {
  const loaded = folders.get(folder)
  if (!loaded) return [more(folder, depth, 0)]
  const changes = new Map(loaded.changes?.entries.map((change) => [change.path, change]))
  const since = (loaded.changes?.entries ?? []).filter(
    ({ path, what }) => what === 'added' && !loaded.entries.some((entry) => entry.path === path),
  )
  const among = loaded.total + since.length
  const rows: SnapshotRow[] = []
  loaded.entries.forEach((file, index) => {
    const open = file.kind === 'folder' && expanded.has(file.path)
    rows.push({
      type: 'entry',
      path: file.path,
      name: file.name,
      depth,
      expandable: file.kind === 'folder',
      expanded: open,
      place: index + 1,
      among,
      file,
      change: changes.get(file.path) ?? null,
    })
    if (open) rows.push(...rowsOf(folders, expanded, file.path, depth + 1))
  })
  const left = loaded.total - loaded.entries.length
  if (left > 0) rows.push(more(folder, depth, left))
  since.forEach((change, index) => {
    const { path, name } = change
    const place = loaded.total + index + 1
    rows.push({ type: 'since', path, name, depth, expandable: false, expanded: false, place, among, change })
  })
  return rows
}

function more(folder: string, depth: number, left: number): SnapshotRow {
  const path = `${folder}\0more`
  return { type: 'more', path, name: '', depth, expandable: false, expanded: false, folder, left }
}

/** Whether a path is ticked itself, or by a folder above it; `part` when only something in it is. */
export function tickOf(path: string, ticked: ReadonlySet<string>): 'own' | 'above' | 'part' | 'none' {
  if (ticked.has(path)) return 'own'
  if (foldersOf(path).some((folder) => ticked.has(folder))) return 'above'
  for (const one of ticked) if (one.startsWith(`${path}/`)) return 'part'
  return 'none'
}

/** Ticks a path, which takes in what lies in it, or takes its tick away. One that is ticked by a folder above it stays. */
export function withTick(path: string, ticked: ReadonlySet<string>): ReadonlySet<string> {
  const tick = tickOf(path, ticked)
  if (tick === 'above') return ticked
  const rest = new Set([...ticked].filter((one) => one !== path && !one.startsWith(`${path}/`)))
  if (tick !== 'own') rest.add(path)
  return rest
}
