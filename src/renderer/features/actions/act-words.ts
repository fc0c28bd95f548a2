import type { RecoveryPlan, RestorePlan, ServiceAction, Touch } from '#shared/contract/index.ts'
import { counted } from '../../components/figures.ts'
import { checkedFirst, type DatabaseName, type StoreDatabase } from '../diagnose/store-words.ts'

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

/** "Restore 14 files and stop api", "Restore the database of Records, 3 files and stop 2 services". */
export function restoreActWords(plan: RestorePlan): string {
  const parts: string[] = []
  const brought = plan.databases.filter(({ what }) => what !== 'delete')
  const aside = plan.databases.filter(({ what }) => what === 'delete')
  const written = plan.add + plan.change - brought.length
  const deleted = plan.delete - aside.length
  if (brought.length > 0) parts.push(`restore ${databaseWords(brought)}`)
  if (written > 0) parts.push(`${brought.length > 0 ? '' : 'restore '}${counted(written, 'file')}`)
  if (deleted > 0) parts.push(`delete ${counted(deleted, 'file')}`)
  if (aside.length > 0) parts.push(`set ${databaseWords(aside)} aside`)
  if (parts.length === 0) parts.push('restore')
  const words = parts.join(', ') + andStop(plan.services)
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** "Recover control if it is damaged"; where that is known, "Set control aside and go back to its copy", or salvage without one. */
export function recoverStoreActWords(name: DatabaseName, database: StoreDatabase | undefined): string {
  if (!database || checkedFirst(database.state)) return `Recover ${name} if it is damaged`
  if (database.comesBack) return `Open ${name} again, or recover it`
  return database.copies.newestAt === null
    ? `Set ${name} aside and salvage it`
    : `Set ${name} aside and go back to its copy`
}

/** "Recover faculty and stop api". */
export function recoverDatabaseActWords(service: string, plan: RecoveryPlan | undefined): string {
  return `Recover ${service}${andStop((plan?.services ?? []).filter((other) => other !== service))}`
}

function databaseWords(databases: RestorePlan['databases']): string {
  const [only] = databases
  return databases.length === 1 && only ? `the database of ${only.title}` : counted(databases.length, 'database')
}

function andStop(services: readonly string[]): string {
  const [only] = services
  if (only === undefined) return ''
  return services.length === 1 ? ` and stop ${only}` : ` and stop ${counted(services.length, 'service')}`
}

function andOthers(others: number): string {
  return others === 0 ? '' : ` and ${counted(others, 'other')}`
}
