import { useSyncExternalStore } from 'react'
import type { LinkStatus } from './console-link.ts'
import { usePage } from './page-context.ts'

/** How the page stands with its console. */
export function useLinkStatus(): LinkStatus {
  const { link } = usePage()
  return useSyncExternalStore(
    (listener) => link.onStatus(listener),
    () => link.status,
  )
}

/** Wall-clock milliseconds, renewed each second while the component is shown. */
export function useNow(): number {
  const { ticker } = usePage()
  return useSyncExternalStore(
    (listener) => ticker.onTick(listener),
    () => ticker.now,
  )
}
