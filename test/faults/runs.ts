import { type Fault, faults } from './fault-disk.ts'

export interface Campaign {
  /** Operations of the scenario when nothing fails. */
  readonly operations: number
  readonly runs: number
  /** Runs in which the operation was never reached: threads do not always do the same. */
  readonly notReached: number
  /** What was wrong, with the run that shows it. */
  readonly problems: readonly string[]
}

/** Which faults to try with operation `k`, from 1, of so many. */
export type FaultChoice = (k: number, operations: number) => readonly Fault[]

const mild = faults.filter((fault) => fault !== 'crash')

/** One fault for each operation: a crash for every second, the others by turns between. */
export const everyOperationOnce: FaultChoice = (k) => {
  const turn = mild[Math.floor(k / 2) % mild.length]
  return k % 2 === 1 || !turn ? ['crash'] : [turn]
}

/** As {@link everyOperationOnce}, but about `most` operations, evenly spread; another `turn` takes others. */
export function someOperations(most: number, turn: number): FaultChoice {
  return (k, operations) => {
    const step = Math.ceil(operations / most)
    return (k + turn) % step === 0 ? everyOperationOnce(Math.floor((k + turn) / step), operations) : []
  }
}

/** The `k`-th operation, from 1, fails in this way. */
export interface Run {
  readonly k: number
  readonly fault: Fault
}

export interface Outcome {
  readonly operations: number
  /** Whether the operation that was to fail came at all. */
  readonly reached: boolean
  readonly problems: readonly string[]
}

/** One disk with one program on it, played on again and again. */
export interface Lane extends AsyncDisposable {
  /** Plays the scenario, undisturbed without a run. */
  play(run?: Run): Promise<Outcome>
}

/**
 * Plays once undisturbed, to count operations, and then once for every operation and chosen fault, each lane one run at a time.
 * Disposes of the lanes.
 */
export async function playAll(
  lanes: readonly [Lane, ...Lane[]],
  choose: FaultChoice,
  onProblem: (problem: string) => void,
): Promise<Campaign> {
  try {
    const clean = await lanes[0].play()
    clean.problems.forEach(onProblem)
    const runs = Array.from({ length: clean.operations }, (_, at) => at + 1).flatMap((k) =>
      choose(k, clean.operations).map((fault) => ({ k, fault })),
    )
    const left = runs.values()
    const outcomes = [clean]
    await Promise.all(
      lanes.map(async (lane) => {
        for (const run of left) {
          const outcome = await lane.play(run)
          outcome.problems.forEach(onProblem)
          outcomes.push(outcome)
        }
      }),
    )
    return {
      operations: clean.operations,
      runs: runs.length,
      notReached: outcomes.filter(({ reached }) => !reached).length,
      problems: outcomes.flatMap(({ problems }) => problems),
    }
  } finally {
    for (const lane of lanes) await lane[Symbol.asyncDispose]()
  }
}
