import type { CheckFinding } from './types.ts'

/** Faults that are told one by one; of others it is told how many there are. */
const mostFaults = 20

/**
 * What a check of several things found: passed when nothing is wrong with any of them, skipped when there are none. `about` names
 * what the faults are about, as far as it is a part of the site.
 */
export function findingOf(
  faults: readonly string[],
  given: {
    readonly count: number
    readonly none: string
    readonly good: string
    readonly bad: string
    readonly about?: readonly string[]
  },
): CheckFinding {
  if (given.count === 0) return { state: 'skipped', sentence: given.none }
  if (faults.length === 0) return { state: 'passed', sentence: given.good }
  const [first = ''] = faults
  const more = faults.length - mostFaults
  return {
    state: 'failed',
    sentence: faults.length === 1 ? first : `${given.bad}: ${faults.length} things are wrong. The first: ${first}`,
    about: [...new Set(given.about)].slice(0, mostFaults),
    faults: more > 0 ? [...faults.slice(0, mostFaults), `And ${more} more.`] : faults,
  }
}

/** "1 file", "3 files". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
