import { useCallback, useRef, useSyncExternalStore } from 'react'
import type { SiteView, SliceName, Slices } from '#shared/contract/index.ts'
import { usePage } from './page-context.ts'
import type { Shown } from './shown-state.ts'

/** One slice; a component that uses it is drawn again when anything in that slice changes. */
export function useSlice<S extends SliceName>(name: S): Shown[S] {
  const { shown } = usePage()
  const listen = useCallback((listener: () => void) => shown.onSlice(name, listener), [shown, name])
  return useSyncExternalStore(listen, () => shown.slice(name))
}

/** One entity of a slice; drawn again only when that one changes. */
export function useEntity<S extends SliceName>(name: S, id: string | undefined): Slices[S] | undefined {
  const { shown } = usePage()
  const listen = useCallback((listener: () => void) => shown.onSlice(name, listener), [shown, name])
  return useSyncExternalStore(listen, () => {
    const slice: Readonly<Record<string, Slices[S]>> = shown.slice(name)
    return id === undefined ? undefined : slice[id]
  })
}

/** Something worked out from a slice; drawn again only when the outcome differs (`same`, by default identity). */
export function useSelected<S extends SliceName, T>(
  name: S,
  select: (slice: Shown[S]) => T,
  same: (a: T, b: T) => boolean = Object.is,
): T {
  const { shown } = usePage()
  const last = useRef<{ readonly slice: Shown[S]; readonly outcome: T } | null>(null)
  const listen = useCallback((listener: () => void) => shown.onSlice(name, listener), [shown, name])
  return useSyncExternalStore(listen, () => {
    const slice = shown.slice(name)
    if (last.current?.slice === slice) return last.current.outcome
    const outcome = select(slice)
    const kept = last.current && same(last.current.outcome, outcome) ? last.current.outcome : outcome
    last.current = { slice, outcome: kept }
    return kept
  })
}

/** The open site, if one is open. */
export function useSite(): SiteView | undefined {
  return useEntity('site', 'site')
}

/** The IANA name of the zone that every time is shown in. */
export function useZone(): string {
  return useSelected('site', (slice) => slice.site?.zone ?? browserZone)
}

const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone

/** Whether the state has come from the console at least once. */
export function useKnown(): boolean {
  const { shown } = usePage()
  const listen = useCallback((listener: () => void) => shown.onSlice('console', listener), [shown])
  return useSyncExternalStore(listen, () => shown.known)
}
