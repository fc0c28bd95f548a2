import { createContext, type ReactNode, type SyntheticEvent, useCallback, useContext, useMemo } from 'react'
import { usePage } from '../state/page-context.ts'
import { useNow } from '../state/use-link.ts'
import { useZone } from '../state/use-shown.ts'
import { age, ago } from './figures.ts'
import { type SiteTime, siteTime } from './site-time.ts'

const SiteTimeContext = createContext<SiteTime | null>(null)

/** Makes the formats of the site's zone once for everything beneath: they are costly, and lists show many times. */
export function SiteTimeProvider({ children }: { readonly children: ReactNode }) {
  const zone = useZone()
  const format = useMemo(() => siteTime(zone), [zone])
  return <SiteTimeContext value={format}>{children}</SiteTimeContext>
}

/** The formats of the site's zone. */
export function useSiteTime(): SiteTime {
  const format = useContext(SiteTimeContext)
  if (!format) throw new Error('The page was not composed: SiteTimeProvider is missing.')
  return format
}

/** A moment, `14:02:11`, with its age on hover. Not drawn again as time goes by: cheap enough for long lists. */
export function Time({ at, precise = false }: { readonly at: number; readonly precise?: boolean }) {
  const { ticker } = usePage()
  const format = useSiteTime()
  const tellAge = useCallback(
    (event: SyntheticEvent<HTMLElement>) => {
      event.currentTarget.title = `${ago(ticker.now - at)}, ${format.full(at)}`
    },
    [at, format, ticker],
  )
  return (
    <time dateTime={new Date(at).toISOString()} onMouseEnter={tellAge}>
      {precise ? format.precise(at) : format.moment(at, ticker.now)}
    </time>
  )
}

/** How long ago something was, kept current, with the moment on hover. `plain` leaves out "ago". */
export function Age({ at, plain = false }: { readonly at: number; readonly plain?: boolean }) {
  const now = useNow()
  const format = useSiteTime()
  return (
    <time dateTime={new Date(at).toISOString()} title={format.full(at)}>
      {plain ? age(now - at) : ago(now - at)}
    </time>
  )
}

/** The zone of all times on a screen, told once. */
export function ZoneNote() {
  const { ticker } = usePage()
  const format = useSiteTime()
  return <span className="dim">Times in {format.offset(ticker.now)}</span>
}
