import { hash } from 'node:crypto'
import type { RestorePlan } from '#shared/contract/index.ts'
import { fromRawKey, rawKey, shown } from '../raw-path.ts'
import type { Comparison, Difference } from './compare.ts'

/** What the swap does with one entry of the site folder. */
export interface SwapEntry {
  /** Key of the name, as `rawKey` makes it. */
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

const listed = 500
/** Services write here while the plan is read; single paths there do not make it untrue. */
const busyFolders = new Set(['data', 'logs'])

/** Works out the plan. `stored` and `present` are the keys of the entries directly in the site folder. */
export function planFacts(
  snapshot: string,
  comparison: Comparison,
  stored: ReadonlySet<string>,
  present: ReadonlySet<string>,
): PlanFacts {
  const { differences } = comparison
  const tops = [...new Set(differences.map(({ path }) => topOf(path)))].sort()
  const swap = tops.map((key): SwapEntry => {
    if (!stored.has(key)) return { key, what: 'delete' }
    return { key, what: present.has(key) ? 'replace' : 'add' }
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
    fingerprint: fingerprintOf(snapshot, swap, differences),
  }
}

function fingerprintOf(snapshot: string, swap: readonly SwapEntry[], differences: readonly Difference[]): string {
  const paths = differences.filter(({ path }) => !busyFolders.has(topOf(path)))
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

function topOf(path: Buffer): string {
  const key = rawKey(path)
  const end = key.indexOf('/')
  return end === -1 ? key : key.slice(0, end)
}

/** Names for people of the entries that are swapped. */
export function shownSwap(swap: readonly SwapEntry[]): string {
  return swap.map(({ key }) => shown(fromRawKey(key))).join(', ')
}
