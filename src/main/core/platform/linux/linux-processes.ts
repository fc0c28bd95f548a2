import type { Clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { FamilyMember, Processes, ProcessIdentity, SpawnOptions } from '../processes.ts'
import type { Runtime } from '../programs.ts'
import { adoptChild } from './adopted-child.ts'
import { portHolders, portLook } from './listening-ports.ts'
import { bootId, environmentValue, isGone, pids, procEntry, procTable } from './proc-table.ts'
import { inspectTree, openFilesIn, reactionOf } from './process-inspection.ts'
import { spawnChild } from './spawned-child.ts'
import { Starter } from './starter.ts'
import { exertionOf, treesIn, treeUsage } from './tree-usage.ts'

/** The variable that marks a service's process and every descendant of it. */
const runVariable = 'WHEELHOUSE_RUN'

export interface LinuxProcessesOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** Where the helper that starts programs is; null starts them from this process. */
  readonly runtime: Runtime | null
}

/** The processes of a Linux machine, through /proc and signals. */
export function linuxProcesses({ clock, logger, runtime }: LinuxProcessesOptions): Processes {
  const boot = bootId()
  const meter = treeUsage(clock)
  const ports = portLook(clock)

  const identify = (pid: number): ProcessIdentity | undefined => {
    const entry = procEntry(pid)
    return entry && !isGone(entry) ? { pid, startTicks: entry.startTicks, bootId: boot } : undefined
  }
  const isAlive = (identity: ProcessIdentity): boolean =>
    identity.bootId === boot && identify(identity.pid)?.startTicks === identity.startTicks

  const findMarked = (isWanted: (run: string) => boolean): ReadonlyMap<string, readonly ProcessIdentity[]> => {
    const found = new Map<string, ProcessIdentity[]>()
    for (const pid of pids()) {
      const run = environmentValue(pid, runVariable)
      if (run === undefined || !isWanted(run) || pid === process.pid) continue
      const identity = identify(pid)
      if (identity) found.set(run, [...(found.get(run) ?? []), identity])
    }
    return found
  }
  const findByRuns = (runs: readonly string[]): ReadonlyMap<string, readonly ProcessIdentity[]> => {
    const wanted = new Set(runs)
    return wanted.size === 0 ? new Map() : findMarked((run) => wanted.has(run))
  }

  const familiesOf = (identities: readonly ProcessIdentity[]): ReadonlyMap<number, readonly FamilyMember[]> => {
    const alive = identities.filter(isAlive)
    if (alive.length === 0) return new Map()
    const trees = treesIn(procTable())
    return new Map(
      alive.map((identity) => {
        const [root, ...members] = trees(identity)
        const family = members
          .filter((entry) => entry.pid !== process.pid)
          .map(({ pid, startTicks, group }) => ({ pid, startTicks, bootId: boot, inGroup: group === root?.group }))
        return [identity.pid, family]
      }),
    )
  }

  const findStarted = ({ env }: SpawnOptions): ProcessIdentity | undefined => {
    const found = findByRuns(env[runVariable] ? [env[runVariable]] : []).get(env[runVariable] ?? '') ?? []
    return found.find(({ pid }) => procEntry(pid)?.session === pid)
  }
  const starter = runtime && new Starter({ runtime, bootId: boot, clock, logger, isAlive, findStarted })

  return {
    spawn: (options) => (starter ? starter.start(options) : spawnChild(options, boot)),
    adopt: (identity) => (isAlive(identity) ? adoptChild(identity, { clock, isAlive }) : undefined),
    findByRun: (run) => findByRuns([run]).get(run) ?? [],
    findByRuns,
    findByRunPrefix: (prefix) => findMarked((run) => run.startsWith(prefix)),
    family: (identity) => familiesOf([identity]).get(identity.pid) ?? [],
    families: familiesOf,
    signal(identity, signal) {
      if (identity.pid === process.pid || !isAlive(identity)) return false
      try {
        process.kill(identity.pid, signal)
        if (signal === 'SIGTERM') process.kill(identity.pid, 'SIGCONT')
        return true
      } catch (error) {
        logger.debug('A process could not be signalled.', { pid: identity.pid, signal, error: String(error) })
        return false
      }
    },
    usage: (identity) => (identity.bootId === boot ? meter.usage(identity) : undefined),
    inspect(identity, run) {
      if (!isAlive(identity)) return undefined
      return inspectTree(identity, run === null ? [] : (findByRuns([run]).get(run) ?? []), meter)
    },
    exertion: (identity) => (isAlive(identity) ? exertionOf(identity.pid) : null),
    openFiles: (identity) => (isAlive(identity) ? openFilesIn(identity) : null),
    reactionTo: (identity, signal) => (isAlive(identity) ? reactionOf(identity.pid, signal) : null),
    identify,
    isAlive,
    [Symbol.dispose]: () => starter?.[Symbol.dispose](),
    portHolders: (port, freshMs = 0) => (freshMs > 0 && ports.seemsFree(port, freshMs) ? [] : portHolders(port)),
  }
}
