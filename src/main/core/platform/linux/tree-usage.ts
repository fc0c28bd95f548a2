import type { Clock } from '../clock.ts'
import type { ProcessIdentity, TreeUsage } from '../processes.ts'
import { isGone, type ProcEntry, procTable, residentBytes, ticksPerSecond } from './proc-table.ts'

/** The process table is read once for all services that are asked for within this many milliseconds. */
const freshMs = 500
/** What was measured for a process that nobody has asked for since this many milliseconds is forgotten. */
const forgetMs = 60_000

interface Measured {
  readonly at: number
  readonly ticks: ReadonlyMap<string, number>
}

/** Measures process trees. Resident memory counts pages that processes share once for each of them. */
export function treeUsage(clock: Clock): (identity: ProcessIdentity) => TreeUsage | undefined {
  const before = new Map<string, Measured>()
  let table: { readonly at: number; readonly entries: readonly ProcEntry[] } | undefined

  return (identity) => {
    const now = clock.monotonic()
    if (!table || now - table.at > freshMs) table = { at: now, entries: procTable() }
    for (const [key, measured] of before) if (now - measured.at > forgetMs) before.delete(key)
    const tree = treeOf(table.entries, identity)
    if (tree.length === 0) return undefined

    const ticks = new Map(tree.map((entry) => [keyOf(entry), entry.cpuTicks]))
    const key = keyOf(identity)
    const last = before.get(key)
    if (!last || now > last.at) before.set(key, { at: now, ticks })
    return {
      cpu: last && now > last.at ? share(last, ticks, now) : null,
      memory: tree.reduce((sum, entry) => sum + residentBytes(entry.pid), 0),
      processes: tree.length,
    }
  }
}

/** A process and everything below it or in its session, itself first; empty when it is gone. */
export function treeOf(entries: readonly ProcEntry[], identity: ProcessIdentity): readonly ProcEntry[] {
  const root = entries.find((entry) => entry.pid === identity.pid && entry.startTicks === identity.startTicks)
  if (!root || isGone(root)) return []
  const children = Map.groupBy(entries, (entry) => entry.parent)
  const tree = new Set<ProcEntry>([root])
  for (const entry of entries) if (entry.session === root.pid && !isGone(entry)) tree.add(entry)
  for (const entry of tree) for (const child of children.get(entry.pid) ?? []) if (!isGone(child)) tree.add(child)
  return [...tree]
}

function share(last: Measured, ticks: ReadonlyMap<string, number>, now: number): number {
  let used = 0
  for (const [key, total] of ticks) used += total - (last.ticks.get(key) ?? 0)
  const seconds = (now - last.at) / 1000
  return Math.round((used / ticksPerSecond / seconds) * 1000) / 10
}

function keyOf(process: { readonly pid: number; readonly startTicks: number }): string {
  return `${process.pid}.${process.startTicks}`
}
