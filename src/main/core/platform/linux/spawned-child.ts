import type { ChildProcess, ProcessExit, ProcessIdentity, SpawnOptions } from '../processes.ts'
import { procEntry } from './proc-table.ts'
import { signalProcessGroup } from './process-group.ts'
import { startFailure } from './start-failure.ts'
import { startProgram } from './started-program.ts'

/** Starts a program as a child of the console itself. */
export async function spawnChild(options: SpawnOptions, bootId: string): Promise<ChildProcess> {
  const started = await startProgram(options)
  if ('fault' in started) throw startFailure(started, options)
  const { pid, startTicks, exited } = started
  return spawnedChild({ pid, startTicks, bootId }, exited)
}

/** A program that was started, until `exited` tells that it is gone. */
export function spawnedChild(identity: ProcessIdentity, exited: Promise<ProcessExit>): ChildProcess {
  const { promise: told, resolve: tell } = Promise.withResolvers<ProcessExit>()
  let gone = false
  let released = false
  void exited.then((exit) => {
    gone = true
    if (!released) tell(exit)
  })
  return {
    identity,
    adopted: false,
    exited: told,
    signalGroup(signal) {
      // Its end may be told a moment after its number was given away.
      if (!gone && procEntry(identity.pid)?.startTicks === identity.startTicks) signalProcessGroup(identity.pid, signal)
    },
    release() {
      released = true
    },
  }
}
