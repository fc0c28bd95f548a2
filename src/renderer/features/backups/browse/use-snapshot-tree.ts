import { useCallback, useEffect, useRef, useState } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import type { Problem } from '#shared/problem.ts'
import { usePage } from '../../../state/page-context.ts'
import type { LoadedFolder } from './snapshot-nodes.ts'

const pageSize = 500

export interface SnapshotTreeState {
  readonly folders: ReadonlyMap<string, LoadedFolder>
  readonly expanded: ReadonlySet<string>
  readonly problem: Problem | null
  /** Folders whose differences are being worked out. */
  readonly comparing: number
  toggle(folder: string, open: boolean): void
  /** Reads the next part of a folder. */
  more(folder: string): void
  retry(): void
}

/**
 * The folders of a snapshot that were opened, each read when it is opened, with what became of it since: `now`, another snapshot's
 * id, or null for not asked. Leaving the page gives up on what is still being compared.
 */
export function useSnapshotTree(snapshot: string, against: string | null): SnapshotTreeState {
  const { link } = usePage()
  const [folders, setFolders] = useState<ReadonlyMap<string, LoadedFolder>>(new Map())
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(new Set())
  const [problem, setProblem] = useState<Problem | null>(null)
  const [comparing, setComparing] = useState(0)
  const reading = useRef(new Set<string>())
  const stop = useRef(new AbortController())

  const change = useCallback((folder: string, to: (known: LoadedFolder | undefined) => LoadedFolder) => {
    setFolders((known) => new Map(known).set(folder, to(known.get(folder))))
  }, [])

  const compare = useCallback(
    async (folder: string) => {
      if (against === null) return
      const { signal } = stop.current
      setComparing((count) => count + 1)
      try {
        const changes = await link.calls.backups.files.changes({ snapshot, folder, against }, { signal })
        change(folder, (known) => ({ ...(known ?? { entries: [], total: 0 }), changes }))
      } catch (error) {
        if (!signal.aborted) setProblem(toConsoleError(error).problem)
      } finally {
        setComparing((count) => count - 1)
      }
    },
    [link, snapshot, against, change],
  )

  const read = useCallback(
    async (folder: string, from: number) => {
      const place = `${from} ${folder}`
      if (reading.current.has(place)) return
      reading.current.add(place)
      try {
        const page = await link.calls.backups.files.list({ snapshot, folder, from, limit: pageSize })
        change(folder, (known) => ({
          changes: known?.changes ?? null,
          entries: [...(known?.entries.slice(0, from) ?? []), ...page.entries],
          total: page.total,
        }))
        setProblem(null)
      } catch (error) {
        setProblem(toConsoleError(error).problem)
      } finally {
        reading.current.delete(place)
      }
    },
    [link, snapshot, change],
  )

  useEffect(() => {
    setFolders(new Map())
    setExpanded(new Set())
    void read('', 0)
  }, [read])

  // Another comparison: what is open is compared anew.
  const open = useRef<ReadonlySet<string>>(expanded)
  open.current = expanded
  useEffect(() => {
    stop.current = new AbortController()
    const { current } = stop
    setFolders((known) => new Map([...known].map(([folder, loaded]) => [folder, { ...loaded, changes: null }])))
    for (const folder of ['', ...open.current]) void compare(folder)
    return () => current.abort()
  }, [compare])

  const toggle = useCallback(
    (folder: string, wanted: boolean) => {
      setExpanded((known) => {
        const changed = new Set(known)
        if (wanted) changed.add(folder)
        else changed.delete(folder)
        return changed
      })
      if (!wanted || folders.has(folder)) return
      void read(folder, 0)
      void compare(folder)
    },
    [folders, read, compare],
  )
  const more = useCallback(
    (folder: string) => void read(folder, folders.get(folder)?.entries.length ?? 0),
    [folders, read],
  )
  const retry = useCallback(() => void read('', 0), [read])
  return { folders, expanded, problem, comparing, toggle, more, retry }
}
