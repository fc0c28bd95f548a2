import type { SiteDatabaseView } from '#shared/contract/index.ts'

/** A pool as it is drawn: how many connections are used, idle and over the base size, of at most how many. */
export function poolShares(pool: Pick<SiteDatabaseView['pool'], 'size' | 'overflow' | 'open' | 'inUse'>): {
  readonly inUse: number
  readonly idle: number
  readonly overflow: number
  readonly most: number
} {
  return {
    inUse: pool.inUse,
    idle: Math.max(0, pool.open - pool.inUse),
    overflow: Math.max(0, pool.open - pool.size),
    most: pool.size + pool.overflow,
  }
}
