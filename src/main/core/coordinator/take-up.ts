import { type Clock, delay, type Logger, type Processes, type ProcessIdentity } from '#core/platform/index.ts'
import type { RunRecord, RunRecords } from './run-records.ts'

/** A child killed between its recording and its marking is looked for once more after this many milliseconds. */
const secondLookMs = 200
/** How long processes may take to end before they are killed, and then to be gone. */
const lookEveryMs = 40
const unkillableMs = 5_000

/**
 * The open runs with their leading process, as it is found now. A run whose pid was never recorded is found by its mark; a
 * run of which only descendants are left has no leader.
 */
export async function findOpenRuns(
  records: readonly RunRecord[],
  processes: Processes,
  clock: Clock,
): Promise<
  readonly {
    readonly record: RunRecord
    readonly leader: ProcessIdentity | null
    readonly left: readonly ProcessIdentity[]
  }[]
> {
  let marked = processes.findByRuns(records.map(({ run }) => run))
  const unrecorded = records.filter(({ run, identity }) => identity === null && !marked.has(run))
  if (unrecorded.length > 0) {
    await delay(clock, secondLookMs) // it may have been between fork and exec, where it does not carry its mark yet
    marked = processes.findByRuns(records.map(({ run }) => run))
  }
  return records.map((record) => {
    const left = marked.get(record.run) ?? []
    const recorded = record.identity !== null && processes.isAlive(record.identity) ? record.identity : null
    // The child was the first process to carry the mark: all others were started by it.
    const first = record.identity === null ? (left.toSorted(byAge)[0] ?? null) : null
    return { record, leader: recorded ?? first, left }
  })
}

/** Ends everything of a run: asks, waits, kills. Resolves with whether nothing is left. */
export async function endRun(
  record: RunRecord,
  withinMs: number,
  { processes, records, clock, logger }: { processes: Processes; records: RunRecords; clock: Clock; logger: Logger },
): Promise<boolean> {
  const look = () => {
    const leader = record.identity !== null && processes.isAlive(record.identity) ? [record.identity] : []
    const family = leader.flatMap((identity) => processes.family(identity))
    return [
      ...new Map([...leader, ...family, ...processes.findByRun(record.run)].map((each) => [each.pid, each])).values(),
    ]
  }
  const known = new Map<number, ProcessIdentity>()
  const alive = () => {
    for (const identity of look()) known.set(identity.pid, identity)
    return [...known.values()].filter((identity) => processes.isAlive(identity))
  }
  let left = alive()
  for (const identity of left) processes.signal(identity, 'SIGTERM')
  const killAt = clock.monotonic() + withinMs
  while (left.length > 0 && clock.monotonic() < killAt + unkillableMs) {
    await delay(clock, lookEveryMs)
    left = alive()
    if (clock.monotonic() >= killAt) for (const identity of left) processes.signal(identity, 'SIGKILL')
  }
  if (left.length > 0) {
    logger.error('Processes of an earlier run could not be ended.', {
      run: record.run,
      pids: left.map(({ pid }) => pid),
    })
    return false
  }
  await records.ended(record.run, record.service, clock.wall(), 'was ended after a crash of the console')
  return true
}

function byAge(a: ProcessIdentity, b: ProcessIdentity): number {
  return a.startTicks - b.startTicks || a.pid - b.pid
}
