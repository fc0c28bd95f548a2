import type { ShownMessage } from '#shared/contract/index.ts'
import { HealthMark, type Mark } from '../../components/health-mark.tsx'

type Taken = ShownMessage['routes'][number]

/** How each result is marked. What was filtered or limited is as it should be, and what is held or queued is on its way: none of them is a colour. */
const marks: Record<Taken['result'], Mark> = {
  delivered: 'healthy',
  filtered: 'unknown',
  limited: 'unknown',
  held: 'unknown',
  queued: 'unknown',
  quarantined: 'unhealthy',
  dropped: 'unhealthy',
}

/** What the mark alone does not tell apart. */
const unmarked: ReadonlySet<Taken['result']> = new Set(['filtered', 'limited', 'held'])

/** The routes that a message took, each with what became of it there. */
export function RouteResults({
  routes,
  named = false,
}: {
  readonly routes: readonly Taken[]
  /** Whether every result is told in words. */
  readonly named?: boolean
}) {
  return routes.map((taken) => (
    <span key={taken.route} title={`${taken.route}: ${taken.result}`}>
      <HealthMark health={marks[taken.result]} size={9} label={taken.result} /> {taken.route}
      {(named || unmarked.has(taken.result)) && <span className="dim"> {taken.result}</span>}
    </span>
  ))
}
