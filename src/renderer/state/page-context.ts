import { createContext, useContext } from 'react'
import type { PageClock } from './clock.ts'
import type { ConsoleLink } from './console-link.ts'
import type { ShownState } from './shown-state.ts'
import type { Ticker } from './ticker.ts'

/** What every screen is given by the composition in `main.tsx`. */
export interface PageParts {
  readonly link: ConsoleLink
  readonly shown: ShownState
  readonly clock: PageClock
  readonly ticker: Ticker
}

export const PageContext = createContext<PageParts | null>(null)

/** The parts of this page. Throws outside of the composition: that would be a mistake in the page, not a state of it. */
export function usePage(): PageParts {
  const parts = useContext(PageContext)
  if (!parts) throw new Error('The page was not composed: PageContext is missing.')
  return parts
}
