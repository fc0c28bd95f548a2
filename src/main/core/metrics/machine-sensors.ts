import { statfs } from 'node:fs/promises'
import { cpus } from 'node:os'
import { cpuTemperature } from '#core/platform/index.ts'

/** What the console can ask the machine. Each sensor stands alone: one that fails leaves the others. */
export interface MachineSensors {
  /** Time that the cores have spent since boot, in milliseconds, and how many cores there are. */
  cpu(): { readonly busy: number; readonly total: number; readonly cores: number }
  /** Bytes; `used` is what programs cannot have, so caches do not count. */
  memory(): Promise<{ readonly used: number; readonly total: number }>
  /** Bytes of the file system that a path lies on; `free` is what this user can have. */
  disk(path: string): Promise<{ readonly free: number; readonly total: number }>
  /** Degrees Celsius, null where the machine has no sensor. Starts programs where the system is not Linux: ask seldom. */
  temperature(): Promise<number | null>
  /** Resident bytes of this process. */
  ownMemory(): number
}

/** The sensors of this machine. */
export function systemSensors(): MachineSensors {
  return {
    cpu() {
      const cores = cpus()
      let busy = 0
      let total = 0
      for (const { times } of cores) {
        busy += times.user + times.nice + times.sys + times.irq
        total += times.user + times.nice + times.sys + times.irq + times.idle
      }
      return { busy, total, cores: cores.length }
    },
    async memory() {
      const { total, available } = await (await information()).mem()
      return { used: total - available, total }
    },
    async disk(path) {
      const { bavail, blocks, bsize } = await statfs(path)
      return { free: bavail * bsize, total: blocks * bsize }
    },
    async temperature() {
      // The library would wait for a shell there, and everything else with it: 10 to 120 ms each time.
      if (process.platform === 'linux') return cpuTemperature()
      const { main } = await (await information()).cpuTemperature()
      return typeof main === 'number' && main > 0 ? main : null
    },
    ownMemory: () => process.memoryUsage.rss(),
  }
}

/** Loaded when first asked for: it is large, and a console that starts has better things to do. */
async function information() {
  const { default: systeminformation } = await import('systeminformation')
  return systeminformation
}
