import { constants } from 'node:os'
import type { ProcessIdentity, ProcessTree, SignalReaction, TreeProcess, TreeSocket } from '../processes.ts'
import { listeningSockets, openFiles, socketInode } from './listening-ports.ts'
import {
  nameOf,
  type ProcEntry,
  procEntry,
  procTable,
  residentBytes,
  signalMasks,
  sinceBootMs,
  ticksPerSecond,
} from './proc-table.ts'
import { type TreeMeter, treeOf } from './tree-usage.ts'

/** So many processes of one service are looked at. */
export const mostInspected = 200
/** So many links of open files are read in one inspection: some thousand sockets of one process are no reason to stand still. */
const mostLinks = 8_192
const mostSockets = 200

/** What belongs to a process. `marked` are those of its run, of which some may have left its tree. */
export function inspectTree(
  identity: ProcessIdentity,
  marked: readonly ProcessIdentity[],
  meter: Pick<TreeMeter, 'shareOf'>,
): ProcessTree | undefined {
  const tree = treeOf(procTable(), identity)
  if (tree.length === 0) return undefined
  const known = new Set(tree.map(({ pid }) => pid))
  const strays = marked.flatMap(({ pid }) => (known.has(pid) ? [] : (procEntry(pid) ?? [])))
  const all = [...tree, ...strays]
  const shown = all.slice(0, mostInspected)
  const upMs = sinceBootMs()
  const files = new OpenFiles(mostLinks)
  const processes = shown.map((entry) => described(entry, known, files, meter.shareOf(identity, entry), upMs))
  const sockets = files.listening(identity.pid)
  return {
    processes,
    notShown: all.length - shown.length,
    sockets: sockets.slice(0, mostSockets),
    complete: files.complete && sockets.length <= mostSockets && all.length === shown.length,
  }
}

/** Files open in a whole tree; null when none of it may be seen. */
export function openFilesIn(identity: ProcessIdentity): number | null {
  const counts = treeOf(procTable(), identity).map(({ pid }) => openFiles(pid).length)
  const total = counts.reduce((sum, count) => sum + count, 0)
  return total === 0 ? null : total // a process that runs has at least one file open
}

/** What a process does with a signal. */
export function reactionOf(pid: number, signal: NodeJS.Signals): SignalReaction | null {
  const masks = signalMasks(pid)
  if (!masks) return null
  const bit = 1n << BigInt(constants.signals[signal] - 1)
  if (masks.caught & bit) return 'handled'
  return masks.ignored & bit ? 'ignored' : 'default'
}

function described(
  entry: ProcEntry,
  tree: ReadonlySet<number>,
  files: OpenFiles,
  cpu: number | null,
  upMs: number,
): TreeProcess {
  const { pid, parent, startTicks } = entry
  return {
    pid,
    parent,
    name: nameOf(pid),
    cpu,
    memory: residentBytes(pid),
    ageMs: Math.max(0, Math.round(upMs - (startTicks / ticksPerSecond) * 1_000)),
    openFiles: files.add(pid),
    strayed: !tree.has(pid),
  }
}

/** The open files of several processes, looked through for sockets within a bound. */
class OpenFiles {
  readonly #owners = new Map<string, number>()
  #left: number
  #complete = true

  constructor(most: number) {
    this.#left = most
  }

  get complete(): boolean {
    return this.#complete
  }

  /** How many a process has open; null when they may not be seen. */
  add(pid: number): number | null {
    const numbers = openFiles(pid)
    if (numbers.length === 0) {
      this.#complete = false
      return null
    }
    if (numbers.length > this.#left) this.#complete = false
    for (const number of numbers.slice(0, this.#left)) {
      const inode = socketInode(`/proc/${pid}/fd/${number}`)
      if (inode !== undefined && !this.#owners.has(inode)) this.#owners.set(inode, pid)
    }
    this.#left = Math.max(0, this.#left - numbers.length)
    return numbers.length
  }

  /** Those sockets among them that listen, in the network that process `pid` sees. By port. */
  listening(pid: number): readonly TreeSocket[] {
    if (this.#owners.size === 0) return []
    const sockets = (['tcp', 'udp'] as const).flatMap((protocol) =>
      ['', '6'].flatMap((version) =>
        listeningSockets(`/proc/${pid}/net/${protocol}${version}`, protocol).flatMap(({ address, port, inode }) => {
          const owner = this.#owners.get(inode)
          return owner === undefined ? [] : [{ protocol, address, port, pid: owner }]
        }),
      ),
    )
    return sockets.toSorted((a, b) => a.port - b.port || a.protocol.localeCompare(b.protocol))
  }
}
