import type { Clock } from '../clock.ts'
import type { ChildProcess, ProcessExit, ProcessIdentity } from '../processes.ts'
import { signalProcessGroup } from './process-group.ts'

/** How often an adopted process is looked for, milliseconds: only a parent is told of an exit. */
const lookEveryMs = 250

/** Takes up a living process that is not this one's child. */
export function adoptChild(
  identity: ProcessIdentity,
  { clock, isAlive }: { clock: Clock; isAlive: (identity: ProcessIdentity) => boolean },
): ChildProcess {
  const { promise: exited, resolve } = Promise.withResolvers<ProcessExit>()
  const look = () => {
    if (isAlive(identity)) timer = clock.after(lookEveryMs, look)
    else resolve({ code: null, signal: null })
  }
  let timer = clock.after(lookEveryMs, look)
  return {
    identity,
    adopted: true,
    exited,
    signalGroup(signal) {
      if (isAlive(identity)) signalProcessGroup(identity.pid, signal)
    },
    release: () => timer[Symbol.dispose](),
  }
}
