import { readFileSync } from 'node:fs'

/** How many files this process may have open at once; null where that cannot be read, and Infinity without a limit. */
export function openFileLimit(): number | null {
  try {
    const found = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
    if (!found) return null
    return found[1] === 'unlimited' ? Number.POSITIVE_INFINITY : Number(found[1])
  } catch {
    return null
  }
}
