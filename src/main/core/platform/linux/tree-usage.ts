import { readFileSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import type { Exertion, ProcessIdentity, TreeUsage } from '../processes.ts'
import { isGone, type ProcEntry, pageBytes, procTable, ticksPerSecond } from './proc-table.ts'

/** The process table is read once for all services that are asked for within this many milliseconds. */
const freshMs = 500
/** What was measured for a process that nobody has asked for since this many milliseconds is forgotten. */
const forgetMs = 60_000

interface Measured {
  readonly at: number
  readonly ticks: ReadonlyMap<string, number>
  /** Per cent of one core of each process since the measure before. */
  readonly shares: ReadonlyMap<string, number>
}

export interface TreeMeter {
  usage(identity: ProcessIdentity): TreeUsage | undefined
  /** Per cent of one core of one process of a tree, as last measured; null when it was not there twice. */
  shareOf(root: ProcessIdentity, process: { readonly pid: number; readonly startTicks: number }): number | null
}

/** Measures process trees. Resident memory counts pages that processes share once for each of them. */
export function treeUsage(clock: Clock): TreeMeter {
  const before = new Map<string, Measured>()
  const page = pageBytes()
  let table: { readonly at: number; readonly trees: (identity: ProcessIdentity) => readonly ProcEntry[] } | undefined

  const usage = (identity: ProcessIdentity): TreeUsage | undefined => {
    const now = clock.monotonic()
    if (!table || now - table.at > freshMs) table = { at: now, trees: treesIn(procTable()) }
    for (const [key, measured] of before) if (now - measured.at > forgetMs) before.delete(key)
    const tree = table.trees(identity)
    if (tree.length === 0) return undefined

    const ticks = new Map(tree.map((entry) => [keyOf(entry), entry.cpuTicks]))
    const key = keyOf(identity)
    const last = before.get(key)
    if (!last || now > last.at) before.set(key, { at: now, ticks, shares: sharesOf(last, ticks, now) })
    return {
      cpu: last && now > last.at ? share(last, ticks, now) : null,
      memory: tree.reduce((sum, entry) => sum + entry.residentPages * page, 0),
      processes: tree.length,
    }
  }
  return { usage, shareOf: (root, process) => before.get(keyOf(root))?.shares.get(keyOf(process)) ?? null }
}

/** A process and everything below it or in its session, itself first; empty when it is gone. */
export function treeOf(entries: readonly ProcEntry[], identity: ProcessIdentity): readonly ProcEntry[] {
  return treesIn(entries)(identity)
}

/** The same for many processes of one table. */
export function treesIn(entries: readonly ProcEntry[]): (identity: ProcessIdentity) => readonly ProcEntry[] {
  const living = entries.filter((entry) => !isGone(entry))
  const known = new Map(living.map((entry) => [entry.pid, entry]))
  const children = Map.groupBy(living, (entry) => entry.parent)
  const sessions = Map.groupBy(living, (entry) => entry.session)
  return ({ pid, startTicks }) => {
    const root = known.get(pid)
    if (root?.startTicks !== startTicks) return []
    const tree = new Set<ProcEntry>([root, ...(sessions.get(pid) ?? [])])
    for (const entry of tree) for (const child of children.get(entry.pid) ?? []) tree.add(child)
    return [...tree]
  }
}

function share(last: Measured, ticks: ReadonlyMap<string, number>, now: number): number {
  let used = 0
  for (const [key, total] of ticks) used += total - (last.ticks.get(key) ?? 0)
  return perCent(used, now - last.at)
}

function sharesOf(last: Measured | undefined, ticks: ReadonlyMap<string, number>, now: number) {
  const shares = new Map<string, number>()
  for (const [key, total] of last ? ticks : []) {
    const earlier = last?.ticks.get(key)
    if (last && earlier !== undefined) shares.set(key, perCent(total - earlier, now - last.at))
  }
  return shares
}

function perCent(ticks: number, ms: number): number {
  return Math.round((ticks / ticksPerSecond / (ms / 1_000)) * 1_000) / 10
}

function keyOf(process: { readonly pid: number; readonly startTicks: number }): string {
  return `${process.pid}.${process.startTicks}`
}

/** From /proc/PID/schedstat: nanoseconds on a processor, and in the queue for one. Null where the kernel does not keep them. */
export function exertionOf(pid: number): Exertion | null {
  try {
    const [ran = Number.NaN, waited = Number.NaN] = readFileSync(`/proc/${pid}/schedstat`, 'utf8')
      .split(' ')
      .map(Number)
    if (!Number.isFinite(ran + waited)) return null
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const state = stat.charAt(stat.lastIndexOf(')') + 2)
    return { ranMs: ran / 1e6, waitedMs: waited / 1e6, busy: state === 'R' || state === 'D' }
  } catch {
    return null
  }
}
