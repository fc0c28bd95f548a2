import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import type { RouteTextProblem } from '#shared/contract/index.ts'
import type { Problem } from '#shared/problem.ts'
import { usePage } from '../../state/page-context.ts'

/** How a route begins that is not there yet. */
export const newRouteText = 'from: site/+/status\nto:\n  - { channel: board }\n'

/** The text of a route that is being written. */
export interface RouteText {
  /** Null until it was read. */
  readonly saved: { readonly text: string | null; readonly base: string } | null
  readonly failed: Problem | null
  readonly text: string
  readonly set: (text: string) => void
  /** Mistakes of the text as it stands; null while that is being found out. */
  readonly problems: readonly RouteTextProblem[] | null
  readonly changed: boolean
  readonly readAgain: () => void
}

/** Reads the text of a route, and has it checked each time the writing pauses. */
export function useRouteText(route: string): RouteText {
  const { link } = usePage()
  const read = useQuery({
    queryKey: ['route text', route],
    queryFn: () => link.calls.routes.text({ route }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  })
  const [written, setWritten] = useState<string | null>(null)
  const saved = read.data ?? null
  const text = written ?? saved?.text ?? (saved === null ? '' : newRouteText)
  const [settled] = useDebouncedValue(text, 300)
  const check = useQuery({
    queryKey: ['route check', route, settled],
    queryFn: async () => (await link.calls.routes.check({ route, text: settled })).problems,
    enabled: saved !== null,
    gcTime: 0,
    retry: false,
  })
  const failedCheck = check.error === null ? null : toConsoleError(check.error).problem
  const problems =
    failedCheck === null
      ? (check.data ?? null)
      : [{ line: null, column: null, message: failedCheck.message, remedy: failedCheck.remedy }]
  const changed = saved !== null && text !== (saved.text ?? '')
  useUnsavedWarning(changed)
  return {
    saved,
    failed: read.error === null ? null : toConsoleError(read.error).problem,
    text,
    set: setWritten,
    problems: settled === text ? problems : null,
    changed,
    readAgain: () => void read.refetch(),
  }
}

/** The browser asks before it leaves a page on which something is not saved. */
function useUnsavedWarning(unsaved: boolean): void {
  useEffect(() => {
    if (!unsaved) return
    const warn = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', warn)
    return () => window.removeEventListener('beforeunload', warn)
  }, [unsaved])
}
