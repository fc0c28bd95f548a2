import type { RestorePlan, ServiceAction, Touch } from '#shared/contract/index.ts'
import { counted } from '../../components/figures.ts'

/**
 * The words on the button that does it: they name the act, never "OK". Null when it would touch nothing; an emergency stop can
 * always be done, because then the list is not relied on.
 */
export function serviceActWords(
  action: ServiceAction,
  service: string | undefined,
  touch: Touch | undefined,
): string | null {
  if (touch && touch.services.length === 0 && action !== 'emergency-stop') return null
  const others = (touch?.services ?? []).filter((entry) => entry.id !== service).length
  const all = touch ? ` ${counted(touch.services.length, 'service')}` : ' services'
  switch (action) {
    case 'start':
      return `Start ${service}${andOthers(others)}`
    case 'stop':
      return `Stop ${service}${andOthers(others)}`
    case 'restart':
      return `Restart ${service}${andOthers(others)}`
    case 'start-all':
      return `Start${all}`
    case 'stop-all':
      return `Stop${all}`
    case 'emergency-stop':
      return `Kill${all} now`
  }
}

/** "Restore 14 files and stop api", "Undo: restore 14 files and stop 3 services". */
export function restoreActWords(plan: RestorePlan): string {
  const parts: string[] = []
  const written = plan.add + plan.change
  if (written > 0) parts.push(`restore ${counted(written, 'file')}`)
  if (plan.delete > 0) parts.push(`delete ${counted(plan.delete, 'file')}`)
  if (parts.length === 0) parts.push('restore')
  const [only] = plan.services
  const stops =
    plan.services.length === 0
      ? ''
      : plan.services.length === 1 && only !== undefined
        ? ` and stop ${only}`
        : ` and stop ${counted(plan.services.length, 'service')}`
  const words = parts.join(', ') + stops
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function andOthers(others: number): string {
  return others === 0 ? '' : ` and ${counted(others, 'other')}`
}
