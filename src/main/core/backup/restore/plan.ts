import { hash } from 'node:crypto'
import type { RestorePlan } from '#shared/contract/index.ts'
import { foldersOf } from '#shared/path-key.ts'
import { holderOf } from '../capture/scope.ts'
import { fromRawKey, rawKey, shown } from '../raw-path.ts'
import type { Comparison, Difference } from './compare.ts'

/** What the swap does with one entry of the site folder, or of a folder below it. */
export interface SwapEntry {
  /** Key of the path, as `rawKey` makes it. */
  readonly key: string
  readonly what: 'add' | 'replace' | 'delete'
}

/** What a comparison comes to, before words and services are added. */
export interface PlanFacts {
  readonly add: number
  readonly change: number
  readonly delete: number
  /** Bytes that will be staged: whole entries are swapped, so more than what differs. */
  readonly entries: RestorePlan['entries']
  readonly hidden: number
  readonly swap: readonly SwapEntry[]
  /** Names this plan: what is swapped, and each path outside the folders that services write to all the time. */
  readonly fingerprint: string
}

/** What is asked for, and what the site has. Paths are keys. */
export interface SwapGround {
  /** What is asked for; null: everything, by the entries directly in the site folder. */
  readonly paths: readonly string[] | null
  isPresent(path: string): boolean
}

/** What the plan must know of snapshot and site besides their differences. */
export interface PlanGround extends SwapGround {
  readonly snapshot: string
  /** Whether the snapshot holds it; asked for what {@link swapKeys} names. */
  isStored(path: string): boolean
}

const listed = 500
/** Services write here while the plan is read; single paths there do not make it untrue. */
const busyFolders = new Set(['data', 'logs'])

/** Works out the plan. */
export function planFacts(comparison: Comparison, ground: PlanGround): PlanFacts {
  const { differences } = comparison
  const swap = swapKeys(comparison, ground).map((key): SwapEntry => {
    if (!ground.isStored(key)) return { key, what: 'delete' }
    return { key, what: ground.isPresent(key) ? 'replace' : 'add' }
  })
  const count = (what: Difference['what']) => differences.filter((difference) => difference.what === what).length
  const entries = [...differences]
    .sort((a, b) => rank(a) - rank(b) || b.bytes - a.bytes || (rawKey(a.path) < rawKey(b.path) ? -1 : 1))
    .slice(0, listed)
    .map(({ path, what, bytes }) => ({ path: shown(path), what, bytes }))
  return {
    add: count('add'),
    change: count('change'),
    delete: count('delete'),
    entries,
    hidden: differences.length - entries.length,
    swap,
    fingerprint: fingerprintOf(ground.snapshot, swap, differences),
  }
}

/** Keys of the entries that are swapped for the differences, in order. */
export function swapKeys({ differences }: Comparison, ground: SwapGround): readonly string[] {
  return [...new Set(differences.map(({ path }) => unitOf(rawKey(path), ground)))].sort()
}

/**
 * The entry that is swapped for a difference: the one that was asked for, or else the entry of the site folder; and where a
 * folder on the way to it is missing in the site, the topmost such folder, which then holds nothing but what was asked for.
 */
function unitOf(path: string, { paths, isPresent }: SwapGround): string {
  if (paths === null) return topOf(path)
  const asked = holderOf(path, paths) ?? path
  return foldersOf(asked).find((folder) => !isPresent(folder)) ?? asked
}

function fingerprintOf(snapshot: string, swap: readonly SwapEntry[], differences: readonly Difference[]): string {
  const paths = differences.filter(({ path }) => !busyFolders.has(topOf(rawKey(path))))
  const lines = [
    snapshot,
    ...swap.map(({ key, what }) => `${what} ${key}`),
    ...paths.map(({ path, what }) => `${what} ${rawKey(path)}`).sort(),
  ]
  return hash('sha256', lines.join('\n'), 'hex').slice(0, 32)
}

/** What goes is most telling, then what changes. */
function rank({ what }: Difference): number {
  return what === 'delete' ? 0 : what === 'change' ? 1 : 2
}

function topOf(key: string): string {
  const end = key.indexOf('/')
  return end === -1 ? key : key.slice(0, end)
}

/** Names for people of the entries that are swapped, at most a few. */
export function shownSwap(swap: readonly SwapEntry[]): string {
  const names = swap.slice(0, 6).map(({ key }) => shown(fromRawKey(key)))
  return names.join(', ') + (swap.length > 6 ? ` and ${swap.length - 6} more` : '')
}
