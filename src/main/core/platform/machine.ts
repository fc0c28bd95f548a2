import { uptime } from 'node:os'
import { bootId } from './linux/proc-table.ts'

/** What no change of the wall clock alters: since which start the machine runs, and for how long. */
export interface Machine {
  boot(): { readonly id: string; readonly uptimeMs: number }
}

/** This machine. Where the system gives a start no name it is named by its minute, which holds until the clock is set. */
export function systemMachine(): Machine {
  return {
    boot() {
      const uptimeMs = uptime() * 1_000
      if (process.platform === 'linux') return { id: bootId(), uptimeMs }
      return { id: `since-minute-${Math.round((Date.now() - uptimeMs) / 60_000)}`, uptimeMs }
    },
  }
}
