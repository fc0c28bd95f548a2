import type { ShownMessage } from '#shared/contract/index.ts'
import { HealthMark, type Mark } from '../../components/health-mark.tsx'

type Taken = ShownMessage['routes'][number]

/** How each result is marked. What was filtered is as it should be, and what is queued is on its way: neither is a colour. */
const marks: Record<Taken['result'], Mark> = {
  delivered: 'healthy',
  filtered: 'unknown',
  queued: 'unknown',
  quarantined: 'unhealthy',
  dropped: 'unhealthy',
}

/** The routes that a message took, each with what became of it there. */
export function RouteResults({ routes }: { readonly routes: readonly Taken[] }) {
  return routes.map((taken) => (
    <span key={taken.route} title={`${taken.route}: ${taken.result}`}>
      <HealthMark health={marks[taken.result]} size={9} label={taken.result} /> {taken.route}
      {taken.result === 'filtered' && <span className="dim"> filtered</span>}
    </span>
  ))
}
