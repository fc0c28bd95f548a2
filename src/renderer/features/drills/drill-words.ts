import type { DrillRun, DrillView } from '#shared/contract/index.ts'
import type { Mark } from '../../components/health-mark.tsx'

/** "Kill api now". */
export function drillActWords({ title }: Pick<DrillView, 'title'>): string {
  return `${title} now`
}

export function markOfRun(state: DrillRun['state']): Mark {
  switch (state) {
    case 'completed':
      return 'healthy'
    case 'failed':
      return 'degraded'
    case 'running':
      return 'maintenance'
    case 'cancelled':
    case 'interrupted':
      return 'unknown'
  }
}

/** How a run ended, as it stands in a table. */
export function stateWords(state: DrillRun['state']): string {
  return state === 'completed' ? 'passed' : state
}

/** Drills in the order in which they are shown: those of site.yaml first, else by service. */
export function inOrder(drills: Readonly<Record<string, DrillView>>): readonly DrillView[] {
  return Object.values(drills).toSorted(
    (a, b) => Number(b.declared) - Number(a.declared) || a.service.localeCompare(b.service) || a.id.localeCompare(b.id),
  )
}
