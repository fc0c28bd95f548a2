import type { Store } from '#core/store/index.ts'
import type { StartupLine } from '#shared/contract/startup.ts'

/** How the console's own databases were found. */
export function storeLine({ opened }: Pick<Store, 'opened'>): StartupLine {
  const named = { id: 'store', title: 'Store' }
  const all = Object.entries(opened)
  const replaced = all.filter(([, { how }]) => how !== 'new' && how !== 'clean' && how !== 'after an unclean exit')
  if (replaced.length > 0) {
    const names = replaced.map(([name]) => name).join(' and ')
    return {
      ...named,
      state: 'warned',
      sentence: `The database ${names} was damaged; see the card on Overview, and Diagnose.`,
    }
  }
  const unclean = all.filter(([, { how }]) => how === 'after an unclean exit').map(([name]) => name)
  if (unclean.length === 0) return { ...named, state: 'passed', sentence: 'Its databases were closed in order.' }
  return { ...named, state: 'passed', sentence: `${unclean.join(' and ')}: not closed in order, checked and sound.` }
}
