/**
 * Named moments at which a crash must be survivable. The hosts pass {@link crashPointsFrom} their environment, so that a
 * test can kill the console exactly there; without the variable nothing happens.
 */
export interface CrashPoints {
  /** Does not return when this is the moment asked for: the process is killed as by `kill -9`. */
  reach(name: string): void
}

export const noCrashPoints: CrashPoints = { reach() {} }

/**
 * Reads `WHEELHOUSE_CRASH_AT=<name>` or `<name>:<n>` (the n-th time the point is reached, from 1). Only a person who may
 * start the console can set it, and they could kill it as well.
 */
export function crashPointsFrom(env: Readonly<Record<string, string | undefined>>): CrashPoints {
  const [wanted, nth = '1'] = (env.WHEELHOUSE_CRASH_AT ?? '').split(':')
  if (!wanted) return noCrashPoints
  let left = Number(nth)
  return {
    reach(name) {
      if (name === wanted && --left === 0) process.kill(process.pid, 'SIGKILL')
    },
  }
}
