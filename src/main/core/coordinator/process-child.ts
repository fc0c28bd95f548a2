import type { ServiceDefinition } from '#core/config/index.ts'
import {
  type ChildProcess,
  type Clock,
  delay,
  type Logger,
  type ProcessExit,
  type Processes,
  type ProcessIdentity,
} from '#core/platform/index.ts'
import { exitSentence } from './exit-sentence.ts'
import type { LogFiles } from './launch-plan.ts'
import { tailOf } from './log-tail.ts'
import type { MarkedLookup } from './marked-lookup.ts'
import type { RunRecords } from './run-records.ts'
import type { ChildEnd, ServiceChild } from './service-child.ts'

export interface ProcessChildOptions {
  readonly service: Pick<ServiceDefinition, 'id' | 'stop'>
  readonly run: string
  readonly startedAt: number
  readonly logs: LogFiles
  /** Sizes of the log files before it wrote, so that the lines of earlier runs are not taken for its own. Bytes. */
  readonly logsFrom: { readonly out: number; readonly err: number }
  readonly processes: Processes
  readonly lookup: MarkedLookup
  readonly records: Pick<RunRecords, 'ended'>
  readonly clock: Clock
  readonly logger: Logger
  /** Told when processes that it had left behind had to be ended. */
  readonly onSwept: (left: readonly ProcessIdentity[]) => void
}

/** Lines kept of what it wrote last. */
const lastLines = 5
/** Descendants of a child that ended unasked may end by themselves for so long, milliseconds. */
const straysGraceMs = 1_000
/** How often it is looked whether they are gone. */
const lookEveryMs = 40
/** Killed processes that are still there after this long cannot be killed: the kernel holds them. */
const unkillableMs = 5_000

/** Supervises a process that was spawned or adopted, until nothing of its run is left. */
export function processChild(handle: ChildProcess, options: ProcessChildOptions): ServiceChild {
  const { service, run, processes, lookup, records, clock, logger } = options
  const stopSignal = signalNamed(service.stop.signal)
  let family: readonly ProcessIdentity[] = []
  /** When everything is killed that is still there; monotonic, null while nobody asked it to end. */
  let killAt: number | null = null
  let killTimer: Disposable | undefined
  let killed = false
  let released = false

  const killAll = (found: readonly ProcessIdentity[]): number => {
    killed = true
    const everybody = [handle.identity, ...family, ...found]
    const alive = [...new Map(everybody.map((each) => [each.pid, each])).values()].filter((each) =>
      processes.isAlive(each),
    )
    handle.signalGroup('SIGKILL')
    for (const identity of alive) processes.signal(identity, 'SIGKILL')
    return alive.length
  }

  const kill = () => {
    killAt = clock.monotonic()
    killTimer?.[Symbol.dispose]()
    killAll([...processes.family(handle.identity), ...processes.findByRun(run)])
  }

  const strays = async () => {
    const marked = await lookup.find(run)
    const left = new Map([...family, ...marked].map((each) => [each.pid, each]))
    return [...left.values()].filter((each) => processes.isAlive(each))
  }

  /** Ends what is left of the run: resolves with what had to be asked for that, and whether nothing is left. */
  const sweep = async (): Promise<{ readonly swept: readonly ProcessIdentity[]; readonly clean: boolean }> => {
    let left = await strays()
    if (left.length === 0) return { swept: [], clean: true }
    const unasked = killAt === null ? left : []
    for (const stray of unasked) processes.signal(stray, 'SIGTERM')
    killAt ??= clock.monotonic() + straysGraceMs
    const giveUpAt = Math.max(killAt, clock.monotonic()) + unkillableMs
    while (left.length > 0 && clock.monotonic() < giveUpAt) {
      if (clock.monotonic() >= killAt) for (const stray of left) processes.signal(stray, 'SIGKILL')
      await delay(clock, lookEveryMs)
      left = await strays()
    }
    if (left.length > 0) {
      logger.error('Processes of a service could not be killed.', { run, pids: left.map(({ pid }) => pid) })
    }
    return { swept: unasked, clean: left.length === 0 }
  }

  const finish = async (exit: ProcessExit): Promise<ChildEnd> => {
    const at = clock.wall()
    const sentence = exitSentence(exit)
    try {
      const { swept, clean } = await sweep()
      if (swept.length > 0) options.onSwept(swept)
      if (clean) await records.ended(run, service.id, at, sentence)
    } catch (error) {
      logger.error('The end of a run could not be recorded.', { run, error: String(error) })
    }
    killTimer?.[Symbol.dispose]()
    return { sentence, ok: exit.code === 0, code: exit.code, signal: exit.signal, at, log: await lastWords(options) }
  }

  return {
    identity: handle.identity,
    run,
    startedAt: options.startedAt,
    exited: handle.exited.then(() => {}),
    ended: handle.exited.then(finish),
    end(force) {
      if (released) return
      if (force && !killed) kill()
      if (killAt !== null) return
      const members = processes.family(handle.identity)
      const inGroup = new Set([handle.identity, ...members.filter((each) => each.inGroup)].map(({ pid }) => pid))
      family = members
      killAt = clock.monotonic() + service.stop.withinMs
      killTimer = clock.after(service.stop.withinMs, kill)
      handle.signalGroup(stopSignal)
      // Those that left the group are asked as well, or they would only ever be killed; nobody is asked twice.
      const outside = [...members, ...processes.findByRun(run)].filter(({ pid }) => !inGroup.has(pid))
      for (const each of new Map(outside.map((each) => [each.pid, each])).values()) processes.signal(each, stopSignal)
    },
    killNow(found) {
      killAt = clock.monotonic()
      killTimer?.[Symbol.dispose]()
      return killAll(found)
    },
    async release() {
      released = true
      killTimer?.[Symbol.dispose]()
      handle.release()
    },
    report: () => null,
  }
}

/** The last lines of its errors, or where it wrote none, of its output. */
async function lastWords({ logs, logsFrom }: ProcessChildOptions): Promise<readonly string[]> {
  try {
    const errors = await tailOf(logs.err, 'err', lastLines, logsFrom.err)
    const lines = errors.some(({ text }) => text.trim())
      ? errors
      : await tailOf(logs.out, 'out', lastLines, logsFrom.out)
    return lines.map(({ text }) => text).filter((text) => text.trim() !== '')
  } catch {
    return [] // an unreadable log must not hide the exit
  }
}

const stopSignals: readonly NodeJS.Signals[] = [
  'SIGTERM',
  'SIGINT',
  'SIGQUIT',
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
  'SIGKILL',
]

function signalNamed(name: string): NodeJS.Signals {
  return stopSignals.find((signal) => signal === name) ?? 'SIGTERM'
}
